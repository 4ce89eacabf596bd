"""Frozen networks that targets come from: any backbone by name, fed with the crop that the student sees.

Axes: B rows, T frames, C colours, H W pixels, T' H' W' token grid, D width.
"""

from __future__ import annotations

import weakref
from functools import lru_cache
from typing import TypeAlias

import torch
from torch.nn import functional

from twlv.backbones.loaded import LoadedBackbone
from twlv.backbones.own import vit_config
from twlv.backbones.resolve import load
from twlv.contracts import Backbone
from twlv.errors import UsageError
from twlv.nn.position import Grid
from twlv.nn.vit import VideoTransformer
from twlv.pretrain.objective.records import Seen

_OWN = "video_transformer"
_Answer: TypeAlias = tuple[torch.Tensor, torch.Tensor]


class FrozenTeacher:
    """A backbone that only answers. It is no part of the objective's state, and no gradient reaches it."""

    def __init__(self, name: str, device: torch.device, input_px: int | None = None) -> None:
        self.device = device
        self.backbone: Backbone = load(name, device=str(device), dtype="auto")
        if input_px is not None and input_px != self.backbone.card.image_size_px:
            if not isinstance(self.backbone, LoadedBackbone):
                raise UsageError(f"{name} takes pictures of {self.backbone.card.image_size_px} px only")
            self.backbone = self.backbone.at_size(input_px)
        self._network: VideoTransformer | None = None
        self._last: tuple[weakref.ref[Seen], torch.Tensor, _Answer] | None = None

    @property
    def width(self) -> int:
        """D of its tokens."""
        return self.backbone.card.dim

    @property
    def is_image_model(self) -> bool:
        """Whether it looks at each frame by itself."""
        return self.backbone.card.modality == "image"

    def tokens(self, frames: torch.Tensor) -> _Answer:
        """Patches (B, T', H', W', D) and vectors (B, D) of frames (B, T, C, H, W) in [0, 1]."""
        found = self.backbone.encode(self._prepared(frames))
        pooled = found.cls if found.cls is not None else found.patches.mean(dim=(1, 2, 3))
        return found.patches.to(frames.device), pooled.to(frames.device)

    def at_steps(self, seen: Seen, steps: torch.Tensor) -> _Answer:
        """``tokens`` of the first frames of these steps (an image: of itself). Asked twice, it answers once."""
        if self._last is not None and self._last[0]() is seen and torch.equal(self._last[1], steps):
            return self._last[2]
        answer = self.tokens(seen.frames if seen.is_image else seen.frames[:, steps * seen.patch[0]])
        self._last = (weakref.ref(seen), steps, answer)
        return answer

    @torch.no_grad()
    def blocks(self, frames: torch.Tensor, count: int) -> list[torch.Tensor]:
        """Outputs (B, T', H', W', D) of the last ``count`` blocks, before the final norm.

        Raises:
            UsageError: another architecture than ours, or fewer blocks than that.
        """
        network = self._own_network()
        depth = network.config.depth
        if count > depth:
            raise UsageError(f"{self.backbone.card.name} has {depth} blocks; the last {count} were asked for")
        tokens, grid = network.embed(self._prepared(frames))
        _, kept = network.encode_blocks(tokens, keep=range(depth - count + 1, depth + 1))
        return [network.on_grid(kept[number], grid) for number in sorted(kept)]

    def _own_network(self) -> VideoTransformer:
        if self._network is None:
            backbone = self.backbone
            if not isinstance(backbone, LoadedBackbone) or backbone.kind != _OWN:
                raise UsageError(
                    f"{backbone.card.name} answers with its last tokens only; take blocks=None, or a "
                    "teacher of our own architecture"
                )
            network = VideoTransformer(vit_config(backbone.config), seed=None)
            network.load_state_dict(backbone.weights)
            self._network = network.to(self.device).eval().requires_grad_(False)
        return self._network

    def _prepared(self, frames: torch.Tensor) -> torch.Tensor:
        """Its own size and normalisation: the student's crop, neither cropped again nor cut in time."""
        card, (b, t, c, height, width) = self.backbone.card, frames.shape
        size = card.image_size_px
        if (height, width) != (size, size):
            flat = functional.interpolate(
                frames.flatten(0, 1), size=(size, size), mode="bilinear", antialias=True, align_corners=False
            )
            frames = flat.reshape(b, t, c, size, size)
        mean, std = (frames.new_tensor(part)[:, None, None] for part in (card.mean, card.std))
        return (frames - mean) / std


@lru_cache(maxsize=4)
def teacher(name: str, device: torch.device, input_px: int | None = None) -> FrozenTeacher:
    """The teacher of a name, loaded once per process for all targets that ask for it.

    ``input_px`` gives it pictures of another size than its own: for convolutions, a smaller one costs less.
    """
    return FrozenTeacher(name, device, input_px)


def to_grid(features: torch.Tensor, grid: Grid) -> torch.Tensor:
    """Features (B, t, h, w, D) stretched to another grid, (B, T', H', W', D), half-pixel centres."""
    if tuple(features.shape[1:4]) == tuple(grid):
        return features
    volume = features.permute(0, 4, 1, 2, 3)
    stretched = functional.interpolate(volume, size=grid, mode="trilinear", align_corners=False)
    return stretched.permute(0, 2, 3, 4, 1)


def layer_norm(features: torch.Tensor) -> torch.Tensor:
    """Every token minus its mean, divided by its deviation; nothing learnt."""
    return functional.layer_norm(features, features.shape[-1:], eps=1e-6)


def instance_norm(features: torch.Tensor) -> torch.Tensor:
    """Every channel of a clip (B, ..., D) minus its mean over the tokens, over its deviation (data2vec)."""
    flat = features.flatten(1, -2).transpose(1, 2)
    return functional.instance_norm(flat, eps=1e-5).transpose(1, 2).reshape(features.shape)
