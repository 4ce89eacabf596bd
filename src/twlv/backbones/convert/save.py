"""From a published file to a folder of ours, after which no pickle is touched again."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from twlv.backbones import folder
from twlv.backbones.convert.formats import VERSION, converter_of
from twlv.backbones.convert.read import read_checkpoint
from twlv.backbones.loaded import LoadedBackbone, loaded
from twlv.backbones.own import vit_config
from twlv.backbones.parts import kind_of
from twlv.errors import UsageError
from twlv.files import file_sha256
from twlv.nn.strict import load_strictly
from twlv.types import Json

if TYPE_CHECKING:
    from twlv.backbones.entry import Entry


def convert_file(entry: Entry, file: str | Path) -> LoadedBackbone:
    """The backbone of a table line out of the file that its authors published.

    The card keeps the sha256 of the file, the format, the converter's version, and what was left out.

    Raises:
        UsageError: the line says no format.
        WeightsError: the file cannot be read, or is not the one of this line; says what was expected and found.
    """
    card, format_name = entry.card, entry.origin.format if entry.origin else ""
    if not format_name:
        raise UsageError(f"{card.name} is not converted from a checkpoint: see twlv models show {card.name}")
    source = f"{card.name} from {file}"
    tree = read_checkpoint(file)
    state, left_out = converter_of(format_name)(tree, vit_config(entry.config), source=source)
    parts = kind_of(entry.kind).assemble(entry.config)
    load_strictly(parts.module, state, source=source)
    conversion: dict[str, Json] = {
        "format": format_name,
        "version": VERSION,
        "source_file": Path(file).name,
        "source_sha256": file_sha256(Path(file)),
        "left_out": {prefix: left_out[prefix] for prefix in sorted(left_out)},
    }
    card = dataclasses.replace(card, weights_sha256="", details={**card.details, "conversion": conversion})
    return loaded(card=card, kind=entry.kind, config=entry.config, parts=parts, device="cpu", dtype="float32")


def convert_and_save(entry: Entry, file: str | Path, out: str | Path) -> Path:
    """``convert_file``, written to the folder ``out``; returns it."""
    return folder.save(out, convert_file(entry, file))
