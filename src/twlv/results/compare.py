"""May two scores stand in one column? What differs between two results, and how much it matters.

- ``refuse``: they measured different things (task or data set version, annotation file, splits, selection,
  which videos were there). A report puts them in one column only if asked, and marks them.
- ``axis``: settings that a reader compares on purpose (hyper-parameters, sampling, views). Each gets a column.
- ``mention``: what should not move a number but may (decoder, FFmpeg, precision, seeds).

The backbone is never a difference: it is what is compared.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from twlv.results.canonical import digest, jsonable
from twlv.results.environment import used_version
from twlv.results.result import Result
from twlv.types import Coverage, Json

Severity = Literal["refuse", "axis", "mention"]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One field that differs, with both values."""

    field: str
    severity: Severity
    one: str
    other: str

    def __str__(self) -> str:
        return f"{self.field}: {self.one} against {self.other}"


def compare(one: Result, other: Result) -> tuple[Difference, ...]:
    """Everything that differs between two results besides their backbones, the gravest first."""
    return (
        *_differences("refuse", identity_of_measurement(one), identity_of_measurement(other)),
        *_differences("axis", axes(one), axes(other)),
        *_differences("mention", circumstances(one), circumstances(other)),
    )


def comparable(one: Result, other: Result) -> bool:
    """Whether their scores may stand in one column (other settings have another column)."""
    return identity_of_measurement(one) == identity_of_measurement(other)


def _differences(
    severity: Severity, one: Mapping[str, Json], other: Mapping[str, Json]
) -> tuple[Difference, ...]:
    names = dict.fromkeys((*one, *other))
    return tuple(
        Difference(field=name, severity=severity, one=_shown(one.get(name)), other=_shown(other.get(name)))
        for name in names
        if one.get(name) != other.get(name)
    )


def _shown(value: Json) -> str:
    if value is None or value == "":
        return "none"
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."


_K_SUFFIX = re.compile(r"(?P<name>.+)_k(?P<k>\d+)(?P<rest>(_[a-z]+)?)")


def base_name(score: str) -> str:
    """``knn/top1_k20`` and ``knn/top1`` are the same score at two settings: the name without its k."""
    return _K_SUFFIX.sub(r"\g<name>\g<rest>", score)


def identity_of_measurement(result: Result) -> dict[str, Json]:
    """What must be equal for two scores to mean the same."""
    data = result.dataset
    parts = result.coverage_by_split or {"all videos": result.coverage}
    return {
        "task": result.task.name,
        "task version": result.task.version,
        "dataset": data.name,
        "dataset version": data.version,
        "annotation hash": data.annotation_sha256[:16],
        "selection": data.selection,
        "train split": data.train_split,
        "test split": data.test_split,
        "number of classes": data.num_classes,
        **{f"videos of {name}": _coverage(part) for name, part in parts.items()},
    }


def _coverage(part: Coverage) -> str:
    """Counts and, if videos are missing, a hash of which: the same number of other videos is another set."""
    counts = f"{part.decoded} of {part.expected} embedded, {part.used} used"
    if not part.failed:
        return counts
    return f"{counts} (without set {digest(sorted(part.failed))[:8]})"


WHERE_IT_RUNS = frozenset({"device", "workers"})
"""Fields of a task that say where it computes, not what: no setting of the measurement."""


def axes(result: Result, score: str = "") -> dict[str, Json]:
    """Settings that give a column of its own: hyper-parameters, sampling, frames asked for, views, level.

    With ``score``, those of that score: a kNN run over several k has one k for each of its scores.
    """
    made = result.embedding
    sampling = made.get("sampling")
    sampling_values = dict(sampling) if isinstance(sampling, dict) else {}
    config = result.task.config
    found: dict[str, Json] = {name: value for name, value in config.items() if name not in WHERE_IT_RUNS}
    several = found.get("k")
    if isinstance(several, list) and several:
        suffix = _K_SUFFIX.fullmatch(score)
        found["k"] = int(suffix["k"]) if suffix else several[0]
    if sampling_values:
        found["sampling"] = str(sampling_values.pop("kind", "")).lower()
    found.update({name: value for name, value in sampling_values.items() if value is not None})
    if shown := views_text(made):
        found["views"] = shown
    if made.get("level") not in (None, "clip"):
        found["level"] = made["level"]
    found.update(training_axes(made))
    return found


def training_axes(embedding: Mapping[str, Json]) -> dict[str, Json]:
    """How training features that were augmented were made: live or from stored views, and the augmentation."""
    made = embedding.get("training")
    if not isinstance(made, dict):
        return {}
    how = "live" if made.get("kind") == "live" else f"{made.get('views')} stored views"
    return {"training": how, "augmentation": augmentation_text(made.get("augmentation"))}


def augmentation_text(value: Json) -> str:
    """An augmentation in a few words: ``area 0.3-1, aspect 0.75-1.33, flip 0.5``."""
    if not isinstance(value, dict):
        return "none"
    ranges = [
        f"{name} {low:.3g}-{high:.3g}"
        for name in ("area", "aspect")
        if isinstance(pair := value.get(name), list)
        for low, high in [pair]
    ]
    flip = value.get("flip")
    words = [f"flip {flip:g}"] if isinstance(flip, int | float) and flip else []
    words += [name.replace("_", " ") for name in ("rand_augment", "erasing") if value.get(name)]
    words += [] if value.get("random_time", True) else ["fixed time"]
    return ", ".join([*ranges, *words])


def views_text(embedding: Mapping[str, Json]) -> str:
    """``3x4``: spatial crops x temporal windows, as the report writes it; empty for a single view."""
    views = embedding.get("views")
    counts = (views.get("spatial", 1), views.get("temporal", 1)) if isinstance(views, dict) else (1, 1)
    return "" if counts == (1, 1) else f"{counts[0]}x{counts[1]}"


def circumstances(result: Result) -> dict[str, Json]:
    """What should not move a number and sometimes does."""
    made, here = result.embedding, result.environment
    return {
        "decoder": used_version(made, "decoder") or made.get("decoder") or here.get("decoder"),
        "ffmpeg": used_version(made, "ffmpeg") or here.get("ffmpeg"),
        "compute dtype": made.get("dtype"),
        "storage dtype": made.get("storage_dtype"),
        "seeds": jsonable({name: seed for name, seed in result.seeds.items() if name != "asked"}),
    }
