"""Weights of the user's own for an architecture of the table: ``load("twlv1_vit_b", weights=PATH)``."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from twlv.backbones.folder import described, load_folder, read_tensors
from twlv.backbones.hub import load_hub
from twlv.backbones.hub_source import is_hub_folder
from twlv.backbones.loaded import LoadedBackbone, loaded
from twlv.backbones.parts import kind_of
from twlv.errors import WeightsError
from twlv.nn.strict import load_strictly

if TYPE_CHECKING:
    from twlv.backbones.entry import Entry


def load_local(entry: Entry, weights: str | Path, *, device: str, dtype: str) -> LoadedBackbone:
    """Weights from a folder of ours, a folder of transformers', or a bare ``.safetensors`` file.

    A bare file (with no card inside or beside it) must hold exactly the tensors of the architecture; its
    card is the table's, with the licence and the training data unknown.

    Raises:
        WeightsError: the weights are of another architecture, or do not fit.
    """
    path = Path(weights)
    if path.is_dir() and is_hub_folder(path):
        found = load_hub(str(path), device=device, dtype=dtype)
    else:
        file, said = described(path)
        if said is None:
            return _bare(entry, file, device=device, dtype=dtype)
        found = load_folder(path, device=device, dtype=dtype, expected_kind=entry.kind)
    expected = kind_of(entry.kind).facts(entry.config)
    if found.kind != entry.kind or (found.card.dim, found.card.patch) != (expected["dim"], expected["patch"]):
        raise WeightsError(
            f"{path}: holds a {found.kind} of width {found.card.dim}, patch {found.card.patch}; "
            f"{entry.card.name.partition('.')[0]} is a {entry.kind} of width {expected['dim']}, "
            f"patch {expected['patch']}"
        )
    return found


def _bare(entry: Entry, file: Path, *, device: str, dtype: str) -> LoadedBackbone:
    parts = kind_of(entry.kind).assemble(entry.config)
    load_strictly(parts.module, read_tensors(file), source=str(file))
    card = dataclasses.replace(
        entry.card,
        name=f"{entry.card.name.partition('.')[0]}.local",
        weights=file.name,
        weights_sha256="",
        licence="unknown",
        pretrained_on=(),
    )
    return loaded(card=card, kind=entry.kind, config=entry.config, parts=parts, device=device, dtype=dtype)
