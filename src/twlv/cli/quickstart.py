"""``twlv quickstart``: from nothing to a report, on videos that it renders itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from twlv.cli.options import flag

if TYPE_CHECKING:
    from twlv.contracts import Backbone, Task
    from twlv.data.synth import Settings
    from twlv.results import Result
    from twlv.store import Store
    from twlv.types import Dataset, Json, Level, Strided, Uniform


@dataclass(frozen=True, kw_only=True)
class QuickstartOptions:
    """Flags of ``twlv quickstart``."""

    out: Path = field(
        default=Path("runs/quickstart"),
        metadata=flag("folder for videos, stores, results and the report", metavar="DIR"),
    )
    workers: int | None = field(
        default=None, metadata=flag("threads that decode; default: chosen from the cores")
    )


def run(options: QuickstartOptions) -> int:
    """Render small sets of videos, embed them, evaluate every task, write a report. A second run resumes."""
    from twlv.cli import report
    from twlv.cli.embed import coverage_status
    from twlv.cli.quickstart_boxes import measure_key_frames
    from twlv.cli.quickstart_long import measure_long
    from twlv.cli.quickstart_page import write_page

    manifests = render_sets(options.out)
    results = [
        result for name in backbone_names() for result in measure(name, manifests, options.out, options.workers)
    ]
    results += measure_long(options.out, options.workers)
    results += measure_key_frames(backbone_names()[0], options.out, options.workers)
    write_page(results, options.out, manifests, backbone_names())
    print(report.render([headline(result) for result in results], None, paper=False, mix=False))
    print(explain(results, options.out))
    return max(coverage_status(r.coverage, r.coverage_fraction, 1.0) for r in results)


def headline(result: Result) -> Result:
    """The result with its most important score only, for a table that fits a terminal; the files have all."""
    name, score = next(iter(result.scores.items()))
    return replace(result, scores={name: score})


# ---------------------------------------------------------------- videos


def sets() -> tuple[Settings, ...]:
    """The two sets. Counts are whole blocks of labels: every look with every direction, every way up."""
    from twlv.data.synth import settings_for

    return (
        settings_for("recognition-both", num_train=96, num_val=96, difficulty="easy"),
        settings_for("reversal", num_train=48, num_val=48, difficulty="easy"),
    )


def render_sets(out: Path) -> dict[str, Path]:
    """Write the videos that are not there yet; manifest name (appearance, motion, ...) -> manifest."""
    from twlv.cli.data_synth import watch
    from twlv.data.synth import make_set

    found: dict[str, Path] = {}
    for settings in sets():
        made = make_set(out / settings.kind, settings, watch=watch(f"render {settings.kind}"))
        found |= {name.removeprefix("manifest_"): path for name, path in made.items() if name != "manifest"}
    return found


# ---------------------------------------------------------------- measuring


def backbone_names() -> tuple[str, ...]:
    """An image model, hand-written motion, and a small video model of our own, all with real weights."""
    from twlv import DEFAULT_BACKBONE

    return (DEFAULT_BACKBONE, "gradient_flow.fixed", "twlv1_tiny.rendered")


def tasks() -> tuple[Task, ...]:
    """Every task that there is for class labels, at settings for a set this small."""
    from twlv.tasks import KNN, LinearProbe

    return (KNN(k=5), LinearProbe())


def usual_sampling() -> Uniform:
    """All frames of a video, for backbones that were made for fewer as well, so that they share a column."""
    from twlv.types import Uniform

    return Uniform(num_frames=16)


def token_sampling() -> Strided:
    """Four frames in a row from the middle: all 16 cost four times as much, four far apart hide motion."""
    from twlv.types import Strided

    return Strided(num_frames=4, frame_step=1)


def token_tasks() -> tuple[Task, ...]:
    """A small attentive probe: attention alone, ten epochs, two learning rates."""
    from twlv.tasks import AttentiveProbe

    return (
        AttentiveProbe(
            pooler="plain", epochs=10, batch_size=16, learning_rates=(1e-3, 1e-2), weight_decays=(0.01,)
        ),
    )


def measure(name: str, manifests: dict[str, Path], out: Path, workers: int | None) -> list[Result]:
    """Embed once in either order of frames, then run every task on every label set."""
    from twlv import data
    from twlv.backbones import load
    from twlv.evaluation import evaluate
    from twlv.tasks import MotionDirection
    from twlv.threads import one_core

    model: Backbone = load(name, dtype="float32")  # the same numbers on every machine
    stores = Stores(model=model, folder=out / "stores", workers=workers)
    known = {label: data.dataset(path) for label, path in manifests.items()}
    both, pairs = stores.embed("recognition-both", known["motion"]), stores.embed("reversal", known["reversal"])
    backwards = stores.embed("reversal-backwards", known["forward"], reverse=True)
    results = [
        evaluate(store, known[label], task)
        for label, store in (("appearance", both), ("motion", both), ("reversal", pairs))
        for task in tasks()
    ]
    results.append(evaluate(pairs, known["forward"], MotionDirection(), reversed_store=backwards))
    tokens = stores.embed("recognition-both-tokens", known["motion"], level="patch", sampling=token_sampling())
    with one_core():
        results += [
            evaluate(tokens, known[label], task) for label in ("appearance", "motion") for task in token_tasks()
        ]
    results = [stores.with_cost(result) for result in results]
    for result in results:
        result.save(out / "results")
    return results


@dataclass(frozen=True, kw_only=True)
class Stores:
    """Where the embeddings of one backbone go: a folder by set. ``spent``: seconds of this run, by store."""

    model: Backbone
    folder: Path
    workers: int | None
    spent: dict[str, Mapping[str, float]] = field(default_factory=dict)
    cost: dict[str, Json] = field(default_factory=dict)

    def embed(
        self,
        name: str,
        wanted: Dataset,
        *,
        reverse: bool = False,
        level: Level = "clip",
        sampling: Strided | None = None,
    ) -> Store:
        """The store of a set, complete; ``reverse``: the frames of every video the last one first."""
        from twlv.cli.progress import progress
        from twlv.embedding import embed_dataset
        from twlv.store import Store

        path = self.folder / name / self.model.card.name
        report = embed_dataset(
            self.model,
            wanted,
            path,
            workers=self.workers,
            sampling=sampling or usual_sampling(),
            level=level,
            frame_order="reversed" if reverse else "forward",
            progress=progress(f"{self.model.card.name} {name}"),
        )
        store = Store.open(path)
        if report.embedded:
            self.spent[store.spec.key] = report.seconds
        return store

    def with_cost(self, result: Result) -> Result:
        """The result with what its embeddings took in this run; of clips of the usual length the GFLOP too."""
        from twlv.evaluation import cost_of

        key = str(result.embedding.get("store_key"))
        if key not in self.spent:
            return result
        if not self.cost:
            self.cost.update(cost_of(self.model, usual_sampling()))
        whole = result.embedding.get("num_frames") == usual_sampling().num_frames
        details = {**(self.cost if whole else {}), **result.details}
        return replace(result, seconds={**self.spent[key], **result.seconds}, details=details)


# ---------------------------------------------------------------- words


def explain(results: Sequence[Result], out: Path) -> str:
    """What the numbers mean, in plain sentences."""
    return "\n".join(["", *_meaning(results), "", *_verdicts(results), "", *_where(out)])


def _meaning(results: Sequence[Result]) -> list[str]:
    classes = {result.dataset.name.removeprefix("manifest_"): result.dataset.num_classes for result in results}
    looks, ways = classes["appearance"], classes["motion"]
    return [
        "How to read this",
        f"  manifest_appearance  what the object looks like: shape x texture, {looks} classes, "
        f"chance {100 / looks:.1f} %",
        f"  manifest_motion      where it goes, over the same videos: {ways} directions, "
        f"chance {100 / ways:.1f} %",
        "  manifest_reversal    a clip and its reverse: which one goes up? chance 50 %. Both hold the same",
        "                       frames, so whoever ignores their order gets exactly 50 %",
        "  manifest_forward     the upward clips, embedded as they are and with their frames reversed;",
        "                       motion_direction/auc says how well the two are told apart, chance 0.5",
        "  untrimmed            long videos of four motions with background between them, a label for every",
        "                       frame: order and place of the segments that a small ASFormer finds (mf1),",
        "                       and the actions that a small ActionFormer finds among others (map_avg)",
        *_boxes(results),
        "  attentive_probe      a small one, to show that it runs: ten epochs of attention alone on tokens,",
        "                       of 4 frames in a row from the middle",
        "  Labels are independent: knowing one says nothing of another. Validation shows looks that training",
        "  never did. An interval that holds the level of chance means: no better than guessing.",
    ]


def _boxes(results: Sequence[Result]) -> list[str]:
    """How boxes on key frames are to be read: beside guessing, and beside what the decoder knows by heart."""
    lines = []
    for result in results:
        if result.task.name == "spatiotemporal_localization":
            chance, own = (_number(result.details, f"{name}_fap_50") for name in ("chance", "train"))
            lines += [
                "  boxes                one or two objects in two seconds: where each is in the middle of it,",
                "                       and what it does (fap_50), by a small decoder on tokens of 4 frames;",
                f"                       guessing gives {chance} %, its own training videos {own} %",
            ]
    return lines


def _number(details: Mapping[str, Json], name: str) -> str:
    value = details.get(name)
    return f"{value:.1f}" if isinstance(value, float) else "-"


def _verdicts(results: Sequence[Result]) -> list[str]:
    """What the motion-direction test says of each backbone."""
    found = [result for result in results if result.task.name == "motion_direction"]
    said = [f"  {result.backbone.name}: {note}" for result in found for note in result.notes]
    return ["Does it know which way time runs?", *said]


def _where(out: Path) -> list[str]:
    return [
        "  twlv1_tiny.rendered is small and has learnt from rendered clips of another kind and from the image",
        "  model's answers: what it can do, and not, is in docs/models/twlv1_tiny.md.",
        "",
        f"  report   {out / 'report.html'}",
        f"  results  {out / 'results'}",
        "  The same with your videos: twlv embed DIR --backbone efficientnet_lite0.imagenet --out STORE",
        f"  More rendered sets: twlv data synth --kind untrimmed --out {out / 'untrimmed'}",
    ]
