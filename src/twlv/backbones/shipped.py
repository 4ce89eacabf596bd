"""Loads the weights that come with the package (see ``entries_shipped``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twlv.backbones.entries_shipped import FOLDER
from twlv.backbones.folder import load_folder
from twlv.backbones.loaded import LoadedBackbone

if TYPE_CHECKING:
    from twlv.backbones.entry import Entry


def load(entry: Entry, *, weights: None, device: str, dtype: str) -> LoadedBackbone:
    """The backbone in ``shipped_weights/NAME``. Raises WeightsError for a damaged file."""
    return load_folder(FOLDER / entry.card.name, device=device, dtype=dtype, expected_kind=entry.kind)
