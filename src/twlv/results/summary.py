"""What ``print(result)`` shows: a few lines with the scores and what is needed to trust them."""

from __future__ import annotations

from collections.abc import Mapping

from twlv.results.compare import views_text
from twlv.results.result import Result
from twlv.types import Coverage, Json, Score


def summary(result: Result) -> str:
    """The result in a few lines of plain text."""
    data, task = result.dataset, result.task
    dagger = " †" if result.contaminated else ""
    rows = [
        ("task", f"{task.name} v{task.version}  {settings(task.config)}".rstrip()),
        ("data", f"{data.name} v{data.version}  {_splits(result)}".rstrip()),
        ("backbone", result.backbone.name + dagger),
        ("embedding", settings(_flat(result.embedding))),
        ("coverage", _coverage(result)),
        *((name, _score(score) + _reference(result, name)) for name, score in result.scores.items()),
        *(("note", note) for note in result.notes),
    ]
    if result.contaminated:
        rows.append(
            ("†", f"pretrained on {', '.join(result.contaminated_by)}, which overlaps with {data.name}")
        )
    rows = [(name, _printable(text)) for name, text in rows if text]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {text}" for name, text in rows)


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _splits(result: Result) -> str:
    data = result.dataset
    names = f"{data.train_split} -> {data.test_split}" if data.train_split else data.test_split
    classes = f"{data.num_classes} classes" if data.num_classes else ""
    return ", ".join(part for part in (names, classes, data.selection) if part)


def settings(config: Mapping[str, Json]) -> str:
    """``k=20, temperature=0.1``; what is None or empty is left out."""
    shown = {name: value for name, value in config.items() if value not in (None, "", {}, [])}
    return ", ".join(f"{name}={value}" for name, value in shown.items())


def _flat(embedding: Mapping[str, Json]) -> dict[str, Json]:
    """Sampling and views unfolded, keys and versions left out."""
    sampling = embedding.get("sampling")
    unfolded = dict(sampling) if isinstance(sampling, dict) else {}
    kind = unfolded.pop("kind", None)
    shown = {"sampling": kind, **unfolded, "views": views_text(embedding)}
    return {**shown, **{name: embedding.get(name) for name in ("num_frames", "level", "dtype", "source")}}


def _coverage(result: Result) -> str:
    parts = result.coverage_by_split or {"all": result.coverage}
    return ", ".join(f"{name} {_counts(part)}" for name, part in parts.items())


def _counts(part: Coverage) -> str:
    lost = f" ({part.expected - part.decoded} missing)" if part.decoded != part.expected else ""
    return f"{part.decoded}/{part.expected} videos{lost}"


def _score(score: Score) -> str:
    interval = f"  95% [{score.ci95[0]:.2f}, {score.ci95[1]:.2f}]" if score.ci95 else ""
    return f"{score.value:.2f} {score.unit}{interval}  n={score.n}"


def _reference(result: Result, name: str) -> str:
    reference = result.reference.get(name)
    return f"  (report, table {reference.table}: {reference.value:.2f})" if reference else ""
