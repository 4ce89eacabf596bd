"""The backbone that ``load`` returns: a card and a network, with device, precision and mode in one place.

Axes: B batch, T frames, C colours, H W pixels, T' H' W' token grid, D width.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping

import torch
from torch import nn

from twlv.backbones.frames import check_frames
from twlv.backbones.hashing import tensors_sha256
from twlv.backbones.parts import Parts, Run, kind_of
from twlv.contracts import Tokens
from twlv.errors import UsageError, WeightsError
from twlv.nn.precision import dtype_name, fast_float32, resolve_device, resolve_dtype
from twlv.types import BackboneCard, Json, Pool

_ANY_SIZE = ("efficientnet_lite",)
"""Kinds that are convolutions throughout."""


class LoadedBackbone:
    """Implements ``contracts.Backbone``. Make one with ``twlv.load``, or with ``loaded`` below.

    The weights stay on the CPU in float32, as they were read, so that they can be hashed and saved; a
    copy on the device, in the dtype, computes. Where the two are the same there is no copy.
    """

    def __init__(
        self,
        *,
        card: BackboneCard,
        kind: str,
        config: Mapping[str, Json],
        parts: Parts,
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        self.kind = kind
        self.config = config
        self.device = device
        self.dtype = dtype
        self._card = card
        self._runs = runs_of(parts, kind, config)
        self._run = self._runs[card.pool]
        self._weights = parts.module.eval().requires_grad_(False)
        self._module = _computing(parts, device, dtype)

    @property
    def card(self) -> BackboneCard:
        """What the weights are and how their input is prepared."""
        return self._card

    @property
    def weights(self) -> Mapping[str, torch.Tensor]:
        """Every tensor of the network by name, float32 on the CPU, as it was read. Do not write to them."""
        return dict(self._weights.state_dict())

    def encode(self, frames: torch.Tensor) -> Tokens:
        """Float normalised frames (B, T, C, H, W), on any device, to float32 Tokens on the backbone's.

        Runs in inference mode; the tokens are ordinary tensors, so a head can be trained on them.

        Raises:
            UsageError: frames that the card does not describe.
        """
        check_frames(frames, self._card)
        with torch.inference_mode(), fast_float32(self.device):
            patches, pooled = self._run(self._module, frames.to(self.device, self.dtype))
        with torch.inference_mode(mode=False):
            return Tokens(patches=_outside(patches), cls=None if pooled is None else _outside(pooled))

    def at_size(self, size_px: int) -> LoadedBackbone:
        """The same network for pictures of another size: its card says so, and its embeddings are others.

        Raises:
            UsageError: a network that takes one size only, or a size that its patches do not divide.
        """
        card = self._card
        if size_px == card.image_size_px:
            return self
        if self.kind not in _ANY_SIZE and not card.details.get("flexible_size", False):
            raise UsageError(f"{card.name} takes pictures of {card.image_size_px} px only, not {size_px}")
        if size_px < 1 or any(size_px % side for side in card.patch[1:]):
            raise UsageError(f"{card.name}: {size_px} px is no multiple of its patches of {card.patch[1:]} px")
        found = copy.copy(self)
        found._card = dataclasses.replace(card, image_size_px=size_px, resize_px=0)
        return found

    @property
    def pools(self) -> tuple[Pool, ...]:
        """Every way in which these weights can give one vector of a clip, their own first."""
        return tuple(self._runs)

    def with_pool(self, pool: Pool) -> LoadedBackbone:
        """The same weights, a clip's vector taken in another way; the card and its name say which.

        Raises:
            UsageError: these weights do not have it; says which they have.
        """
        card = self._card
        if pool not in self._runs:
            raise UsageError(f"{card.name} can be pooled by {', '.join(self._runs)}, not by {pool}")
        if pool == card.pool:
            return self
        found = copy.copy(self)
        found._run = self._runs[pool]
        found._card = dataclasses.replace(
            card,
            name=f"{card.name.removesuffix(f'+{card.pool}')}+{pool}",
            pool=pool,
            dim=dim_of(self.kind, self.config, pool),
        )
        return found

    def told(self, *, name: str, licence: str, citation: str) -> LoadedBackbone:
        """The same weights, with these words in their card."""
        found = copy.copy(self)
        found._card = dataclasses.replace(self._card, name=name, licence=licence, citation=citation)
        return found

    def __repr__(self) -> str:
        card = self._card
        return f"LoadedBackbone({card.name}, {card.num_params / 1e6:.1f}M, {card.dtype} on {self.device})"


def loaded(
    *,
    card: BackboneCard,
    kind: str,
    config: Mapping[str, Json],
    parts: Parts,
    device: str | torch.device = "auto",
    dtype: str = "auto",
) -> LoadedBackbone:
    """Check a card against the network it describes, complete it with what was measured, and wrap both.

    Fills ``num_params``, ``weights_sha256`` and ``dtype``.

    Raises:
        WeightsError: the card contradicts the architecture, or names another weights hash.
    """
    check_card(card, kind, config)
    offered = runs_of(parts, kind, config)
    if card.pool not in offered:
        raise WeightsError(
            f"{card.name}: the card says pool '{card.pool}'; the weights can be pooled by {', '.join(offered)}"
        )
    on = resolve_device(device)
    to = resolve_dtype(dtype if parts.bfloat16 or dtype != "auto" else "float32", on)
    seen = tensors_sha256(parts.module.state_dict())
    if card.weights_sha256 not in ("", seen):
        raise WeightsError(
            f"{card.name}: the weights' sha256 is {seen}, the card says {card.weights_sha256}; "
            "the file was changed or is not the one of this card"
        )
    card = dataclasses.replace(
        card,
        num_params=sum(parameter.numel() for parameter in parts.module.parameters()),
        weights_sha256=seen,
        dtype="bfloat16" if dtype_name(to) == "bfloat16" else "float32",
    )
    return LoadedBackbone(card=card, kind=kind, config=config, parts=parts, device=on, dtype=to)


def check_card(card: BackboneCard, kind: str, config: Mapping[str, Json]) -> None:
    """Compare a card with what follows from the architecture. Its ``pool`` is a choice, and not looked at.

    Raises:
        WeightsError: naming every field that disagrees, with both values.
    """
    wrong = []
    facts = {**kind_of(kind).facts(config), "pool": card.pool, "dim": dim_of(kind, config, card.pool)}
    for field, truth in facts.items():
        if field == "details":
            pairs = [(f"details.{key}", card.details.get(key), value) for key, value in truth.items()]
        else:
            pairs = [(field, getattr(card, field), truth)]
        wrong += [
            f"{name} is {truth!r}, the card says {said!r}" for name, said, truth in pairs if said != truth
        ]
    if wrong:
        raise WeightsError(f"{card.name}: the card does not fit the architecture: {'; '.join(wrong)}")


def dim_of(kind: str, config: Mapping[str, Json], pool: Pool) -> int:
    """The width of the tokens under a pooling."""
    found = kind_of(kind)
    if found.pool_dim is not None:
        return found.pool_dim(config, pool)
    dim: int = found.facts(config)["dim"]
    return dim


def runs_of(parts: Parts, kind: str, config: Mapping[str, Json]) -> dict[Pool, Run]:
    """How to encode under each pooling, the architecture's own first."""
    own: Pool = kind_of(kind).facts(config)["pool"]
    return {own: parts.run, **{pool: run for pool, run in parts.pools.items() if pool != own}} | (
        {} if own == "mean" or "mean" in parts.pools else {"mean": parts.run}
    )


def _computing(parts: Parts, device: torch.device, dtype: torch.dtype) -> nn.Module:
    if parts.prepare is None and device.type == "cpu" and dtype == torch.float32:
        return parts.module
    module = copy.deepcopy(parts.module)
    if parts.prepare is not None:
        module = parts.prepare(module)
    return module.eval().to(device=device, dtype=dtype)  # a preparation may have put in layers of its own


def _outside(tensor: torch.Tensor) -> torch.Tensor:
    """A float32 copy made outside inference mode: autograd may save it."""
    return tensor.to(torch.float32, copy=True)
