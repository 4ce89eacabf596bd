"""The numbers that the report prints (arXiv 2408.11318), as data of this package.

They are kept as printed: averages are recomputed beside the printed ones, and where the report disagrees with
itself or its two copies with each other, both are kept (``disagreements``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from importlib import resources
from typing import Any

from twlv.types import Json

PAPER = "arXiv:2408.11318"
FIVE = ("K400", "MiT", "SSv2", "DV48", "EK")
"""The data sets in the average of tables 3 and 5 (ImageNet-1K is not)."""

APPEARANCE, MOTION = ("K400", "MiT"), ("SSv2", "DV48")
"""How the report calls its recognition sets (table 2; Epic-Kitchens is "ego-centric")."""


@dataclass(frozen=True, kw_only=True)
class PublishedRecord:
    """One printed number. ``stage`` is ``s1``, ``s2`` or empty; ``value`` is in per cent.

    ``dagger_text`` and ``dagger_pdf`` are the mark in the report's text and in the text layer of its PDF,
    which lost different ones; ``quoted`` means that the report took the number from another paper. ``source``
    names the copy that the value was read from (``report-text`` or ``pdf-text``).
    """

    table: int
    task: str
    method: str
    stage: str
    arch: str
    dataset: str
    metric: str
    value: float
    dagger_text: bool
    dagger_pdf: bool
    quoted: bool
    source: str

    @property
    def dagger(self) -> bool:
        """Marked in either copy: the pretraining data hold the data set."""
        return self.dagger_text or self.dagger_pdf

    @property
    def model(self) -> tuple[str, str, str]:
        """Method, stage and architecture: a row of a table."""
        return self.method, self.stage, self.arch


@dataclass(frozen=True, kw_only=True)
class Average:
    """A printed average over the five video sets (top-1), and the mean of the printed cells."""

    table: int
    method: str
    stage: str
    arch: str
    printed: float
    mean_of_five: float

    @property
    def agrees(self) -> bool:
        """Whether they are equal to the two decimals that are printed."""
        return round_half_up(self.mean_of_five, 2) == Decimal(str(self.printed))


@dataclass(frozen=True, kw_only=True)
class Headline:
    """A difference of the abstract: TWLV-I (ViT-L) minus another model, average top-1 of table 3."""

    method: str
    stage: str
    arch: str
    ours: float
    theirs: float

    @property
    def difference(self) -> float:
        """In points, to one decimal, halves upwards, as the abstract prints it."""
        return float(round_half_up(Decimal(str(self.ours)) - Decimal(str(self.theirs)), 1))


def round_half_up(value: float | Decimal, digits: int) -> Decimal:
    """Rounding as people do it on paper: 4.55 becomes 4.6, whatever the nearest binary number is."""
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


@cache
def _data() -> dict[str, Any]:
    text = resources.files("twlv.results").joinpath("data/report_2408_11318.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@cache
def published() -> tuple[PublishedRecord, ...]:
    """Every number of tables 3, 5, 6, 9, 10, 11 and 12, in print order."""
    fields, rows = _data()["fields"], _data()["records"]
    return tuple(_record(dict(zip(fields, row, strict=True))) for row in rows)


def _record(row: dict[str, Any]) -> PublishedRecord:
    flags: dict[str, Any] = {name: bool(row.pop(name)) for name in ("dagger_text", "dagger_pdf", "quoted")}
    return PublishedRecord(**row, **flags)


@cache
def _index() -> dict[tuple[int, str, str], tuple[PublishedRecord, ...]]:
    found: dict[tuple[int, str, str], list[PublishedRecord]] = {}
    for record in published():
        found.setdefault((record.table, record.dataset, record.metric), []).append(record)
    return {key: tuple(records) for key, records in found.items()}


def column(table: int, dataset: str, metric: str) -> tuple[PublishedRecord, ...]:
    """All rows of one column of a table, in print order; empty if there is no such column."""
    return _index().get((table, dataset, metric), ())


def find(
    *, task: str, metric: str, dataset: str, method: str, arch: str, stage: str | None = None
) -> PublishedRecord | None:
    """The printed value, by the report's own names (``linear-probing``, ``top1``, ``K400``, ``DFN``...).

    ``stage`` None takes the only one there is; None is returned if there is none, or more than one.
    """
    wanted = (task, metric, dataset, method, arch)
    found = [
        record
        for record in published()
        if (record.task, record.metric, record.dataset, record.method, record.arch) == wanted
        and stage in (None, record.stage)
    ]
    return found[0] if len(found) == 1 else None


def averages() -> tuple[Average, ...]:
    """The 24 averages of tables 3 and 5 with all five cells printed, and their recomputation."""
    return tuple(_averages(3)) + tuple(_averages(5))


def _averages(table: int) -> Iterator[Average]:
    cells = {name: {record.model: record for record in column(table, name, "top1")} for name in FIVE}
    for printed in column(table, "average", "top1"):
        values = [cells[name][printed.model].value for name in FIVE if printed.model in cells[name]]
        if len(values) == len(FIVE):
            mean = sum(map(Decimal, map(str, values)), Decimal()) / len(values)
            method, stage, arch = printed.model
            yield Average(
                table=table,
                method=method,
                stage=stage,
                arch=arch,
                printed=printed.value,
                mean_of_five=float(mean),
            )


_RIVALS = (
    ("V-JEPA", "", "ViT-L"),
    ("UMT", "s2", "ViT-L"),
    ("DFN", "", "ViT-H"),
    ("V-JEPA", "", "ViT-H"),
    ("InternVideo2", "s2", "ViT-g"),
)


def headlines() -> tuple[Headline, ...]:
    """The five differences of the abstract, from the averages printed in table 3, in the abstract's order."""
    printed = {record.model: record.value for record in column(3, "average", "top1")}
    ours = printed["TWLV-I", "", "ViT-L"]
    return tuple(
        Headline(method=method, stage=stage, arch=arch, ours=ours, theirs=printed[method, stage, arch])
        for method, stage, arch in _RIVALS
    )


def disagreements() -> tuple[dict[str, Json], ...]:
    """Where the report contradicts itself, its code, or its two copies each other. Kept, never repaired."""
    return tuple(_data()["disagreements"])


def benchmarks() -> tuple[dict[str, Json], ...]:
    """Table 2: the data sets, their sizes and clip lengths."""
    return tuple(_data()["table2"])


def hyperparameters() -> dict[str, Json]:
    """Table 4: linear and attentive probing, by row and column, and what it does not print."""
    return dict(_data()["table4"])
