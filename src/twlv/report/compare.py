"""Two results on the same videos, video by video: the difference of their top-1, and how far to trust it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from twlv.errors import ResultError
from twlv.metrics.paired import Paired, paired
from twlv.report.text import clean
from twlv.results import Result
from twlv.results import compare as differences
from twlv.types import Prediction

SAME_DATA = ("dataset", "dataset version", "annotation hash", "test split", "number of classes")
"""What must not differ: anything else (backbone, task, settings, training videos) may be what is compared."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """``overall`` counts a video that was not decoded as wrong; ``decoded`` takes those that both decoded.

    ``decoded`` is None where that is all of them, or none. ``differing`` settings are given as text.
    """

    first: Result
    second: Result
    overall: Paired
    decoded: Paired | None
    not_decoded: tuple[int, int]
    differing: tuple[str, ...]


def compare(first: Result, second: Result, *, seed: int = 0) -> Comparison:
    """Compare the answers that two results keep, over whole groups where the videos have any.

    Raises:
        ResultError: other data, other videos or other true classes, or a result without answers; names which.
    """
    found = differences(first, second)
    wrong = [str(difference) for difference in found if difference.field in SAME_DATA]
    if wrong:
        raise ResultError(f"{_both(first, second)} are not of the same data: {'; '.join(wrong)}")
    one, other = _answers(first), _answers(second)
    _check_same(one, other, _both(first, second))
    ids = sorted(one)
    right = [np.array([a[i].predicted == a[i].truth for i in ids]) for a in (one, other)]
    seen = [np.array([a[i].predicted is not None for i in ids]) for a in (one, other)]
    groups = _groups([one[i].group or other[i].group for i in ids])
    both = seen[0] & seen[1]
    complete = bool(both.all())
    return Comparison(
        first=first,
        second=second,
        overall=paired(right[0], right[1], groups, seed=seed),
        decoded=None
        if complete or not both.any()
        else paired(right[0][both], right[1][both], groups[both], seed=seed),
        not_decoded=(int((~seen[0]).sum()), int((~seen[1]).sum())),
        differing=tuple(str(difference) for difference in found),
    )


def comparison_text(found: Comparison) -> str:
    """The comparison in a few lines of plain text, in percent."""
    first, second = (_name(result) for result in (found.first, found.second))
    lines = [f"first:  {first}", f"second: {second}", ""]
    lines += _lines("top-1 of all test videos", found.overall)
    if found.decoded is not None:
        missing = f"{found.not_decoded[0]} and {found.not_decoded[1]}"
        lines += ["", f"not decoded, and counted as wrong above: {missing} videos"]
        lines += _lines("top-1 of the videos that both decoded", found.decoded)
    if found.differing:
        lines += ["", "besides the backbones these differ:", *(f"  {clean(text)}" for text in found.differing)]
    return "\n".join(lines)


def _lines(title: str, found: Paired) -> list[str]:
    low, high = (100 * end for end in found.ci95)
    by = f"{found.num_groups} groups" if found.num_groups < found.n else "videos"
    verdict = "" if low > 0 or high < 0 else "; the interval holds 0: no difference is shown"
    return [
        f"{title} (n = {found.n}):",
        f"  first {100 * found.first:.2f} %, second {100 * found.second:.2f} %",
        f"  difference {100 * found.difference:+.2f} points, 95 % [{low:+.2f}, {high:+.2f}] "
        f"(paired bootstrap over {by}){verdict}",
        f"  only the first right: {found.only_first}, only the second: {found.only_second}, "
        f"McNemar exact p = {found.p:.3g}" + (" (takes videos for independent)" if "groups" in by else ""),
    ]


def _name(result: Result) -> str:
    seed = result.seeds.get("asked")
    shown = f", seed {seed}" if seed is not None else ""
    text = f"{result.backbone.name}, {result.task.name} on {result.dataset.name}{shown}"
    return clean(f"{text} ({result.file})" if result.file else text)


def _both(first: Result, second: Result) -> str:
    return f"{first.file or 'the first result'} and {second.file or 'the second'}"


def _answers(result: Result) -> Mapping[str, Prediction]:
    answers = {prediction.video_id: prediction for prediction in result.predictions}
    if not answers:
        raise ResultError(
            f"{result.file or result.task.name}: keeps no answers by video; run it again with this version "
            "(an mAP is of rankings: it never has any)"
        )
    return answers


def _check_same(one: Mapping[str, Prediction], other: Mapping[str, Prediction], names: str) -> None:
    if set(one) != set(other):
        alone = sorted(set(one) ^ set(other))
        raise ResultError(
            f"{names} have answers for other videos: {len(alone)} are in one only, for example '{alone[0]}'"
        )
    for video_id, prediction in one.items():
        if prediction.truth != other[video_id].truth:
            raise ResultError(
                f"{names} have different true classes for '{video_id}': {prediction.truth} and "
                f"{other[video_id].truth}; were they run with one class list?"
            )


def _groups(names: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    return np.array([f"group {name}" if name else f"video {i}" for i, name in enumerate(names)])
