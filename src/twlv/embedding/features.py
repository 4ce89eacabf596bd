"""Features: the embeddings of a data set's samples, from a store or from memory.

Both kinds iterate alike, so a task cannot tell which it was given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Self

from twlv.errors import FeatureError
from twlv.store import Store
from twlv.store.official import OfficialSet
from twlv.types import BackboneCard, Coverage, Dataset, DatasetCard, Embedding, Level, Sample

NOT_EMBEDDED = "not_embedded: the store holds neither an embedding nor a failure for this id"
NOT_ON_DISK = "not_found: annotated, but no such file"


@dataclass(frozen=True, kw_only=True)
class OfDataset:
    """What all kinds share: which samples are here, and why the others are not."""

    data: Dataset
    reasons: Mapping[str, str]
    """Every sample without an embedding: id -> reason."""

    @property
    def dataset(self) -> DatasetCard:
        """The card of the data set."""
        return self.data.card

    @property
    def present(self) -> tuple[Sample, ...]:
        """Samples that have an embedding, in data set order."""
        return tuple(sample for sample in self.data.samples if sample.video_id not in self.reasons)

    @property
    def missing(self) -> tuple[Sample, ...]:
        """Samples that have none."""
        return tuple(sample for sample in self.data.samples if sample.video_id in self.reasons)

    @property
    def coverage(self) -> Coverage:
        """Counts over the samples; every embedding that is here is used."""
        expected = len(self.data.samples)
        decoded = expected - len(self.reasons)
        absent = sum(1 for reason in self.reasons.values() if reason.startswith("not_found"))
        return Coverage(
            expected=expected,
            present=expected - absent,
            decoded=decoded,
            used=decoded,
            failed=dict(self.reasons),
        )

    def ordered(self, video_ids: Sequence[str]) -> Self:
        """These videos alone, in this order.

        Raises:
            FeatureError: one of them has no embedding here.
        """
        known = {sample.video_id: sample for sample in self.present}
        absent = [video_id for video_id in video_ids if video_id not in known]
        if absent:
            raise FeatureError(f"video '{absent[0]}' has no embedding among these features")
        samples = tuple(known[video_id] for video_id in video_ids)
        data = replace(self.data, samples=samples, missing=frozenset())
        settable = any(each.name == "reasons" and each.init for each in fields(self))
        return replace(self, data=data, reasons={}) if settable else replace(self, data=data)

    def __len__(self) -> int:
        return len(self.data.samples) - len(self.reasons)


@dataclass(frozen=True, kw_only=True)
class StoredFeatures(OfDataset):
    """The samples' embeddings in a store, read in data set order."""

    store: Store
    reasons: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        known, failed = frozenset(self.store.ids), self.store.failed
        reasons = {
            sample.video_id: failed.get(
                sample.video_id, NOT_ON_DISK if sample.video_id in self.data.missing else NOT_EMBEDDED
            )
            for sample in self.data.samples
            if sample.video_id not in known
        }
        object.__setattr__(self, "reasons", reasons)

    @property
    def backbone(self) -> BackboneCard:
        """The card stored with the embeddings."""
        return self.store.spec.backbone

    @property
    def level(self) -> Level:
        """The level stored."""
        return self.store.spec.level

    @property
    def dim(self) -> int:
        """Width of a vector."""
        return self.store.spec.backbone.dim

    def __iter__(self) -> Iterator[tuple[Embedding, Sample]]:
        present = self.present
        return zip(self.store.read([sample.video_id for sample in present]), present, strict=True)


@dataclass(frozen=True, kw_only=True)
class MemoryFeatures(OfDataset):
    """Embeddings held in memory, by video id; used for the authors' layout and for small runs."""

    embeddings: Mapping[str, Embedding]
    backbone: BackboneCard
    level: Level = "clip"
    reasons: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unexplained = [
            sample.video_id
            for sample in self.data.samples
            if (sample.video_id in self.embeddings) == (sample.video_id in self.reasons)
        ]
        if unexplained:
            raise FeatureError(
                f"{len(unexplained)} samples have neither or both of an embedding and a reason, "
                f"the first is '{unexplained[0]}'"
            )

    @classmethod
    def of_official(cls, found: OfficialSet, split: str) -> MemoryFeatures:
        """One split of embeddings in the layout of the report's authors."""
        half = found.data.split(split)
        ids = [sample.video_id for sample in half.samples]
        return cls(
            data=half,
            embeddings={i: found.embeddings[i] for i in ids if i in found.embeddings},
            reasons={i: found.failed[i] for i in ids if i in found.failed},
            backbone=found.card,
        )

    @property
    def dim(self) -> int:
        """Width of a vector."""
        return self.backbone.dim

    def __iter__(self) -> Iterator[tuple[Embedding, Sample]]:
        return ((self.embeddings[sample.video_id], sample) for sample in self.present)
