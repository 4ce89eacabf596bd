"""The rows that go through the encoder: every clip once per mask, and the images, packed.

Axes: B clips or images, M masks, R = M * B rows (all clips of the first mask, then those of the second ...),
V visible tokens, N tokens, D width.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch

from twlv.nn.attention import Packing
from twlv.nn.vit import VideoTransformer
from twlv.pretrain.objective.predictor import positions_on, take
from twlv.pretrain.objective.records import Masks, Seen

Tapped: TypeAlias = dict[int | None, torch.Tensor]
"""Tokens (R, V, D) by the number of the block after which they were taken; None: the encoder's result."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """Clips or images with their masks. ``first_token`` (B,) is where a row's tokens begin in the clip's grid:
    0 for clips, a step of time for images.
    """

    seen: Seen
    ids: tuple[str, ...]
    masks: tuple[Masks, ...]
    first_token: torch.Tensor

    @property
    def visible(self) -> torch.Tensor:
        """(R, V), numbers within the row's own grid."""
        return torch.cat([mask.visible for mask in self.masks])

    @property
    def offsets(self) -> torch.Tensor:
        """(R, 1) to add to a token's number to find its position in the clip's grid."""
        return self.first_token.repeat(len(self.masks))[:, None]

    @property
    def mask_number(self) -> torch.Tensor:
        """(R,) which mask a row has."""
        numbers = torch.arange(len(self.masks), device=self.first_token.device)
        return numbers.repeat_interleave(len(self.ids))


def embed_rows(encoder: VideoTransformer, rows: Rows, mean: torch.Tensor, std: torch.Tensor) -> torch.Tensor:
    """(R, V, D): only what is visible is projected, so nothing of a masked pixel is in it."""
    pixels = encoder.patch_embed.cut((rows.seen.frames - mean) / std).flatten(1, 3)
    shown = torch.cat([take(pixels, mask.visible) for mask in rows.masks])
    tokens = encoder.patch_embed.project(shown)
    table = positions_on(encoder.config.position, encoder.config.width, encoder.config.grid, tokens)
    return tokens + table[rows.visible + rows.offsets]


def encode(
    encoder: VideoTransformer,
    tokens: torch.Tensor,
    *,
    keep: Collection[int],
    branches: torch.Tensor | None = None,
    recompute: bool = False,
) -> Tapped:
    """Tokens (R, V, D) after the blocks numbered in ``keep``, and under None at the end."""
    drops = None if branches is None else branches[..., None, None].to(tokens)
    last, kept = encoder.encode_blocks(tokens, keep=keep, branches=drops, recompute=recompute)
    return _tapped(last, kept)


def encode_packed(
    encoder: VideoTransformer,
    clips: torch.Tensor,
    images: torch.Tensor,
    *,
    keep: Collection[int],
    branches: Sequence[torch.Tensor] | None = None,
    recompute: bool = False,
) -> tuple[Tapped, Tapped]:
    """``encode`` of clips (R, V, D) and images (I, v, D) as one batch of rows of V tokens.

    As many images as fit lie in one row and do not see one another; the rest of the row is padding.
    ``branches`` of the clips and of the images, (depth, 2, R) and (depth, 2, I).
    """
    length, count = clips.shape[1], images.shape[0]
    packing = Packing(whole=len(clips), per_row=length // images.shape[1], length=images.shape[1])
    rows = torch.cat([clips, _pack(images, packing, length)])
    drops = None
    if branches is not None:
        per_token = branches[1][..., None, None].expand(-1, -1, -1, packing.length, 1)
        packed = torch.stack(
            [torch.stack([_pack(part, packing, length) for part in pair]) for pair in per_token]
        )
        whole = branches[0][..., None, None].expand(-1, -1, -1, length, 1)
        drops = torch.cat([whole, packed], dim=2).to(rows)
    last, kept = encoder.encode_blocks(rows, keep=keep, branches=drops, packing=packing, recompute=recompute)
    found = _tapped(last, kept)
    return (
        {block: x[: packing.whole] for block, x in found.items()},
        {block: _unpack(x[packing.whole :], packing, count) for block, x in found.items()},
    )


def _tapped(last: torch.Tensor, kept: dict[int, torch.Tensor]) -> Tapped:
    found: Tapped = {None: last}
    for number, tokens in kept.items():
        found[number] = tokens
    return found


def _pack(sequences: torch.Tensor, packing: Packing, length: int) -> torch.Tensor:
    """(rows, length, D) of (I, v, D): ``per_row`` in each, zeros after them."""
    count, v, width = sequences.shape
    rows = -(-count // packing.per_row)
    packed = sequences.new_zeros(rows, length, width)
    filled = torch.cat([sequences, sequences.new_zeros(rows * packing.per_row - count, v, width)])
    packed[:, : packing.per_row * v] = filled.reshape(rows, packing.per_row * v, width)
    return packed


def _unpack(rows: torch.Tensor, packing: Packing, count: int) -> torch.Tensor:
    used = rows[:, : packing.per_row * packing.length]
    return used.reshape(-1, packing.length, rows.shape[-1])[:count]
