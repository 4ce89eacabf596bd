"""``twlv quickstart``: from nothing to a report, on videos that it renders itself."""

from __future__ import annotations

import csv
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from twlv.cli.options import flag

if TYPE_CHECKING:
    from twlv.contracts import Backbone, Task
    from twlv.results import Result

NUM_TRAIN, NUM_TEST = 96, 48  # whole blocks of 48, so that every label is balanced in both splits
FPS = 8
SEED = 0


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
    """Render a small set of videos, embed them, evaluate every task, write a report. A second run resumes."""
    from twlv.cli import report
    from twlv.cli.embed import coverage_status

    manifests = render_set(options.out)
    results = [
        result for name in backbone_names() for result in measure(name, manifests, options.out, options.workers)
    ]
    for name in ("report.html", "report.md"):
        path = options.out / name
        path.write_text(report.render(results, path, paper=False, mix=False), encoding="utf-8")
    print(report.render([headline(result) for result in results], None, paper=False, mix=False))
    print(explain(options.out))
    return max(coverage_status(r.coverage, r.coverage_fraction, 1.0) for r in results)


def headline(result: Result) -> Result:
    """The result with its most important score only, for a table that fits a terminal; the files have all."""
    name, score = next(iter(result.scores.items()))
    return replace(result, scores={name: score})


# ---------------------------------------------------------------- videos


def render_set(out: Path) -> dict[str, Path]:
    """Write the videos that are not there yet, and two manifests over the same files: kind -> manifest."""
    from twlv import video
    from twlv.video.synthetic.legacy import render, scene

    folder = out / "videos"
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for index in range(NUM_TRAIN + NUM_TEST):
        described = scene(index, seed=SEED)
        path = folder / f"scene{index:03}.mp4"
        if not path.exists():
            video.write_video(path, render(described), fps=FPS)
        split = "train" if index < NUM_TRAIN else "val"
        rows.append((path.stem, f"videos/{path.name}", split, described.appearance, described.direction))
    print(f"quickstart: {len(rows)} videos in {folder}", file=sys.stderr)
    return {kind: _manifest(out, kind, rows) for kind in ("appearance", "motion")}


def _manifest(out: Path, kind: str, rows: list[tuple[str, str, str, str, str]]) -> Path:
    path = out / f"manifest_{kind}.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("video_id", "path", "label", "split", "group", "kind"))
        for name, file_name, split, appearance, motion in rows:
            writer.writerow(
                (name, file_name, appearance if kind == "appearance" else motion, split, name, kind)
            )
    return path


# ---------------------------------------------------------------- measuring


def backbone_names() -> tuple[str, ...]:
    """An image model with real weights, hand-written motion, and our video model without training."""
    from twlv import DEFAULT_BACKBONE

    return (DEFAULT_BACKBONE, "gradient_flow.fixed", "twlv1_vit_t.random")


def tasks() -> tuple[Task, ...]:
    """Every task that there is for class labels, at settings for a set this small."""
    from twlv.tasks import KNN, LinearProbe

    return (KNN(k=5), LinearProbe())


def measure(name: str, manifests: dict[str, Path], out: Path, workers: int | None) -> list[Result]:
    """Embed once, then run every task on both label sets."""
    from twlv import data
    from twlv.backbones import load
    from twlv.cli.progress import progress
    from twlv.embedding import embed_dataset
    from twlv.evaluation import evaluate
    from twlv.store import Store

    model: Backbone = load(name, dtype="float32")  # the same numbers on every machine
    folder = out / "stores" / model.card.name
    sets = {kind: data.dataset(str(path)) for kind, path in manifests.items()}
    embed_dataset(
        model,
        sets["appearance"],
        folder,
        workers=workers,
        progress=progress(model.card.name),
    )
    store = Store.open(folder)
    results = [evaluate(store, labelled, task) for labelled in sets.values() for task in tasks()]
    for result in results:
        result.save(out / "results")
    return results


def explain(out: Path) -> str:
    """What the numbers mean, in plain sentences."""
    from twlv.video.synthetic.legacy import DIRECTIONS, SHAPES, TEXTURES

    looks, ways = len(SHAPES) * len(TEXTURES), len(DIRECTIONS)
    return f"""
How to read this
  Each video shows one textured shape that moves. manifest_appearance asks what it looks like (shape x texture,
  {looks} classes, chance {100 / looks:.1f} %), manifest_motion asks where it goes ({ways} directions,
  chance {100 / ways:.1f} %). The labels are independent: knowing one says nothing of the other.

  knn            share of the {NUM_TEST} test videos whose nearest training videos vote for the right class
  linear_probe   the same for one linear layer trained on the embeddings
  With {NUM_TEST} videos a few points are noise; the table gives the 95 % interval.

  efficientnet_lite0.imagenet   averages over single frames: it can know the looks, not the direction
  gradient_flow.fixed           hand-written, measures the shift from frame to frame: the other way round
  twlv1_vit_t.random            random weights: shows that the video model runs, its numbers are no result;
                                trained weights are not published yet

  report   {out / "report.html"}
  results  {out / "results"}
  The same with your videos: twlv embed DIR --backbone efficientnet_lite0.imagenet --out STORE"""
