"""A backbone on disk: ``model.safetensors`` and ``card.json``, written by us and read back strictly.

``card.json`` holds ``{"format": 1, "card": {...}, "kind": "...", "config": {...}}``. The same text stands
in the metadata of the safetensors file, so that the file alone is enough; where both exist they must agree.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from twlv.backbones.cards import card_from_json, card_to_json
from twlv.backbones.loaded import LoadedBackbone, loaded
from twlv.backbones.parts import kind_of
from twlv.errors import UsageError, WeightsError
from twlv.files import write_atomic
from twlv.nn.strict import load_strictly
from twlv.types import BackboneCard, Json

WEIGHTS = "model.safetensors"
CARD = "card.json"
_FORMAT = 1
_METADATA = "twlv"


@dataclass(frozen=True, kw_only=True)
class Description:
    """What ``card.json`` says: the card, and the architecture that the tensors are for."""

    card: BackboneCard
    kind: str
    config: dict[str, Json]


def save(folder: str | Path, backbone: object) -> Path:
    """Write a loaded backbone to a folder, which ``load`` reads back with the same weights hash.

    Each file is written beside its place and then moved there, the card last.

    Raises:
        UsageError: the backbone did not come from ``load`` by name, folder or hub, so its tensors
            are not known.
    """
    if not isinstance(backbone, LoadedBackbone):
        raise UsageError(f"only a backbone that twlv loaded itself can be saved, got {type(backbone).__name__}")
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    text = _text(Description(card=backbone.card, kind=backbone.kind, config=dict(backbone.config)))
    tensors = {name: tensor.contiguous() for name, tensor in backbone.weights.items()}
    part = place / f".{WEIGHTS}.part"
    save_file(tensors, part, metadata={_METADATA: text, "format": "pt"})
    part.replace(place / WEIGHTS)
    write_atomic(place / CARD, text)
    shutil.copymode(place / CARD, place / WEIGHTS)  # safetensors writes files that only their owner can read
    return place


def load_folder(
    path: str | Path, *, device: str | torch.device = "auto", dtype: str = "auto", expected_kind: str = ""
) -> LoadedBackbone:
    """The backbone of a folder (or of a ``.safetensors`` file) that ``save`` wrote.

    Raises:
        WeightsError: a file is absent or unreadable; tensors are missing, left over or of another shape;
            the card contradicts the architecture; the weights' hash is not the card's.
    """
    file, said = described(path)
    if said is None:
        raise WeightsError(f"{path}: no {CARD} here, so what the weights are is not known")
    if expected_kind and said.kind != expected_kind:
        raise WeightsError(f"{path}: holds a {said.kind}, but a {expected_kind} was asked for")
    parts = kind_of(said.kind).assemble(said.config)
    load_strictly(parts.module, read_tensors(file), source=str(file))
    return loaded(card=said.card, kind=said.kind, config=said.config, parts=parts, device=device, dtype=dtype)


def described(path: str | Path) -> tuple[Path, Description | None]:
    """The weights file of a folder or file, and what is said of it (None if nothing is).

    Raises:
        WeightsError: no weights file there, a damaged card, or a card that contradicts the file's own.
    """
    place = Path(path)
    file = place / WEIGHTS if place.is_dir() else place
    if not file.is_file():
        raise WeightsError(
            f"{file}: no such file; expected a folder with {WEIGHTS} and {CARD}, or a .safetensors file"
        )
    inside = _metadata(file).get(_METADATA)
    beside = file.parent / CARD
    outside = beside.read_text(encoding="utf-8") if file.name == WEIGHTS and beside.is_file() else None
    found = {_parsed(text, source=source) for text, source in ((inside, file), (outside, beside)) if text}
    if len(found) > 1:
        raise WeightsError(f"{beside}: differs from the card inside {file.name}; one of the two was replaced")
    if not found:
        return file, None
    return file, _description(json.loads(found.pop()), source=str(beside if outside else file))


def read_tensors(file: Path) -> dict[str, torch.Tensor]:
    """The tensors of a safetensors file.

    Raises:
        WeightsError: it is not one, or it is cut short.
    """
    try:
        return dict(load_file(file))
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{file}: cannot be read as safetensors ({error})") from error


def _metadata(file: Path) -> dict[str, str]:
    try:
        with safe_open(file, framework="pt") as opened:
            return dict(opened.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise WeightsError(
            f"{file}: cannot be read as safetensors ({error}); convert pickled weights first"
        ) from error


def _text(said: Description) -> str:
    document = {"format": _FORMAT, "card": card_to_json(said.card), "kind": said.kind, "config": said.config}
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def _parsed(text: str, *, source: Path) -> str:
    """Canonical JSON of a document, so that two can be compared."""
    try:
        return json.dumps(json.loads(text), sort_keys=True)
    except json.JSONDecodeError as error:
        raise WeightsError(f"{source}: the card is not JSON ({error})") from error


def _description(document: Any, *, source: str) -> Description:
    if not isinstance(document, dict) or document.get("format") != _FORMAT:
        seen = document.get("format") if isinstance(document, dict) else type(document).__name__
        raise WeightsError(f"{source}: format {seen!r} is not known to this version (it reads {_FORMAT})")
    if not isinstance(document.get("config"), dict) or not isinstance(document.get("kind"), str):
        raise WeightsError(f"{source}: 'kind' or 'config' is missing, so the architecture is not known")
    card = card_from_json(document.get("card"), source=source)
    return Description(card=card, kind=document["kind"], config=document["config"])
