"""What a measurement leaves behind: one Result, with everything needed to trust it or to repeat it.

A Result is plain data. ``results.record`` builds one, ``results.files`` writes and reads it, and
``results.document`` gives its JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from twlv.types import BackboneCard, Coverage, Json, Prediction, Score

SCHEMA = 1
"""Version of the file's form. Raised when an older program could misread a newer file."""


@dataclass(frozen=True, kw_only=True)
class TaskRecord:
    """The task that was run: its name, version, and every hyper-parameter with the value it had."""

    name: str
    version: str
    config: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class DatasetRecord:
    """The data set as it was used: card, split names, and the number of classes."""

    name: str
    version: str = "1"
    title: str = ""
    kind: str = ""
    selection: str = ""
    train_split: str = ""
    test_split: str = ""
    annotation_sha256: str = ""
    num_classes: int = 0
    licence: str = ""
    citation: str = ""


@dataclass(frozen=True, kw_only=True)
class Reference:
    """What the report prints for this score: same task, metric, data set and model."""

    paper: str
    table: int
    method: str
    arch: str
    stage: str = ""
    dataset: str
    metric: str
    value: float
    dagger: bool = False
    quoted: bool = False


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """The answer for every video, in columns: ids, true and predicted class index (None: not decoded).

    ``groups`` are those of the samples; empty where no video has one.
    """

    video_ids: tuple[str, ...] = ()
    truth: tuple[int, ...] = ()
    predicted: tuple[int | None, ...] = ()
    groups: tuple[str, ...] = ()

    @staticmethod
    def of(items: Sequence[Prediction]) -> Predictions:
        """Columns from rows."""
        return Predictions(
            video_ids=tuple(item.video_id for item in items),
            truth=tuple(item.truth for item in items),
            predicted=tuple(item.predicted for item in items),
            groups=tuple(item.group for item in items) if any(item.group for item in items) else (),
        )

    def __len__(self) -> int:
        return len(self.video_ids)

    def __iter__(self) -> Iterator[Prediction]:
        groups = self.groups or ("",) * len(self)
        for video_id, truth, predicted, group in zip(
            self.video_ids, self.truth, self.predicted, groups, strict=True
        ):
            yield Prediction(video_id=video_id, truth=truth, predicted=predicted, group=group)


@dataclass(frozen=True, kw_only=True)
class Result:
    """One measurement: a task on a data set with a backbone.

    ``scores`` go by ``task/metric``, the most important first. ``coverage`` is the sum over
    ``coverage_by_split`` (``train``, ``test``). ``contaminated_by`` names the pretraining sets that overlap
    with the data set; any makes the result ``contaminated``, the report's dagger. ``embedding`` says how the
    vectors were made (its keys: see ``record``). ``reference`` holds the report's value by score name, where it
    prints one for this model. ``seconds`` are wall seconds by stage. ``extra`` keeps the fields of a file that
    this version does not know. ``file`` is where the result was read from; it is not part of it.
    """

    task: TaskRecord
    dataset: DatasetRecord
    backbone: BackboneCard
    scores: Mapping[str, Score]
    coverage: Coverage
    coverage_by_split: Mapping[str, Coverage] = field(default_factory=dict)
    contaminated_by: tuple[str, ...] = ()
    embedding: Mapping[str, Json] = field(default_factory=dict)
    seeds: Mapping[str, int] = field(default_factory=dict)
    environment: Mapping[str, Json] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    reference: Mapping[str, Reference] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    details: Mapping[str, Json] = field(default_factory=dict)
    predictions: Predictions = field(default_factory=Predictions, repr=False)
    extra: Mapping[str, Json] = field(default_factory=dict, repr=False)
    file: str = field(default="", repr=False, compare=False)

    @property
    def contaminated(self) -> bool:
        """Whether the backbone was pretrained on a set that overlaps with this one (the report's dagger)."""
        return bool(self.contaminated_by)

    @property
    def coverage_fraction(self) -> float:
        """The least of decoded / expected over the splits: 1.0 only if no video is missing anywhere."""
        return min(part.fraction for part in (self.coverage, *self.coverage_by_split.values()))

    def to_json(self) -> str:
        """The result as the text of its file."""
        from twlv.results.document import to_json

        return to_json(self)

    def save(self, folder: str | Path = "results") -> Path:
        """Write the result into a folder (made if needed); replaces an earlier run of the same.

        Raises:
            ResultError: the folder cannot be written, or the result holds NaN where none may be.
        """
        from twlv.results.files import save

        return save(self, folder)

    def __str__(self) -> str:
        from twlv.results.summary import summary

        return summary(self)
