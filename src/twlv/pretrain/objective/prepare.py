"""From a batch to rows with masks, and from rows to queries: all that is drawn.

Axes: B clips or images, R rows (see ``rows``), Q queries, V visible tokens, N tokens.
"""

from __future__ import annotations

import torch

from twlv.errors import UsageError
from twlv.nn.position import Grid
from twlv.pretrain.batch import Batch
from twlv.pretrain.objective.config import ObjectiveConfig, PredictorConfig
from twlv.pretrain.objective.draws import generators, permutations, subset
from twlv.pretrain.objective.masks import Random, draw
from twlv.pretrain.objective.place_weights import motion_weights, saliency_weights
from twlv.pretrain.objective.records import Seen
from twlv.pretrain.objective.rows import Rows
from twlv.types import DoubleArray


def clip_rows(config: ObjectiveConfig, batch: Batch, *, seed: int, step: int) -> Rows:
    """Every clip with every mask of the objective.

    Raises:
        UsageError: clips of another length or size than the encoder's.
    """
    encoder, shape = config.encoder, tuple(batch.frames.shape[1:])
    expected = (encoder.num_frames, 3, encoder.image_size_px, encoder.image_size_px)
    if shape != expected:
        raise UsageError(f"the encoder takes clips (T, C, H, W) of {expected}, got {shape}")
    frames = batch.frames.float() / 255
    seen = Seen(frames=frames, patch=encoder.patch, grid=encoder.grid, displacement=batch.displacement)
    weight = _place_weights(config, seen)
    masks = tuple(
        draw(
            mask, encoder.grid, config.num_visible, generators(seed, step, batch.ids, f"mask/{number}"), weight
        )
        for number, mask in enumerate(config.masks)
    )
    device = frames.device
    first = torch.zeros(len(batch), dtype=torch.int64, device=device)
    return Rows(seen=seen, ids=batch.ids, masks=tuple(mask.to(device) for mask in masks), first_token=first)


def _place_weights(config: ObjectiveConfig, seen: Seen) -> DoubleArray | None:
    if config.place_weights == "motion":
        return motion_weights(seen)
    if config.place_weights == "saliency":
        return saliency_weights(seen, config.place_teacher, config.place_steps, config.place_input_px)
    return None


def image_rows(config: ObjectiveConfig, batch: Batch, *, seed: int, step: int) -> Rows | None:
    """Every image with one random mask, at a step of time of its own; None without images.

    Raises:
        UsageError: images of another size than the encoder's.
    """
    if batch.images is None or not batch.num_images:
        return None
    encoder = config.encoder
    if tuple(batch.images.shape[2:]) != (encoder.image_size_px,) * 2:
        raise UsageError(f"images must be {encoder.image_size_px} px, got {tuple(batch.images.shape[2:])}")
    steps, rows, columns = encoder.grid
    grid: Grid = (1, rows, columns)
    seen = Seen(frames=batch.images[:, None].float() / 255, patch=encoder.patch, grid=grid, is_image=True)
    numbers = generators(seed, step, batch.image_ids, "image")
    random = config.images.time == "random"
    times = [int(g.integers(steps)) if random else steps // 2 for g in numbers]
    mask = draw(Random(), grid, config.num_visible_of_image, numbers).to(seen.frames.device)
    first = torch.tensor(times, device=seen.frames.device) * rows * columns
    return Rows(seen=seen, ids=batch.image_ids, masks=(mask,), first_token=first)


def queries(config: PredictorConfig, rows: Rows, *, seed: int, step: int) -> torch.Tensor:
    """(R, Q) tokens that a predictor is asked for, by number within the row's own grid."""
    found = []
    for number, mask in enumerate(rows.masks):
        numbers = generators(seed, step, rows.ids, f"queries/{config.name}/{number}")
        pool = mask.masked
        if config.queries == "all":
            pool = torch.arange(rows.seen.num_tokens, device=pool.device).expand(len(pool), -1)
        found.append(subset(pool, config.query_share, numbers))
    return torch.cat(found)


def shuffles(config: PredictorConfig, rows: Rows, *, seed: int, step: int) -> torch.Tensor | None:
    """(R, V) permutations of the visible tokens, where the predictor wants them shuffled."""
    if not config.shuffle_visible:
        return None
    found = [
        permutations(mask.visible.shape[1], generators(seed, step, rows.ids, f"shuffle/{config.name}/{number}"))
        for number, mask in enumerate(rows.masks)
    ]
    return torch.cat(found).to(rows.first_token.device)
