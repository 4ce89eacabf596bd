"""An endless stream of clips for pretraining, on the ladder of Yu, Chen and Gandelsman (arXiv 2410.24213).

Each level adds one property to the one below and changes nothing else: a scene of level k is that of level
k - 1, number by number. Ranges are relative to the picture's side and to frames at 8 per second. There are
2 to 5 objects, where theirs cover the picture, and no images as textures (their levels 6 and 7).
"""

from __future__ import annotations

import math
from dataclasses import replace

import torch

from twlv.errors import UsageError
from twlv.video.synthetic.drawing import MOVER_NUMBERS, SCENE_NUMBERS, draw_mover, draw_scene
from twlv.video.synthetic.factors import Factors
from twlv.video.synthetic.names import SHAPES, TEXTURES
from twlv.video.synthetic.rendering import render
from twlv.video.synthetic.scene import Mover, Scene
from twlv.video.synthetic.uniforms import Row, rows, whole

FPS = 8.0

LEVELS = (
    "static circles",
    "moving circles",
    "moving shapes",
    "transformations",
    "acceleration",
    "textures",
)
"""What level 0, 1, ... 5 adds to the one below."""

STATIC = Factors(
    shapes=("disc",), textures=("plain",), directions=None, speeds=(0.0, 0.0), accelerations=(0.0, 0.0),
    trajectories=("line",), spins=(0.0, 0.0), growths=(0.0, 0.0), pan_share=0.0, sways=(0.0, 0.0),
    noises=(0.0, 0.02), wrap=False,
)  # fmt: skip
MOVING = replace(STATIC, speeds=(0.0, 0.07 * FPS), pan_share=0.5, pans=(0.0, 0.03 * FPS))
SHAPED = replace(MOVING, shapes=SHAPES)
TRANSFORMED = replace(SHAPED, spins=(0.0, 0.25 * FPS), growths=(0.0, 0.06 * FPS), shears=(0.0, 0.03 * FPS))
ACCELERATED = replace(TRANSFORMED, accelerations=(-1.0, 1.0))
TEXTURED = replace(ACCELERATED, textures=TEXTURES)

LADDER: tuple[Factors, ...] = (STATIC, MOVING, SHAPED, TRANSFORMED, ACCELERATED, TEXTURED)
"""The factors of each level."""

MOST = 16
"""Largest number of objects that a caller may ask for."""


def pretrain_scenes(
    seed: int,
    step: int,
    *,
    level: int = 5,
    batch: int = 64,
    num_frames: int = 16,
    rank: int = 0,
    objects: tuple[int, int] = (2, 5),
) -> list[Scene]:
    """The scenes of one step. They depend on nothing but the arguments.

    ``objects`` (fewest, most) per scene; their radii have the density 1 / r^3 of dead leaves. Raises
    UsageError.
    """
    if not 0 <= level < len(LADDER):
        raise UsageError(f"levels are 0 to {len(LADDER) - 1}, got {level}")
    if not 1 <= objects[0] <= objects[1] <= MOST:
        raise UsageError(f"needs 1 <= fewest <= most <= {MOST} objects, got {objects}")
    factors = replace(LADDER[level], duration_seconds=num_frames / FPS)
    return [_scene((seed, step, rank, number), factors, objects) for number in range(batch)]


def _scene(key: tuple[int, ...], factors: Factors, objects: tuple[int, int]) -> Scene:
    (of_scene,) = rows(SCENE_NUMBERS, 1, *key, 6)
    count = whole(objects, of_scene["distractors"])
    movers = tuple(_leaf(row, factors) for row in rows(MOVER_NUMBERS, count, *key, 7))
    return draw_scene(of_scene, movers, factors)


def _leaf(u: Row, factors: Factors) -> Mover:
    """An object whose radius has density 1 / r^3 between 0.08 and 0.35."""
    mover = draw_mover(u, factors)
    low, high = 0.08**-2, 0.35**-2
    return replace(mover, look=replace(mover.look, radius=1 / math.sqrt(low + u["radius"] * (high - low))))


def pretrain_batch(
    seed: int,
    step: int,
    *,
    level: int = 5,
    batch: int = 64,
    num_frames: int = 16,
    size_px: int = 64,
    rank: int = 0,
    objects: tuple[int, int] = (2, 5),
    device: torch.device | str = "cpu",
) -> torch.Tensor:
    """The clips of one step: uint8 (B, T, 3, H, W) on ``device``. Ranks of one step share no clip."""
    scenes = pretrain_scenes(
        seed, step, level=level, batch=batch, num_frames=num_frames, rank=rank, objects=objects
    )
    return render(scenes, num_frames=num_frames, size_px=size_px, device=device)
