"""From what a run produced to the Result that is kept."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from twlv.results.canonical import jsonable, not_finite
from twlv.results.contamination import overlapping
from twlv.results.environment import environment as this_environment
from twlv.results.environment import used_version
from twlv.results.matching import references
from twlv.results.result import DatasetRecord, Predictions, Result, TaskRecord
from twlv.types import BackboneCard, Coverage, DatasetCard, Json, Outcome


class NamedTask(Protocol):
    """As much of a task as a record needs. If it is a dataclass, its fields are the configuration."""

    @property
    def name(self) -> str:
        """``knn``, ..."""

    @property
    def version(self) -> str:
        """Bumped by whatever moves a number."""


@runtime_checkable
class Resolves(Protocol):
    """A task whose fields may be left open: ``resolved`` says what it takes for them."""

    def resolved(self) -> Mapping[str, Json]:
        """Values by name; those of fields replace the fields', others stand beside them."""


def record(
    *,
    task: NamedTask,
    outcome: Outcome,
    dataset: DatasetCard,
    backbone: BackboneCard,
    coverage: Mapping[str, Coverage],
    splits: tuple[str, str] = ("train", "test"),
    seed: int | None = None,
    embedding: Mapping[str, Json] | None = None,
    environment: Mapping[str, Json] | None = None,
    gpu: str = "",
    seconds: Mapping[str, float] | None = None,
    notes: tuple[str, ...] = (),
) -> Result:
    """The Result of a run.

    ``splits`` names the one that was fitted on and the one that was scored, ``coverage`` is by split name.
    ``seed`` is the one that was asked for (kept as ``asked``; the seeds that were used are the outcome's).
    ``embedding`` says how the vectors were made; reports look for its keys ``sampling`` (an object with
    ``kind``), ``views``, ``level``, ``dtype``, ``storage_dtype``, ``decoder`` and ``provenance`` (a list of
    objects with versions). ``environment`` says where; by default it is asked of this process, with the
    decoder of the provenance and the name of the ``gpu``. Numbers that are not finite are noted and kept as
    null.

    Raises:
        ResultError: the task's configuration or details hold something that is not plain data.
    """
    where = {"config": task, "scores": outcome.scores, "details": outcome.details}
    odd = tuple(f"{place.lstrip('.')}; written as null" for place in not_finite(where))
    made = embedding or {}
    if environment is None:
        environment = this_environment(
            gpu=gpu, decoder=used_version(made, "decoder"), ffmpeg=used_version(made, "ffmpeg")
        )
    result = Result(
        task=TaskRecord(name=task.name, version=task.version, config=configuration(task)),
        dataset=_dataset(dataset, *splits),
        backbone=backbone,
        scores=dict(outcome.scores),
        coverage=sum(coverage.values(), Coverage(expected=0, present=0, decoded=0, used=0)),
        coverage_by_split=dict(coverage),
        contaminated_by=overlapping(backbone.pretrained_on, dataset.name),
        embedding=_mapping(made),
        seeds={**({} if seed is None else {"asked": seed}), **outcome.seeds},
        environment=_mapping(environment),
        seconds={stage: float(value) for stage, value in (seconds or {}).items() if math.isfinite(value)},
        notes=(*outcome.notes, *notes, *odd),
        details=_mapping({**_class_names(dataset, outcome), **outcome.details}),
        predictions=Predictions.of(outcome.predictions),
    )
    return dataclasses.replace(result, reference=references(result))


def configuration(task: object) -> dict[str, Json]:
    """Fields of a task that is a dataclass, as it resolves them; ``name``, ``version``, ``level`` are left out.

    So the configuration is whole: two tasks that compute the same by a default and by the same value given
    have the same one.
    """
    if not dataclasses.is_dataclass(task) or isinstance(task, type):
        return {}
    names = [field.name for field in dataclasses.fields(task) if field.name not in {"name", "version", "level"}]
    values = {name: getattr(task, name) for name in names}
    if isinstance(task, Resolves):
        values |= task.resolved()
    return {name: jsonable(value) for name, value in values.items()}


MOST_CLASS_NAMES = 1000


def _class_names(dataset: DatasetCard, outcome: Outcome) -> dict[str, Json]:
    """The labels that the answers' class indices stand for, if they are not too many to keep."""
    if not outcome.predictions or not 0 < len(dataset.classes) <= MOST_CLASS_NAMES:
        return {}
    return {"class_names": list(dataset.classes)}


def _mapping(value: Mapping[str, Json]) -> dict[str, Json]:
    return {name: jsonable(item) for name, item in value.items()}


def _dataset(card: DatasetCard, train_split: str, test_split: str) -> DatasetRecord:
    return DatasetRecord(
        name=card.name,
        version=card.version,
        title=card.title,
        kind=card.kind,
        selection=card.selection,
        train_split=train_split,
        test_split=test_split,
        annotation_sha256=card.annotation_sha256,
        num_classes=len(card.classes),
        licence=card.licence,
        citation=card.citation,
    )
