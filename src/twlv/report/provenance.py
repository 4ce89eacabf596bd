"""How a result was made, as facts to show below its number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twlv.report.text import clean, number
from twlv.results import Result, file_name
from twlv.types import Coverage, Json

Facts = tuple[tuple[str, str], ...]


def provenance(result: Result) -> tuple[str, Facts]:
    """A title (task, data set, backbone) and the facts as (name, text); empty facts are left out."""
    data, card = result.dataset, result.backbone
    facts = {
        "file": result.file or file_name(result),
        "task": f"{result.task.name}, version {result.task.version}",
        "settings": pairs(result.task.config),
        "data set": _join(data.title, f"version {data.version}", data.kind, data.selection, data.licence),
        "splits": f"{data.train_split} -> {data.test_split}" if data.train_split else data.test_split,
        "classes": str(data.num_classes or ""),
        "annotation sha256": data.annotation_sha256,
        "backbone": _join(f"width {card.dim}", f"{card.num_params:,} parameters", card.dtype, card.modality),
        "weights": _join(card.weights, card.weights_sha256, card.licence),
        "pretrained on": ", ".join(card.pretrained_on),
        "embedding": pairs(result.embedding),
        **{f"coverage of {name}": counts(part) for name, part in _parts(result).items()},
        **{f"report's {name}": _reference(result, name) for name in result.reference},
        "seeds": pairs(result.seeds),
        "environment": pairs(result.environment),
        "seconds": ", ".join(f"{stage} {value:.3g}" for stage, value in result.seconds.items()),
        **{f"note {index + 1}": note for index, note in enumerate(result.notes)},
    }
    title = f"{result.task.name} on {data.name}: {card.name}"
    return clean(title), tuple((clean(name), clean(text)) for name, text in facts.items() if text)


def _parts(result: Result) -> Mapping[str, Coverage]:
    return result.coverage_by_split or {"all": result.coverage}


def counts(part: Coverage) -> str:
    """``98 of 100 videos embedded (99 on disk), 98 in the score``."""
    return (
        f"{part.decoded} of {part.expected} videos embedded ({part.present} on disk), {part.used} in the score"
    )


def pairs(mapping: Mapping[str, Json] | Mapping[str, int]) -> str:
    """``k = 20, sampling = (kind = uniform)``; what is None or empty is left out."""
    shown = [(name, value) for name, value in mapping.items() if value not in (None, "", {}, [])]
    return ", ".join(f"{name} = {_value(value)}" for name, value in shown)


def _value(value: Json) -> str:
    return f"({pairs(value)})" if isinstance(value, dict) else str(value)


def _join(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _reference(result: Result, name: str) -> str:
    """The report's value and by how much ours differs from it."""
    reference, score = result.reference[name], result.scores.get(name)
    where = f"{reference.value} in table {reference.table} ({reference.method} {reference.arch})"
    if score is None:
        return where
    return f"{where}; ours minus theirs: {number(score.value - reference.value, score.unit)}"


def all_failed(results: Sequence[Result]) -> dict[str, str]:
    """Every video that failed in any of the results, with its reason."""
    return {video_id: reason for result in results for video_id, reason in result.coverage.failed.items()}
