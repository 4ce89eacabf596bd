"""Table lines."""

from twlv.backbones.entry import Entry

ENTRIES: tuple[Entry, ...] = ()
