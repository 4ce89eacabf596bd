"""``load``: from any way of naming a backbone to the backbone."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

from twlv.backbones.entries_absent import absent
from twlv.backbones.table import TABLE, of_architecture, unknown
from twlv.errors import UsageError
from twlv.types import Pool

if TYPE_CHECKING:
    from twlv.contracts import Backbone

_HUB = "hf:"


def load(
    name: str, *, weights: str | Path | None = None, device: str = "auto", dtype: str = "auto"
) -> Backbone:
    """The backbone of a name, ready to encode.

    ``name`` is one of: a name of the table (``twlv1_vit_b.random``; ``twlv models list``); an architecture
    of the table with ``weights=`` (``twlv1_vit_b``); ``hf:org/name``, ``hf:org/name@revision`` or
    ``hf:/folder`` for a model that transformers knows; a folder that ``save`` wrote; ``module:function``,
    called with those of ``weights``, ``device`` and ``dtype`` that it takes. Code that comes with
    downloaded weights is never run. A pooling may follow any of them: ``videomae_vit_b.k400+mean_norm``
    (``mean``, ``cls``, ``attention``, ``mean_norm``; see ``LoadedBackbone.pools``).

    ``device`` is auto, cpu, cuda or cuda:N. ``dtype`` is auto, float32 or bfloat16; auto is bfloat16 only
    where the device is fast in it and the family was measured to agree with float32.

    Raises:
        UnknownName: nobody knows the name; says the nearest.
        UsageError: weights given where they cannot be used, or a function that returns no backbone.
        MissingExtra: an optional package is not installed.
        WeightsError: the weights are absent, or do not fit the card or the architecture.
    """
    base, _, pool = name.rpartition("+")
    if base and pool in get_args(Pool) and not Path(name).exists():
        return _pooled(load(base, weights=weights, device=device, dtype=dtype), cast(Pool, pool))
    if name in TABLE:
        _refuse_weights(name, weights)
        entry = TABLE[name]
        found: Backbone = _function(entry.loader)(entry, weights=None, device=device, dtype=dtype)
        return found
    if name.startswith(_HUB):
        _refuse_weights(name, weights)
        from twlv.backbones.hub import load_hub

        return load_hub(name.removeprefix(_HUB), device=device, dtype=dtype)
    if Path(name).is_dir() or name.endswith(".safetensors"):
        _refuse_weights(name, weights)
        from twlv.backbones.folder import load_folder

        return load_folder(name, device=device, dtype=dtype)
    if of_architecture(name):
        return _architecture(name, weights, device=device, dtype=dtype)
    if ":" in name:
        from twlv.backbones.user import load_user

        return load_user(name, weights=weights, device=device, dtype=dtype)
    line = absent(name)
    if line is not None:
        raise UsageError(f"{name} is not here. {line.why_not} It would take: {line.needed}")
    raise unknown(name)


def _pooled(backbone: Backbone, pool: Pool) -> Backbone:
    from twlv.backbones.loaded import LoadedBackbone

    if isinstance(backbone, LoadedBackbone):
        return backbone.with_pool(pool)
    if backbone.card.pool == pool:
        return backbone
    raise UsageError(
        f"{backbone.card.name} is a backbone of your own, pooled by {backbone.card.pool}; its card says that, "
        f"so leave out '+{pool}' or change the card"
    )


def _architecture(name: str, weights: str | Path | None, *, device: str, dtype: str) -> Backbone:
    entries = of_architecture(name)
    if weights is None:
        tagged = ", ".join(entry.card.name for entry in entries)
        raise UsageError(f"{name} is an architecture; say weights=PATH, or take one of {tagged}")
    from twlv.backbones.local import load_local

    return load_local(entries[0], weights, device=device, dtype=dtype)


def _refuse_weights(name: str, weights: str | Path | None) -> None:
    if weights is not None:
        raise UsageError(
            f"'{name}' already says which weights; leave out weights={str(weights)!r}, "
            f"or name the architecture alone ('{name.partition('.')[0]}')"
        )


def _function(target: str) -> Any:
    module, _, attribute = target.partition(":")
    return getattr(importlib.import_module(module), attribute)
