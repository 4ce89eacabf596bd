"""What a store was made with, and the key that follows from it."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from twlv.codec import canonical, from_json, to_json
from twlv.errors import StoreError
from twlv.types import BackboneCard, FrameOrder, Framing, Json, Level, MultiClip, Sampling, Views

SCHEMA = 1
"""Version of the layout on disk. A reader refuses a higher one."""

DESCRIPTIVE = ("citation", "licence", "pretrained_on", "source")
"""Card fields that cannot move a number; a corrected citation does not orphan a store."""


@dataclass(frozen=True, kw_only=True)
class StoreSpec:
    """Everything that decides the vectors of a store, one field for each thing that can differ.

    ``num_frames`` is the resolved number of frames of a clip, ``decoder`` the name of the video backend
    (its version is provenance, recorded with the vectors but not part of the key), ``dtype`` the
    precision on disk; reading always gives float32. ``frame_order`` "reversed": the frames of every clip ran
    backwards. ``augmentation`` says how augmented views were drawn. ``framing`` "squash": whole pictures were
    shown. These three are written down only where they differ from a plain store, so plain stores keep the key
    and the file that they always had.
    """

    backbone: BackboneCard
    sampling: Sampling
    num_frames: int
    views: Views = field(default_factory=Views)
    level: Level = "clip"
    decoder: str = "pyav"
    dtype: Literal["float32", "float16"] = "float32"
    frame_order: FrameOrder = "forward"
    augmentation: Mapping[str, Json] | None = None
    framing: Framing = "crop"

    @property
    def key(self) -> str:
        """sha256 of the canonical JSON of all that can move a number.

        Left out of the card: citation, licence, source, pre-training sets, and where the weights lie as
        soon as their hash is known. ``MultiClip(stride_seconds=None)`` is its default written out, and
        the sampling's frame count is the resolved one.
        """
        return hashlib.sha256(canonical(self._keyed()).encode()).hexdigest()

    def to_json(self) -> dict[str, Json]:
        """All fields, the descriptive ones too; the last three only where they are not plain."""
        value = cast("dict[str, Json]", to_json(self))
        if self.frame_order == "forward":
            del value["frame_order"]
        if self.augmentation is None:
            del value["augmentation"]
        if self.framing == "crop":
            del value["framing"]
        return value

    @classmethod
    def from_json(cls, value: Json, *, where: str = "spec") -> StoreSpec:
        """The spec that ``to_json`` wrote; InputError names the field that does not fit."""
        return from_json(cls, value, where=where)

    def differences(self, other: StoreSpec) -> dict[str, tuple[Json, Json]]:
        """Every keyed field in which the two differ, dotted (``backbone.dim``), with both values."""
        mine, others = (
            {**_flat(spec._keyed()), "frame_order": spec.frame_order, "framing": spec.framing}
            for spec in (self, other)
        )
        names = [*mine, *(name for name in others if name not in mine)]
        pairs = {name: (mine.get(name), others.get(name)) for name in names}
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}

    def _keyed(self) -> dict[str, Json]:
        sampling: Any = dataclasses.replace(self.sampling, num_frames=self.num_frames)
        if isinstance(sampling, MultiClip) and sampling.stride_seconds is None:
            sampling = dataclasses.replace(sampling, stride_seconds=sampling.clip_seconds)
        value = dataclasses.replace(self, sampling=sampling).to_json()
        card = cast("dict[str, Json]", value["backbone"])
        dropped = (*DESCRIPTIVE, "weights") if self.backbone.weights_sha256 else DESCRIPTIVE
        value["backbone"] = {name: card[name] for name in card if name not in dropped}
        return value


def require_same(stored: StoreSpec, wanted: StoreSpec, *, where: str) -> None:
    """StoreError that names every differing field with both values, unless the keys are equal."""
    if stored.key == wanted.key:
        return
    lines = [f"  {name}: here {a!r}, asked {b!r}" for name, (a, b) in stored.differences(wanted).items()]
    raise StoreError(
        f"{where}: this store was made with other settings\n"
        + "\n".join(lines)
        + "\nuse the same settings, or another folder for the new ones"
    )


def _flat(value: Json, prefix: str = "") -> dict[str, Json]:
    if not isinstance(value, dict) or not value:
        return {prefix: value}
    flat: dict[str, Json] = {}
    for name, item in value.items():
        flat.update(_flat(item, f"{prefix}.{name}" if prefix else name))
    return flat
