"""The steps that turn one naming of a Vision Transformer's tensors into ours. Axes: N tokens, D width."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

import torch

from twlv.backbones.convert.read import Tree
from twlv.errors import WeightsError
from twlv.nn.position import position_table
from twlv.nn.strict import few
from twlv.nn.vit import VitConfig

State = dict[str, torch.Tensor]

_TABLE_TOLERANCE = 1e-4
"""Tables were written in float32, from float32 or float64 angles of up to 1568: sines then differ by 1e-5."""

_RENAMED = (
    (re.compile(r"^patch_embed\.proj\."), "patch_embed."),
    (re.compile(r"^(blocks\.\d+)\.attn\."), r"\1.attention."),
    (re.compile(r"^(blocks\.\d+)\.ls([12])\."), r"\1.scale\2."),
)


def branch(tree: Tree, names: Sequence[str], *, source: str, bare: bool = False) -> State:
    """The tensors of the first of ``names`` that the tree has; with ``bare``, else the tree's own.

    Raises:
        WeightsError: it has none of them; says which, and what is there.
    """
    for name in names:
        found = tree.get(name)
        if isinstance(found, Mapping):
            return {key: value for key, value in found.items() if isinstance(value, torch.Tensor)}
    own = {key: value for key, value in tree.items() if isinstance(value, torch.Tensor)}
    if bare and own:
        return own
    expected = [*(repr(name) for name in names), *(["bare tensors"] if bare else [])]
    raise WeightsError(
        f"{source}: expected {' or '.join(expected)} at the top, found {few(list(map(str, tree))) or 'nothing'}"
    )


def under(tensors: Mapping[str, torch.Tensor], prefix: str, *, source: str) -> tuple[State, State]:
    """The tensors under a prefix, without it, and the others.

    Raises:
        WeightsError: there are none under it.
    """
    found = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
    if not found:
        raise WeightsError(f"{source}: expected tensors under '{prefix}', found {few(tensors)}")
    return found, {key: value for key, value in tensors.items() if not key.startswith(prefix)}


def without_wrapper(tensors: Mapping[str, torch.Tensor], *prefixes: str) -> State:
    """Tensors without a prefix that every one of them has (``module.`` of a parallel run)."""
    for prefix in prefixes:
        if tensors and all(key.startswith(prefix) for key in tensors):
            return {key.removeprefix(prefix): value for key, value in tensors.items()}
    return dict(tensors)


def drop(tensors: Mapping[str, torch.Tensor], prefixes: Sequence[str]) -> tuple[State, Counter[str]]:
    """What an encoder has a place for, and how many tensors were left out under each prefix."""
    kept: State = {}
    dropped: Counter[str] = Counter()
    for key, value in tensors.items():
        prefix = next((prefix for prefix in prefixes if key.startswith(prefix)), None)
        if prefix is None:
            kept[key] = value
        else:
            dropped[prefix] += 1
    return kept, dropped


def renamed(tensors: Mapping[str, torch.Tensor]) -> State:
    """The names that timm's Vision Transformer and its descendants use, as ours. Others stay as they are."""
    return {_renamed(key): value for key, value in tensors.items()}


def _renamed(key: str) -> str:
    for pattern, replacement in _RENAMED:
        key = pattern.sub(replacement, key)
    return key


def with_key_bias(tensors: Mapping[str, torch.Tensor], depth: int) -> State:
    """``q_bias`` and ``v_bias`` of every block as one bias of queries, keys (zero) and values (BEiT, VideoMAE).

    A block without them stays as it is, for strict loading to name.
    """
    made = dict(tensors)
    for index in range(depth):
        at = f"blocks.{index}.attention"
        if f"{at}.q_bias" in made and f"{at}.v_bias" in made:
            q, v = made.pop(f"{at}.q_bias"), made.pop(f"{at}.v_bias")
            made[f"{at}.qkv.bias"] = torch.cat([q, torch.zeros_like(q), v])
    return made


def checked_table(tensors: Mapping[str, torch.Tensor], name: str, config: VitConfig, *, source: str) -> State:
    """Tensors without their stored position table, which must be the one that we compute.

    Raises:
        WeightsError: it is of another shape or has other values.
    """
    made = dict(tensors)
    stored = made.pop(name, None)
    if stored is None:
        return made
    expected = position_table(
        config.position, width=config.width, made_for=config.grid, grid=config.grid, other_grids="refuse"
    )
    found = stored.reshape(-1, stored.shape[-1]).float()
    if found.shape != expected.shape:
        raise WeightsError(
            f"{source}: {name} has {found.shape[0]} positions of width {found.shape[1]}, expected "
            f"{expected.shape[0]} of {expected.shape[1]}: the file is of another size or picture"
        )
    error = float((found - expected).abs().max())
    if not error <= _TABLE_TOLERANCE:
        raise WeightsError(f"{source}: {name} differs from the code '{config.position}' by {error:.2g}")
    return made
