"""Models of transformers, from the hub or a local folder: ``hf:org/name[@revision]``, ``hf:/folder``.

Loading is strict, remote code is never run, and the preparation of the input is read from the model's
own files into the card.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError

from twlv.backbones import hf
from twlv.backbones.hub_families import Family, family_of
from twlv.backbones.hub_source import Source, absent, is_hub_folder, licence_of, read_json, source_of
from twlv.backbones.loaded import LoadedBackbone, loaded
from twlv.backbones.models_folder import folder_of
from twlv.backbones.parts import kind_of
from twlv.backbones.preprocessing import card_fields
from twlv.backbones.quiet import without_random_state
from twlv.errors import WeightsError
from twlv.nn.strict import load_strictly, refuse
from twlv.types import BackboneCard, Json

if TYPE_CHECKING:
    from twlv.backbones.entry import Entry

_PREPARATION = ("preprocessor_config.json", "video_preprocessor_config.json")
_PROMISED = ("dim", "patch", "num_frames", "image_size_px", "resize_px", "mean", "std", "num_params")
_CLOSE = 1e-6


def load_hub(target: str, *, device: str = "auto", dtype: str = "auto") -> LoadedBackbone:
    """The model of ``org/name[@revision]`` or of a local folder.

    Raises:
        UsageError: the target is neither.
        MissingExtra: transformers is not installed.
        WeightsError: files are absent or the network is; the model is of a family that has no adapter
            or needs code of its own; tensors are missing, left over or of another shape.
    """
    return _load(source_of(target), entry=None, device=device, dtype=dtype)


def load_entry(entry: Entry, *, weights: None, device: str, dtype: str) -> LoadedBackbone:
    """The hub model of a table line; what the table says of it must be true of the files.

    It is read from its folder (see ``models_folder``) or the hub's cache, never from the network.
    """
    place = folder_of(entry.card.name)
    if is_hub_folder(place):
        return _load(source_of(str(place)), entry=entry, device=device, dtype=dtype)
    repository = entry.weights_at.removeprefix("hf:")
    source = Source(place=repository, revision=None, local=False, fetched_as=entry.card.name)
    return _load(source, entry=entry, device=device, dtype=dtype)


def load_entry_folder(entry: Entry, folder: Path) -> LoadedBackbone:
    """As ``load_entry``, of files that lie in ``folder``, on the CPU."""
    return _load(source_of(str(folder)), entry=entry, device="cpu", dtype="float32")


def _load(source: Source, *, entry: Entry | None, device: str, dtype: str) -> LoadedBackbone:
    config = read_json(source, "config.json")
    family = family_of(config, source=str(source))
    fields = _preparation(source)
    model, settings = _pretrained(source, family, config, fields["image_size_px"])
    kind, shape, state = family.convert(model, settings)
    parts = kind_of(kind).assemble(shape)
    load_strictly(parts.module, state, source=str(source))
    fields = {**fields, **kind_of(kind).facts(shape)}
    card = _entry_card(entry, fields) if entry else _hub_card(source, settings, fields)
    found = loaded(card=card, kind=kind, config=shape, parts=parts, device=device, dtype=dtype)
    if entry is not None:
        _check_promises(entry.card, found.card)
    return found


def _pretrained(source: Source, family: Family, config: Mapping[str, Json], size_px: int) -> tuple[Any, Any]:
    """The model as transformers loads it, strictly, and its configuration object."""
    where: dict[str, Any] = {"revision": source.revision, "trust_remote_code": False}
    if source.fetched_as:
        where["local_files_only"] = True
    try:
        with without_random_state():
            settings = hf.transformers_class(family.config).from_pretrained(source.place, **where)
            if family.config == "VJEPA2Config":
                settings.crop_size = size_px
            model, info = hf.transformers_class(family.model(config)).from_pretrained(
                source.place,
                **where,
                **family.arguments,
                config=settings,
                dtype=torch.float32,
                output_loading_info=True,
                ignore_mismatched_sizes=True,  # they are listed, and refused below with the rest
            )
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise WeightsError(absent(source, "its weights", error)) from error
    _check_loading(source, family, info)
    return model, settings


def _check_loading(source: Source, family: Family, info: Mapping[str, Any]) -> None:
    left_over = [name for name in info["unexpected_keys"] if not name.startswith(family.left_out)]
    refuse(
        str(source),
        missing=info["missing_keys"],
        left_over=left_over,
        shapes=[
            f"{name}: expected {tuple(own)}, found {tuple(found)}"
            for name, found, own in sorted(info["mismatched_keys"])
        ],
    )
    if info.get("error_msgs"):
        raise WeightsError(f"{source}: {'; '.join(map(str, info['error_msgs']))}")


def _preparation(source: Source) -> dict[str, Any]:
    found = [values for name in _PREPARATION if (values := read_json(source, name, optional=True))]
    if not found:
        raise WeightsError(
            f"{source}: no {' or '.join(_PREPARATION)}, so how its input is prepared is not known; "
            "put the file beside config.json"
        )
    return card_fields(found[0], source=f"{source} {_PREPARATION[0]}")


def _entry_card(entry: Entry, fields: Mapping[str, Any]) -> BackboneCard:
    values = {name: getattr(entry.card, name) for name in entry.card.__dataclass_fields__}
    return BackboneCard(**{**values, **fields, "weights_sha256": entry.card.weights_sha256})


def _hub_card(source: Source, settings: Any, fields: Mapping[str, Any]) -> BackboneCard:
    commit = getattr(settings, "_commit_hash", None)
    made: dict[str, Any] = {
        "name": str(source),
        "num_params": 0,
        "num_frames": getattr(settings, "frames_per_clip", 16),
        "weights": commit or source.revision or source.place,
        "weights_sha256": "",
        "licence": licence_of(source),
        "source": source.place if source.local else f"https://huggingface.co/{source.place}",
    }
    return BackboneCard(**{**made, **fields})


def _check_promises(promised: BackboneCard, found: BackboneCard) -> None:
    wrong = []
    for name in _PROMISED:
        said, seen = getattr(promised, name), getattr(found, name)
        if name in ("mean", "std"):
            same = all(abs(a - b) < _CLOSE for a, b in zip(said, seen, strict=True))
        elif name == "resize_px":
            same = (said or promised.image_size_px) == (seen or found.image_size_px)
        else:
            same = said == seen
        if not same:
            wrong.append(f"{name} {seen!r}, the table says {said!r}")
    if wrong:
        raise WeightsError(f"{promised.name}: the files differ from the table: {'; '.join(wrong)}")
