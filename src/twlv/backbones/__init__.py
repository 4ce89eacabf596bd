"""Adapters: any video or image encoder behind one card and one ``encode``.

``table`` the backbones with a name (plain literals, no torch); ``resolve`` from a name to a backbone;
``folder`` saved weights; ``hub`` models of transformers; ``user`` one's own function; ``check`` the
conformance suite; one file per family. Importing this loads neither torch nor a model library.
"""

from __future__ import annotations

from pathlib import Path

from twlv.backbones.entry import Summary
from twlv.backbones.resolve import load
from twlv.backbones.table import DEFAULT_BACKBONE, describe, names

__all__ = ["DEFAULT_BACKBONE", "Summary", "describe", "load", "names", "save"]


def save(folder: str | Path, backbone: object) -> Path:
    """Write a loaded backbone as ``model.safetensors`` and ``card.json`` (see ``folder.save``)."""
    from twlv.backbones import folder as folders

    return folders.save(folder, backbone)
