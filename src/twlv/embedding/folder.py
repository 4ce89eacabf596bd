"""Features from a folder of arrays that others made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from twlv.embedding.features import OfDataset
from twlv.store.folder_features import FeatureFolder, widths
from twlv.store.official import unknown_card
from twlv.types import BackboneCard, Embedding, FrameLabels, Level, Sample, Segments

NO_FILE = "not_found: the folder of features has no file for this id"


@dataclass(frozen=True, kw_only=True)
class FolderFeatures(OfDataset):
    """The samples' embeddings in a folder, read one by one, each time they are asked for.

    Headers are checked at once: a file that is absent, cut off or empty is among ``reasons``. Values are not:
    a task decides what becomes of a video whose vectors are not finite.

    Raises:
        FeatureError: not one usable file, or files of two widths.
    """

    folder: FeatureFolder
    reasons: Mapping[str, str] = field(init=False)
    files: Mapping[str, Path] = field(init=False)
    width: int = field(init=False)

    def __post_init__(self) -> None:
        files = self.folder.find(sample.video_id for sample in self.data.samples)
        width, unusable = widths(self.folder, files)
        absent = {s.video_id: NO_FILE for s in self.data.samples if s.video_id not in files}
        object.__setattr__(self, "files", files)
        object.__setattr__(self, "width", width)
        object.__setattr__(self, "reasons", {**absent, **unusable})

    @property
    def backbone(self) -> BackboneCard:
        """A card that says no more than the files do: their width."""
        card = unknown_card(self.folder.path, self.width)
        if self.folder.layout == "official":
            return card
        return replace(card, name=f"features.{self.folder.path.resolve().name}", weights="features of a folder")

    @property
    def level(self) -> Level:
        """What a row is taken for."""
        return self.folder.level

    @property
    def dim(self) -> int:
        """Width of a vector."""
        return self.width

    def __iter__(self) -> Iterator[tuple[Embedding, Sample]]:
        for sample in self.present:
            fps = sample.target.fps if isinstance(sample.target, Segments | FrameLabels) else None
            yield self.folder.read(sample.video_id, self.files[sample.video_id], fps=fps), sample
