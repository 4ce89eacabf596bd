"""``twlv visualize``: embeddings as a map, forward against reversed, abilities, strips of segmented videos."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from twlv.cli.options import flag, flag_of
from twlv.cli.shared import DataOptions, dataset_of
from twlv.cli.visualize_result import TASK_OF, ResultKind, picture_of_result
from twlv.errors import UsageError

if TYPE_CHECKING:
    from twlv.types import Dataset, Json
    from twlv.viz import Picture, Points


@dataclass(frozen=True, kw_only=True)
class VisualizeOptions(DataOptions):
    """Flags of ``twlv visualize``."""

    inputs: tuple[Path, ...] = field(
        default=(),
        metadata=flag(
            "a store; for --kind abilities result files, or folders of them; for strips, boundaries, "
            "timelines, key-frames and class-frequency one result",
            metavar="STORE",
            positional="*",
        ),
    )
    out: Path = field(
        metadata=flag(
            "the picture, .png, .svg or .pdf; its numbers go beside it with the ending .json", metavar="FIGURE"
        )
    )
    kind: Literal["tsne", "umap", "pca", "lda", "abilities"] | ResultKind | None = field(
        default=None,
        metadata=flag(
            "the method; of results: abilities, appearance against motion, strips, true and predicted labels "
            "of segmented videos, boundaries, how well their borders are met, timelines of localized ones, "
            "key-frames, boxes on pictures, or "
            "class-frequency, AP by class (default tsne)"
        ),
    )
    preset: str | None = field(
        default=None,
        metadata=flag(
            "settings of a figure of the report: figure2, figure3, figure6 to figure9; other flags win",
            metavar="NAME",
        ),
    )
    dataset: str | None = field(
        default=None, metadata=flag("the manifest that gives the labels", metavar="MANIFEST")
    )
    split: str | None = field(
        default=None, metadata=flag("only this split of the manifest; default: all", metavar="NAME")
    )
    include: tuple[str, ...] = field(
        default=(), metadata=flag("colour this class; repeatable, up to 20", metavar="CLASS")
    )
    num_classes: int | None = field(
        default=None,
        metadata=flag(
            "colour so many classes, drawn with the seed (default: all if at most 20, else 10)", metavar="N"
        ),
    )
    rest: Literal["grey", "drop"] = field(
        default="grey", metadata=flag("what becomes of the points of classes without a colour")
    )
    points: Literal["video", "clip"] = field(
        default="video", metadata=flag("a point for each video (mean over its clips) or for each clip")
    )
    thumbnails: int = field(
        default=0,
        metadata=flag(
            "keep small pictures of up to so many videos in the side file, for twlv report --points",
            metavar="N",
        ),
    )
    share: float | None = field(
        default=None, metadata=flag("take a uniform share of the points, drawn with the seed", metavar="F")
    )
    reversed_store: Path | None = field(
        default=None,
        metadata=flag("lda: the same videos embedded with --frame-order reversed", metavar="STORE"),
    )
    vectors: Literal["unit", "raw"] | None = field(
        default=None, metadata=flag("scaled to length one, or as they are (default unit)")
    )
    pca_dims: int | None = field(
        default=None,
        metadata=flag("tsne, umap: components to take first, 0 for none (default 50)", metavar="N"),
    )
    perplexity: float | None = field(
        default=None, metadata=flag("tsne: neighbours that count (default 30)", metavar="P")
    )
    iterations: int | None = field(default=None, metadata=flag("tsne: (default 1000)", metavar="N"))
    engine: Literal["auto", "sklearn", "opentsne"] | None = field(
        default=None,
        metadata=flag("tsne: auto takes openTSNE from 10,000 points on if it is installed (extra tsne)"),
    )
    neighbours: int | None = field(default=None, metadata=flag("umap: (default 15)", metavar="N"))
    min_dist: float | None = field(default=None, metadata=flag("umap: (default 0.1)", metavar="D"))
    threads: int | None = field(
        default=None,
        metadata=flag(
            "threads of the method (default 1; more may change the map from run to run)", metavar="N"
        ),
    )
    paper: bool = field(default=False, metadata=flag("abilities: add the report's own points"))
    seed: int | None = field(default=None, metadata=flag("seed of whatever is drawn (default 0)"))
    title: str = field(default="", metadata=flag("the title; default: what is shown", metavar="TEXT"))


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What a preset may set, after it was asked: flags win over the preset, the preset over the defaults."""

    kind: str = "tsne"
    split: str | None = None
    include: tuple[str, ...] = ()
    share: float = 1.0
    paper: bool = False
    map_settings: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Json] = field(default_factory=dict)

    @property
    def seed(self) -> int:
        """The seed of everything that is drawn."""
        return int(self.map_settings.get("seed", 0))


MAP = ("pca_dims", "perplexity", "iterations", "engine", "neighbours", "min_dist", "threads", "seed")
"""Options that are fields of ``viz.Settings``."""


def run(options: VisualizeOptions) -> int:
    """Draw a picture of a store's embeddings (or of results), with a side file that holds its numbers."""
    from twlv.viz.style import check_suffix

    check_suffix(options.out)
    chosen = choose(options)
    if chosen.kind in TASK_OF:
        picture = picture_of_result(chosen.kind, options.inputs, title=options.title)
    else:
        picture = (_abilities if chosen.kind == "abilities" else _embeddings)(options, chosen)
    side = picture.save(options.out)
    notes: Any = picture.document.get("notes", [])
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    print(f"wrote {options.out} and {side}")
    return 0


def choose(options: VisualizeOptions) -> Chosen:
    """The options after the preset.

    Raises:
        UnknownName: there is no such preset.
    """
    from twlv.viz.presets import preset

    found = preset(options.preset) if options.preset else None
    values: dict[str, Any] = dict(found.values) if found else {}
    for name in ("kind", "split", "include", "share", "paper", *MAP):
        value = getattr(options, name)
        if not (value is None or value is False or value == ()):
            values[name] = value
    if options.vectors is not None:
        values["normalise"] = options.vectors == "unit"
    extra: dict[str, Any] = {}
    if found is not None:
        extra["preset"] = {"name": options.preset, "figure": found.figure, "inferred": list(found.inferred)}
    settings = {name: values.pop(name) for name in (*MAP, "normalise") if name in values}
    return Chosen(map_settings=settings, extra=extra, **values)


def _abilities(options: VisualizeOptions, chosen: Chosen) -> Picture:
    """Appearance against motion: of the results given, and of the report if asked."""
    from twlv.results import abilities, load, published_abilities
    from twlv.viz import ability_picture

    if options.dataset or options.reversed_store:
        raise UsageError("--dataset and --reversed-store are for a store; --kind abilities takes results")
    if not options.inputs and not chosen.paper:
        raise UsageError(
            "--kind abilities takes result files or folders: twlv visualize results/ --kind abilities"
        )
    made = list(abilities(load(options.inputs))) if options.inputs else []
    if chosen.paper:
        made.append(published_abilities())
    return ability_picture(made, title=options.title, extra=chosen.extra)


def _embeddings(options: VisualizeOptions, chosen: Chosen) -> Picture:
    """A map of the points of one store, or of a store and its reversed twin."""
    from twlv.store import Store
    from twlv.viz import Settings, choose_classes, choose_points, map_picture, read_points
    from twlv.viz.choose import only

    _check_store(options, chosen)
    store = Store.open(options.inputs[0])
    data = dataset_of(options.dataset, options) if options.dataset else None
    points = read_points(store, data, split=chosen.split, of=options.points)
    if options.reversed_store is not None:
        return _direction(options, chosen, store, data, points)
    points = choose_points(points, share=chosen.share, seed=chosen.seed)
    colouring = choose_classes(
        points, include=chosen.include, num_classes=options.num_classes, seed=chosen.seed
    )
    if options.rest == "drop" and colouring.shown:
        points = only(points, colouring.shown)
    return map_picture(
        points,
        chosen.kind,  # type: ignore[arg-type]
        settings=Settings(**chosen.map_settings),
        colouring=colouring,
        title=options.title,
        extra={**chosen.extra, **_thumbnails(options, data, points)},
    )


def _thumbnails(options: VisualizeOptions, data: Dataset | None, points: Points) -> dict[str, Json]:
    """Small pictures by point, if asked; a video that cannot be read is told and has none."""
    if not options.thumbnails:
        return {}
    if data is None:
        raise UsageError("--thumbnails reads the videos, which a manifest names: say --dataset MANIFEST")
    from twlv.cli.thumbnails import thumbnails

    made, problems = thumbnails(data, points.ids, options.thumbnails)
    for problem in problems:
        print(f"note: {problem}", file=sys.stderr)
    return {"thumbnails": dict(made)}


def _direction(
    options: VisualizeOptions, chosen: Chosen, store: Any, data: Dataset | None, points: Points
) -> Picture:
    from twlv.store import Store
    from twlv.viz import direction_picture, read_points, require_pair
    from twlv.viz.choose import class_index, only

    backward = Store.open(str(options.reversed_store))
    require_pair(store, backward)
    pair = [points, read_points(backward, data, split=chosen.split, of=options.points)]
    if chosen.include:
        shown = [class_index(points, name) for name in chosen.include]
        pair = [only(half, shown) for half in pair]
    classes: list[Json] = list(chosen.include)
    extra: dict[str, Json] = {**chosen.extra, "classes": classes}
    name = f"{', '.join(chosen.include)}: " if chosen.include else ""
    return direction_picture(*pair, title=options.title, name=name, seed=chosen.seed, extra=extra)


def _check_store(options: VisualizeOptions, chosen: Chosen) -> None:
    if len(options.inputs) != 1:
        raise UsageError(
            f"--kind {chosen.kind} takes one store, got {len(options.inputs)}; see twlv visualize --help"
        )
    if chosen.paper:
        raise UsageError("--paper is for --kind abilities")
    if options.preset in ("figure8", "figure9") and options.reversed_store is None:
        raise UsageError(f"--preset {options.preset} needs --reversed-store STORE: the same videos, reversed")
    if options.reversed_store is not None and chosen.kind != "lda":
        raise UsageError(f"--reversed-store is for --kind lda, this is {chosen.kind}")
    if options.reversed_store is not None:
        given = [name for name in ("share", "num_classes") if getattr(options, name) is not None]
        if given:
            raise UsageError(
                f"{', '.join(map(flag_of, given))}: without effect with --reversed-store; leave out"
            )
    if options.dataset is None and (chosen.split or chosen.include or options.where or options.root):
        raise UsageError("classes and splits come from a manifest: say --dataset MANIFEST")
