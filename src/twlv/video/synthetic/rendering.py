"""From scenes to frames.

Axis letters: B scenes, T frames, C colours, H W pixels, F frames of several scenes one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch

from twlv.errors import UsageError
from twlv.threads import one_core_workers
from twlv.types import IntArray
from twlv.video.synthetic.backdrop import add_noise, ground
from twlv.video.synthetic.motion import frame_times, states
from twlv.video.synthetic.paint import Rows, make_rows, paint
from twlv.video.synthetic.scene import Scene

BLOCK_PIXELS = 1 << 20
"""Pixels (not values) that are drawn at a time: enough to keep a processor busy, few enough for its cache."""


def render(
    scenes: Sequence[Scene], *, num_frames: int, size_px: int, device: torch.device | str = "cpu"
) -> torch.Tensor:
    """Draw scenes: uint8 (B, T, 3, H, W) on ``device``, RGB, H = W = ``size_px``.

    Frame i of T is the state at (i - (T - 1) / 2) duration / T, symmetric about the middle. What a scene
    looks like does not depend on the others in the batch. Raises UsageError for sizes below 1.
    """
    check_size(num_frames, size_px)
    frames = torch.empty(len(scenes), num_frames, 3, size_px, size_px, dtype=torch.uint8, device=device)
    threads = threads_for(frames)

    def work(part: slice) -> None:
        draw_block(scenes[part], frames[part], np.arange(num_frames), num_frames)

    side_by_side(work, blocks(len(scenes), num_frames * size_px**2, threads), threads)
    for number, scene in enumerate(scenes):
        if scene.reversed:
            frames[number] = frames[number].flip(0)
    return frames


def render_blocks(
    scene: Scene,
    *,
    num_frames: int,
    size_px: int,
    block_frames: int = 64,
    device: torch.device | str = "cpu",
) -> Iterator[torch.Tensor]:
    """The frames of ``render`` for one long scene, at most ``block_frames`` at a time: uint8 (t, 3, H, W)."""
    check_size(num_frames, size_px)
    if block_frames < 1:
        raise UsageError(f"block_frames must be 1 or above, got {block_frames}")
    for first in range(0, num_frames, block_frames):
        numbers = np.arange(first, min(first + block_frames, num_frames))
        if scene.reversed:
            numbers = num_frames - 1 - numbers[::-1]
        frames = torch.empty(len(numbers), 3, size_px, size_px, dtype=torch.uint8, device=device)
        draw_frames(scene, frames, numbers, num_frames)
        yield frames.flip(0) if scene.reversed else frames


def check_size(num_frames: int, size_px: int) -> None:
    """Raise UsageError unless both are 1 or above."""
    if num_frames < 1 or size_px < 1:
        raise UsageError(f"needs num_frames and size_px of 1 or above, got {num_frames} and {size_px}")


def draw_frames(scene: Scene, frames: torch.Tensor, numbers: IntArray, num_frames: int) -> None:
    """Fill uint8 (t, 3, S, S) with the frames of one scene with these numbers, played forwards."""
    threads = threads_for(frames)

    def work(part: slice) -> None:
        draw_block([scene], frames[None, part], numbers[part], num_frames)

    side_by_side(work, blocks(len(frames), frames.shape[-1] ** 2, threads), threads)


def threads_for(frames: torch.Tensor) -> int:
    """The threads that share the work: torch's own count on a CPU, one that feeds a GPU."""
    return torch.get_num_threads() if frames.device.type == "cpu" else 1


def blocks(count: int, pixels_each: int, threads: int) -> list[slice]:
    """Parts of ``count`` things: at least one for every thread, and of no more than about BLOCK_PIXELS."""
    step = max(1, min(BLOCK_PIXELS // pixels_each, -(-count // threads)))
    return [slice(first, first + step) for first in range(0, count, step)]


def side_by_side(work: Callable[[slice], None], parts: Sequence[slice], threads: int) -> None:
    """Do all parts, each in one thread: threads inside so small operations would wait for one another."""
    if min(threads, len(parts)) < 2:
        for part in parts:
            work(part)
        return
    with one_core_workers(threads, "twlv-draw") as pool:
        list(pool.map(work, parts))


def draw_block(scenes: Sequence[Scene], frames: torch.Tensor, numbers: IntArray, num_frames: int) -> None:
    """Fill uint8 (B, t, 3, S, S) with the frames of these numbers, played forwards."""
    size_px = frames.shape[-1]
    for part, scene in zip(frames, scenes, strict=True):
        part.copy_(
            ground(scene, frame_times(scene.duration_seconds, num_frames, numbers), size_px, part.device)
        )
    paint(frames.view(-1, 3, size_px, size_px), cast_rows(scenes, numbers, num_frames, size_px))
    for part, scene in zip(frames, scenes, strict=True):
        add_noise(part, scene, numbers)


def cast_rows(scenes: Sequence[Scene], numbers: IntArray, num_frames: int, size_px: int) -> Rows:
    """All movers of the scenes in the frames of these numbers."""
    state = states(scenes, [frame_times(scene.duration_seconds, num_frames, numbers) for scene in scenes])
    movers = [mover for scene in scenes for mover in scene.movers]
    layers = [layer for scene in scenes for layer in range(len(scene.movers))]
    canvases = [
        np.arange(len(numbers)) + number * len(numbers)
        for number, scene in enumerate(scenes)
        for _ in scene.movers
    ]
    return make_rows(movers, layers, canvases, state, size_px)
