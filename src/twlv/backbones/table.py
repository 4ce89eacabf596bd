"""The backbones that have a name. Imports no torch and no model library."""

from __future__ import annotations

from collections.abc import Mapping

from twlv.backbones import (
    entries_dino,
    entries_image,
    entries_masked,
    entries_own,
    entries_shipped,
    entries_space_time,
    entries_teachers,
    entries_video,
)
from twlv.backbones.entry import Entry, Summary, summarise
from twlv.errors import UnknownName

DEFAULT_BACKBONE = "efficientnet_lite0.imagenet"
"""The embedded default: real weights from the package index. Ours (``entries_shipped``) know motion, but
of the looks of real videos less than this image model does."""

TABLE: Mapping[str, Entry] = {
    entry.card.name: entry
    for entries in (
        entries_own,
        entries_shipped,
        entries_video,
        entries_masked,
        entries_teachers,
        entries_space_time,
        entries_image,
        entries_dino,
    )
    for entry in entries.ENTRIES
}

_OTHER_WAYS = "(or hf:org/name, a folder that twlv saved, or module:function; see: twlv models list)"


def names() -> tuple[str, ...]:
    """Every name of the table, in its order."""
    return tuple(TABLE)


def describe(name: str) -> Summary:
    """What is known of a backbone without loading it.

    Raises:
        UnknownName: it is not in the table; says the nearest names.
    """
    return summarise(entry_of(name))


def entry_of(name: str) -> Entry:
    """The line of a name.

    Raises:
        UnknownName: there is none.
    """
    if name not in TABLE:
        raise unknown(name)
    return TABLE[name]


def unknown(name: str) -> UnknownName:
    """The error for a name that is not in the table, with the nearest that are."""
    return UnknownName("backbone", name, TABLE, hint=_OTHER_WAYS)


def of_architecture(arch: str) -> tuple[Entry, ...]:
    """The lines whose name is ``arch`` and a tag: ``twlv1_vit_b`` has ``twlv1_vit_b.random``."""
    return tuple(entry for name, entry in TABLE.items() if name.partition(".")[0] == arch)
