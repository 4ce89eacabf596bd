"""From settings to a folder of files: render what is not there yet, then write the annotations.

DIR/synth.json       what it was made from; "complete" once everything else is there
DIR/videos/*.mp4     the files
DIR/manifest*.csv    what ``twlv.dataset`` reads; video_id,path,label,split,group,kind and all factors
and what the kind needs besides: annotations.json, groundTruth/, train.csv, ...
"""

from __future__ import annotations

import csv
import io
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TypeAlias

from twlv.data.synth import describe
from twlv.data.synth.acting import plan_boxes
from twlv.data.synth.encoding import encode
from twlv.data.synth.plan import Manifest, Plan, Video
from twlv.data.synth.pretrain import plan_pretrain
from twlv.data.synth.recognition import plan_direction, plan_dots, plan_looks, plan_order, plan_speed
from twlv.data.synth.reversal import plan_reversal
from twlv.data.synth.settings import Settings
from twlv.data.synth.untrimmed import plan_untrimmed
from twlv.files import write_atomic
from twlv.results.environment import cpu_cores
from twlv.threads import one_core_workers
from twlv.types import Json

PLANS: Mapping[str, Callable[[Settings], Plan]] = {
    "recognition-appearance": plan_looks,
    "recognition-motion": plan_direction,
    "recognition-both": plan_looks,
    "reversal": plan_reversal,
    "speed": plan_speed,
    "order": plan_order,
    "dots": plan_dots,
    "untrimmed": plan_untrimmed,
    "boxes": plan_boxes,
    "pretrain": plan_pretrain,
}

Watch: TypeAlias = Callable[[int, int], None]
"""Told (files that are there, files in all): once before the work, and after every file."""


def make_set(
    folder: str | Path,
    settings: Settings,
    *,
    workers: int | None = None,
    watch: Watch = lambda done, total: None,
) -> dict[str, Path]:
    """Write a set into ``folder``; manifest name -> its path. What is there already is left as it is.

    ``workers`` videos are rendered and encoded at once (None: one for each core); memory holds no more.

    Raises:
        UsageError: the folder holds something else (which settings differ is said); a set of this size
            cannot be made.
    """
    folder, plan = Path(folder), PLANS[settings.kind](settings)
    describe.claim(folder, settings)
    (folder / "videos").mkdir(exist_ok=True)
    _write_videos(folder, plan.videos, settings, workers or cpu_cores(), watch)
    plan.annotate(folder)
    manifests = {wanted.name: _write_manifest(folder, wanted, plan, settings) for wanted in plan.manifests}
    describe.write(folder, _description(plan, settings))
    return manifests


def file_of(video: Video, settings: Settings) -> str:
    """The path of a video from the set's folder."""
    return f"videos/{video.video_id}.{settings.format}"


# ---------------------------------------------------------------- files


def _write_videos(
    folder: Path, videos: Sequence[Video], settings: Settings, workers: int, watch: Watch
) -> None:
    missing = [video for video in videos if not (folder / file_of(video, settings)).exists()]
    done = len(videos) - len(missing)
    watch(done, len(videos))
    for _ in _rendered(folder, missing, settings, workers):
        done += 1
        watch(done, len(videos))


def _rendered(folder: Path, videos: Sequence[Video], settings: Settings, workers: int) -> Iterator[Path]:
    """Render and encode, ``workers`` at once, in order; an error or an interrupt stops what has not begun."""

    def work(video: Video) -> Path:
        path = folder / file_of(video, settings)
        return encode(path, video.frames(), fps=settings.fps, container=settings.format)

    pool = one_core_workers(workers, "twlv-synth")
    under_way: deque[Future[Path]] = deque()
    try:
        for video in videos:
            under_way.append(pool.submit(work, video))
            if len(under_way) > 2 * workers:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


# ---------------------------------------------------------------- manifests


def _write_manifest(folder: Path, wanted: Manifest, plan: Plan, settings: Settings) -> Path:
    rows = [video for video in plan.videos if chosen(video, wanted)]
    extra = [name for name in rows[0].columns if name not in ("label", "kind")] if rows else []
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    about = {"label": bool(wanted.label), "kind": bool(wanted.kind)}
    writer.writerow(["video_id", "path", *(n for n, on in about.items() if on), "split", "group", *extra])
    for video in rows:
        cells = [label_of(video, wanted)] * about["label"] + [wanted.kind] * about["kind"]
        factors = [video.columns[name] for name in extra]
        writer.writerow([video.video_id, file_of(video, settings), *cells, video.split, video.group, *factors])
    path = folder / f"{wanted.name}.csv"
    write_atomic(path, text.getvalue())
    return path


def chosen(video: Video, manifest: Manifest) -> bool:
    """Whether the manifest lists this video."""
    return all(video.columns[name] == value for name, value in manifest.only.items())


def label_of(video: Video, manifest: Manifest) -> str:
    """The label of a video in a manifest."""
    return "-".join(video.columns[name] for name in manifest.label)


def _description(plan: Plan, settings: Settings) -> dict[str, Json]:
    """The side file of a complete set: its settings, files by split, and classes and chance by manifest."""
    return {
        "made_from": describe.made_from(settings),
        "complete": True,
        "videos": dict(Counter(str(video.split) for video in plan.videos)),
        "manifests": {wanted.name: _labels(plan, wanted) for wanted in plan.manifests},
    }


def _labels(plan: Plan, wanted: Manifest) -> dict[str, Json]:
    if not wanted.label:
        return {"label": None}
    classes = sorted({label_of(video, wanted) for video in plan.videos if chosen(video, wanted)})
    return {
        "label": "-".join(wanted.label),
        "kind": wanted.kind,
        "classes": [*classes],
        "chance_percent": round(100 / len(classes), 2),
    }
