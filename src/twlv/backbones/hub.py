"""Models of transformers, from the hub or a local folder: ``hf:org/name[@revision]``, ``hf:/folder``.

Loading is strict, remote code is never run, and the preparation of the input is read from the model's
own files into the card.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError

from twlv.backbones import hf
from twlv.backbones.hub_families import Family, family_of
from twlv.backbones.loaded import LoadedBackbone, loaded
from twlv.backbones.parts import kind_of
from twlv.backbones.preprocessing import card_fields
from twlv.backbones.quiet import without_random_state
from twlv.errors import UsageError, WeightsError
from twlv.nn.strict import load_strictly, refuse
from twlv.types import BackboneCard, Json

if TYPE_CHECKING:
    from twlv.backbones.entry import Entry

_PREPARATION = ("preprocessor_config.json", "video_preprocessor_config.json")
_PROMISED = ("dim", "patch", "num_frames", "image_size_px", "resize_px", "mean", "std", "num_params")
_CLOSE = 1e-6


@dataclass(frozen=True, kw_only=True)
class _Source:
    """A repository of the hub with an optional revision, or a local folder."""

    place: str
    revision: str | None
    local: bool

    def __str__(self) -> str:
        return f"hf:{self.place}" + (f"@{self.revision}" if self.revision else "")


def is_hub_folder(path: Path) -> bool:
    """Whether a folder holds a model of transformers (``config.json``)."""
    return (path / "config.json").is_file()


def load_hub(target: str, *, device: str = "auto", dtype: str = "auto") -> LoadedBackbone:
    """The model of ``org/name[@revision]`` or of a local folder.

    Raises:
        UsageError: the target is neither.
        MissingExtra: transformers is not installed.
        WeightsError: files are absent or the network is; the model is of a family that has no adapter
            or needs code of its own; tensors are missing, left over or of another shape.
    """
    return _load(_source(target), entry=None, device=device, dtype=dtype)


def load_entry(entry: Entry, *, weights: None, device: str, dtype: str) -> LoadedBackbone:
    """The hub model of a table line; what the table says of it must be true of the files."""
    return _load(_source(entry.weights_at.removeprefix("hf:")), entry=entry, device=device, dtype=dtype)


def _load(source: _Source, *, entry: Entry | None, device: str, dtype: str) -> LoadedBackbone:
    config = _json(source, "config.json")
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


def _pretrained(source: _Source, family: Family, config: Mapping[str, Json], size_px: int) -> tuple[Any, Any]:
    """The model as transformers loads it, strictly, and its configuration object."""
    where = {"revision": source.revision, "trust_remote_code": False}
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
        raise WeightsError(_absent(source, "its weights", error)) from error
    _check_loading(source, family, info)
    return model, settings


def _check_loading(source: _Source, family: Family, info: Mapping[str, Any]) -> None:
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


def _preparation(source: _Source) -> dict[str, Any]:
    found = [values for name in _PREPARATION if (values := _json(source, name, optional=True))]
    if not found:
        raise WeightsError(
            f"{source}: no {' or '.join(_PREPARATION)}, so how its input is prepared is not known; "
            "put the file beside config.json"
        )
    return card_fields(found[0], source=f"{source} {_PREPARATION[0]}")


def _entry_card(entry: Entry, fields: Mapping[str, Any]) -> BackboneCard:
    values = {name: getattr(entry.card, name) for name in entry.card.__dataclass_fields__}
    return BackboneCard(**{**values, **fields, "weights_sha256": entry.card.weights_sha256})


def _hub_card(source: _Source, settings: Any, fields: Mapping[str, Any]) -> BackboneCard:
    commit = getattr(settings, "_commit_hash", None)
    made: dict[str, Any] = {
        "name": str(source),
        "num_params": 0,
        "num_frames": getattr(settings, "frames_per_clip", 16),
        "weights": commit or source.revision or source.place,
        "weights_sha256": "",
        "licence": _licence(source),
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


def _licence(source: _Source) -> str:
    """The ``license:`` line of the model card, if there is one."""
    text = _text(source, "README.md", optional=True) or ""
    head = text.split("---")[1] if text.startswith("---") and text.count("---") > 1 else ""
    for line in head.splitlines():
        if line.startswith("license:"):
            return line.partition(":")[2].strip().strip("'\"") or "unknown"
    return "unknown"


def _source(target: str) -> _Source:
    path = Path(target)
    if target and path.is_dir():
        return _Source(place=str(path), revision=None, local=True)
    place, _, revision = target.partition("@")
    parts = place.split("/")
    if len(parts) > 2 or not all(parts) or place.startswith((".", "~")):
        raise UsageError(f"hf:{target}: neither a folder nor org/name[@revision]")
    return _Source(place=place, revision=revision or None, local=False)


def _json(source: _Source, name: str, *, optional: bool = False) -> dict[str, Json]:
    text = _text(source, name, optional=optional)
    if text is None:
        return {}
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        raise WeightsError(f"{source} {name}: not JSON ({error})") from error
    if not isinstance(values, dict):
        raise WeightsError(f"{source} {name}: not a JSON object")
    return values


def _text(source: _Source, name: str, *, optional: bool) -> str | None:
    if source.local:
        file = Path(source.place) / name
        if not file.is_file():
            if optional:
                return None
            raise WeightsError(f"{source}: no {name} in that folder")
        return file.read_text(encoding="utf-8")
    try:
        found = hf.cached_file(source.place, name, revision=source.revision, optional=optional)
    except (OSError, ValueError) as error:
        raise WeightsError(_absent(source, name, error)) from error
    return None if found is None else Path(found).read_text(encoding="utf-8")


def _absent(source: _Source, what: str, error: Exception) -> str:
    seen = (str(error).strip().splitlines() or ["no reason given"])[0]
    if source.local:
        return f"{source}: cannot read {what}: {seen}"
    return (
        f"{source}: cannot get {what}: {seen} Where there is a network, type: "
        f"hf download {source.place} --local-dir FOLDER; then name it hf:FOLDER"
    )
