"""The loader of table lines whose weights are converted: it reads what ``twlv models fetch`` left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twlv.backbones.folder import CARD, load_folder
from twlv.backbones.loaded import LoadedBackbone
from twlv.backbones.models_folder import folder_of
from twlv.errors import WeightsError

if TYPE_CHECKING:
    from twlv.backbones.entry import Entry


def load_entry(entry: Entry, *, weights: None, device: str, dtype: str) -> LoadedBackbone:
    """The converted weights of a table line.

    Raises:
        WeightsError: they are not there (the message has the command), or are another line's.
    """
    name = entry.card.name
    place = folder_of(name)
    if not (place / CARD).is_file():
        raise WeightsError(
            f"{name}: its weights are not here (looked in {place}). Where there is a network, type: "
            f"twlv models fetch {name}; for a file that you have: twlv models fetch {name} --file FILE"
        )
    found = load_folder(place, device=device, dtype=dtype, expected_kind=entry.kind)
    if found.card.name != name:
        raise WeightsError(f"{place}: expected {name}, found {found.card.name}; remove the folder, fetch again")
    return found
