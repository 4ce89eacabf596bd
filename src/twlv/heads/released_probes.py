"""Attentive probes that V-JEPA and V-JEPA 2 released, as heads of ours. Nothing is unpickled but tensors.

Their class names its tensors ``pooler.query_tokens``, ``pooler.cross_attention_block...``, ``linear...``, with
``module.`` before them where it was trained in parallel. Every tensor must find its place; what is left over is
named.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from twlv.errors import WeightsError
from twlv.heads.attentive import AttentiveHeads
from twlv.nn.attentive_pool import AttentiveClassifier, PoolerConfig, pooler_config
from twlv.nn.strict import few, require_places

_NAMES = (
    (r"query_tokens$", "query"),
    (r"cross_attention_block\.norm1\.", "norm."),
    (r"cross_attention_block\.norm2\.", "mlp_norm."),
    (r"cross_attention_block\.mlp\.", "mlp."),
    (r"cross_attention_block\.(?:xattn\.)?(q|kv|proj)\.", r"\1."),
    (r"(blocks\.\d+)\.attn\.", r"\1.attention."),
)


def from_reference(
    state: Mapping[str, torch.Tensor],
    *,
    num_heads: int | None = None,
    out_proj: bool = False,
    source: str = "state dict",
) -> AttentiveHeads:
    """One probe of V-JEPA or V-JEPA 2 from its state dict (on the CPU, float32).

    ``num_heads`` cannot be read off the tensors; None: 16 for the released ones (``usual_heads``). V-JEPA's
    tensors hold an output projection that its code does not apply: it is left out unless ``out_proj``.

    Raises:
        WeightsError: tensors that are missing, left over or of another shape; names them.
    """
    named = {_renamed(name): value for name, value in state.items()}
    if "pooler.query" not in named or "linear.weight" not in named:
        raise WeightsError(f"{source}: no attentive probe (no query_tokens and linear); it holds {few(state)}")
    config = _config(named, num_heads, out_proj, source)
    if not out_proj:
        named = {name: value for name, value in named.items() if not name.startswith("pooler.proj.")}
    with torch.device("meta"):
        expected = AttentiveClassifier(config, len(named["linear.weight"])).state_dict()
    require_places(named, expected, source=source, of="an attentive probe")
    return AttentiveHeads(
        parameters={name: named[name].float()[None] for name in expected},
        config=config,
        first_loss=np.full(1, np.nan),
        last_loss=np.full(1, np.nan),
    )


def load_released(path: str | Path, *, num_heads: int | None = None, out_proj: bool = False) -> AttentiveHeads:
    """All probes of a file: ``.safetensors``, or a checkpoint with ``classifier`` or ``classifiers``.

    Raises:
        WeightsError: no such file, one that holds more than tensors and plain values, or other tensors.
    """
    states = _states(Path(path))
    probes = [
        from_reference(state, num_heads=num_heads, out_proj=out_proj, source=f"{path}, probe {i}")
        for i, state in enumerate(states)
    ]
    if any(probe.config != probes[0].config for probe in probes):
        raise WeightsError(f"{path}: its {len(probes)} probes differ in shape")
    return AttentiveHeads(
        parameters={
            name: torch.cat([probe.parameters[name] for probe in probes]) for name in probes[0].parameters
        },
        config=probes[0].config,
        first_loss=np.full(len(probes), np.nan),
        last_loss=np.full(len(probes), np.nan),
    )


def _renamed(name: str) -> str:
    name = name.removeprefix("module.")
    head, dot, rest = name.partition("pooler.")
    if not dot or head:
        return name
    for pattern, ours in _NAMES:
        rest = re.sub(f"^{pattern}", ours, rest)
    return f"pooler.{rest}"


def _config(
    named: Mapping[str, torch.Tensor], num_heads: int | None, out_proj: bool, source: str
) -> PoolerConfig:
    blocks = {int(found[1]) for name in named if (found := re.match(r"pooler\.blocks\.(\d+)\.", name))}
    if blocks and "pooler.proj.weight" in named:
        raise WeightsError(
            f"{source}: a deep probe of V-JEPA's first version, whose blocks act on the query; "
            "only those of V-JEPA 2, on the tokens, are known here"
        )
    width = named["pooler.query"].shape[-1]
    made = pooler_config(
        "vjepa",
        width,
        num_heads=num_heads,
        out_proj=out_proj,
        complete_block="pooler.mlp.fc1.weight" in named,
    )
    return replace(made, num_blocks=len(blocks))


def _states(path: Path) -> Sequence[Mapping[str, torch.Tensor]]:
    if not path.is_file():
        raise WeightsError(f"{path}: no such file")
    if path.suffix == ".safetensors":
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            return [load_file(path)]
        except SafetensorError as error:
            raise WeightsError(f"{path}: not a safetensors file: {error}") from error
    try:
        found: Any = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        first = str(error).partition("\n")[0]
        raise WeightsError(
            f"{path}: not a checkpoint of tensors and plain values, and nothing else is unpickled: {first}"
        ) from error
    if not isinstance(found, dict):
        raise WeightsError(f"{path}: holds a {type(found).__name__}, expected a checkpoint of a probe")
    states = found.get("classifiers", [found.get("classifier", found)])
    good = [
        isinstance(state, Mapping) and all(isinstance(value, torch.Tensor) for value in state.values())
        for state in states
    ]
    if not good or not all(good):
        raise WeightsError(f"{path}: no state dict of a probe under 'classifier' or 'classifiers'")
    return list(states)
