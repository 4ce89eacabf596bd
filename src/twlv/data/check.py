"""Which files are broken, and what is odd about a data set: ``twlv data check``.

Every file is probed, and its first, middle and last frame are decoded in one pass, so damage anywhere
before the last frame shows. Nothing here changes a file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from twlv.data.report import CheckReport
from twlv.errors import TwlvError, VideoError
from twlv.files import file_sha256
from twlv.results.environment import cpu_cores
from twlv.types import ClipPlan, Dataset, Sample, Span, classes_in

Decode = Callable[[Sample], float]
"""Decode some frames of a sample's file and return its duration in seconds; VideoError if it cannot be read."""


def check_dataset(dataset: Dataset, *, workers: int | None = None, decode: Decode | None = None) -> CheckReport:
    """Read every file of the data set in ``workers`` threads (default: one a core) and count what is there.

    ``decode`` replaces the decoder, for tests and for other readers.
    """
    decode = decode or decode_three_frames
    samples = dataset.samples
    present = [sample for sample in samples if sample.video_id not in dataset.missing]
    files = {sample.path: sample for sample in present}
    with ThreadPoolExecutor(max_workers=max(1, workers or cpu_cores())) as pool:
        outcomes = dict(
            zip(files, pool.map(lambda sample: _outcome(sample, decode), files.values()), strict=True)
        )
        twins = _same_content(list(files), pool)
    identical = _identical(present, twins)
    return CheckReport(
        name=dataset.card.name,
        num_samples=len(samples),
        num_files=len({sample.path for sample in samples}),
        broken=_broken(present, outcomes),
        missing=tuple(sample.video_id for sample in samples if sample.video_id in dataset.missing),
        counts=_counts(dataset),
        leaks=cut_groups(samples),
        identical=identical,
        notes=(*_notes(dataset), *_twin_notes(samples, identical)),
        samples=Counter(sample.split for sample in samples),
    )


def decode_three_frames(sample: Sample) -> float:
    """Probe the file and decode its first, middle and last frame; the duration in seconds."""
    from twlv import video

    info = video.probe(sample.path, fps=sample.fps)
    pts = info.pts_seconds
    times = tuple(float(pts[index]) for index in (0, len(pts) // 2, len(pts) - 1))
    whole = Span(start_seconds=0.0, end_seconds=info.duration_seconds)
    small = video.Preprocess(crop_px=32, resize_mode="stretch")  # frames may change their size half way
    for clip in video.read_clips(info, [ClipPlan(span=whole, times_seconds=times)], small):
        if len(clip.frames) != len(times):
            raise VideoError(sample.path, "truncated", f"{len(clip.frames)} of {len(times)} frames decoded")
    return info.duration_seconds


def _outcome(sample: Sample, decode: Decode) -> float | str:
    """The duration, or the reason why there is none."""
    try:
        return decode(sample)
    except VideoError as error:
        return f"{error.reason}: {error.seen}"
    except (TwlvError, OSError) as error:
        return str(error)


def _broken(present: Sequence[Sample], outcomes: Mapping[str, float | str]) -> dict[str, str]:
    broken: dict[str, str] = {}
    for sample in present:
        outcome = outcomes[sample.path]
        if isinstance(outcome, str):
            broken[sample.video_id] = outcome
        elif sample.span is not None and sample.span.start_seconds >= outcome:
            start, end = sample.span.start_seconds, sample.span.end_seconds
            broken[sample.video_id] = f"out_of_range: span [{start:g}, {end:g}) s of a video of {outcome:.3f} s"
    return broken


def _counts(dataset: Dataset) -> dict[str, dict[str, int]]:
    """Split -> class name -> samples, classes in index order; samples without a label count under ''."""
    counts: dict[str, dict[str, int]] = {}
    for split in dataset.splits:
        part = [sample for sample in dataset.samples if sample.split == split]
        found = Counter(name for sample in part for name in _class_names(dataset, sample))
        counts[split] = {name: found[name] for name in (*dataset.card.classes, "") if found[name]}
    return counts


def _class_names(dataset: Dataset, sample: Sample) -> Sequence[str]:
    return [dataset.card.classes[index] for index in classes_in(sample.target)] or [""]


def cut_groups(samples: Iterable[Sample]) -> dict[str, tuple[str, ...]]:
    """Groups that stand in more than one split: group -> splits."""
    splits: dict[str, dict[str, None]] = {}
    for sample in samples:
        if sample.group:
            splits.setdefault(sample.group, {})[sample.split] = None
    return {group: tuple(names) for group, names in splits.items() if len(names) > 1}


def _same_content(paths: Sequence[str], pool: ThreadPoolExecutor) -> list[list[str]]:
    """Files with the same bytes; only files of one size are read."""
    sizes: dict[int, list[str]] = {}
    for path in paths:
        if Path(path).is_file() and (size := Path(path).stat().st_size):
            sizes.setdefault(size, []).append(path)
    suspects = [path for same in sizes.values() if len(same) > 1 for path in same]
    hashes: dict[str, list[str]] = {}
    for path, digest in zip(suspects, pool.map(_sha256, suspects), strict=True):
        hashes.setdefault(digest, []).append(path)
    return [same for same in hashes.values() if len(same) > 1]


def _sha256(path: str) -> str:
    try:
        return file_sha256(Path(path))
    except OSError as error:
        return f"unreadable {path}: {error}"


def _identical(present: Sequence[Sample], twins: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    ids: dict[str, list[str]] = {}
    for sample in present:
        ids.setdefault(sample.path, []).append(sample.video_id)
    return tuple(tuple(video_id for path in same for video_id in ids[path]) for same in twins)


def _twin_notes(samples: Sequence[Sample], identical: Sequence[Sequence[str]]) -> Iterable[str]:
    split = {sample.video_id: sample.split for sample in samples}
    leaks = [ids for ids in identical if len({split[video_id] for video_id in ids}) > 1]
    if leaks:
        yield f"{len(leaks)} sets of identical files are cut by a split, for instance {', '.join(leaks[0][:4])}"


def _used(samples: Iterable[Sample]) -> set[int]:
    return {index for sample in samples for index in classes_in(sample.target)}


def _notes(dataset: Dataset) -> Iterable[str]:
    """Sentences on how the set was read, and on what is allowed but often a mistake."""
    yield from dataset.notes
    used = _used(dataset.samples)
    if used and 0 not in used:
        yield f"no sample has class 0 ('{dataset.card.classes[0]}'): labels may be counted from 1"
    unlabelled = sum(sample.target is None for sample in dataset.samples)
    if unlabelled and used:
        yield f"{unlabelled} samples have no label"
    trained = _used(sample for sample in dataset.samples if sample.split == "train")
    others = _used(sample for sample in dataset.samples if sample.split not in ("train", ""))
    unseen = [dataset.card.classes[index] for index in sorted(others - trained)] if trained else []
    if unseen:
        yield f"{len(unseen)} classes have no training sample: {', '.join(unseen[:5])}"
