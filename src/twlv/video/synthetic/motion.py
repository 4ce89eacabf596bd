"""The state of every mover at given times, from the records' formulas, in double precision.

Axis letters: N movers of all scenes in one list, T frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twlv.types import DoubleArray, IntArray
from twlv.video.synthetic.scene import Camera, Event, Mover, Scene


@dataclass(frozen=True, kw_only=True, eq=False)
class States:
    """Place (fractions of the side, not wrapped), angle, log of the size against ``radius``, shear: (N, T)."""

    x: DoubleArray
    y: DoubleArray
    angle: DoubleArray
    log_size: DoubleArray
    shear: DoubleArray


def frame_times(duration_seconds: float, num_frames: int, frames: IntArray | None = None) -> DoubleArray:
    """Times of the frames in seconds from the middle; exactly antisymmetric. ``frames``: only these."""
    index = np.arange(num_frames) if frames is None else frames
    return (index.astype(np.float64) - (num_frames - 1) / 2) * (duration_seconds / num_frames)


def sway(camera: Camera, times: DoubleArray) -> DoubleArray:
    """How far the camera has moved the picture: (2, T), x and y."""
    phase = np.array(camera.phase)[:, None]
    moved: DoubleArray = camera.sway * np.sin(2 * np.pi * camera.frequency * times + phase)
    return moved


def drift(scene: Scene, times: DoubleArray) -> DoubleArray:
    """How far the backdrop has moved: (2, T), x and y."""
    moved: DoubleArray = np.array(scene.backdrop.pan)[:, None] * times + sway(scene.camera, times)
    return moved


def states(scenes: Sequence[Scene], times: Sequence[DoubleArray]) -> States:
    """The states of all movers of all scenes, played forwards, at the times (T,) of each scene."""
    movers = [mover for scene in scenes for mover in scene.movers]
    t = np.array([at for scene, at in zip(scenes, times, strict=True) for _ in scene.movers])
    t = t.reshape(len(movers), len(times[0]))
    x, y = along_path(movers, t)
    rates = np.array([(m.look.angle_radians, m.spin, m.growth, m.shear) for m in movers]).reshape(-1, 4)
    angle, spin, growth, shear = (column[:, None] for column in rates.T)
    found = States(x=x, y=y, angle=angle + spin * t, log_size=growth * t, shear=shear * t)
    for number, mover in enumerate(movers):
        for event in mover.events:
            add_event(found, number, event, t[number])
    first = 0
    for scene, at in zip(scenes, times, strict=True):
        swing = sway(scene.camera, at)
        x[first : first + len(scene.movers)] += swing[0]
        y[first : first + len(scene.movers)] += swing[1]
        first += len(scene.movers)
    return found


def along_path(movers: Sequence[Mover], t: DoubleArray) -> tuple[DoubleArray, DoubleArray]:
    """Places (N, T) on the paths. The chord of an arc of length s is s sin(h) / h with h half its turn."""
    table = np.array(
        [
            (
                *p.centre,
                p.heading_radians,
                p.speed,
                p.acceleration,
                p.curvature,
                p.wave,
                p.wave_length,
                p.wave_phase,
            )
            for p in (mover.path for mover in movers)
        ]
    ).reshape(-1, 9)
    cx, cy, heading, speed, gain, curvature, wave, length, phase = (column[:, None] for column in table.T)
    way = speed * t + gain * t * t / 2
    half = curvature * way / 2
    chord = way * np.sinc(half / np.pi)
    across = wave * np.sin(2 * np.pi * way / length + phase)
    x = cx + chord * np.cos(heading + half) - across * np.sin(heading)
    y = cy + chord * np.sin(heading + half) + across * np.cos(heading)
    return x, y


def add_event(found: States, row: int, event: Event, t: DoubleArray) -> None:
    """Add what an event does to one row of the states, in place."""
    u = np.clip((t - event.start_seconds) / (event.end_seconds - event.start_seconds), 0.0, 1.0)
    turn = 2 * np.pi * event.cycles * u
    ahead, aside = np.cos(event.heading_radians), np.sin(event.heading_radians)
    if event.kind == "spin":
        found.angle[row] += event.amount * u
    elif event.kind == "pulse":
        found.log_size[row] += event.amount * np.sin(turn / 2) ** 2
    elif event.kind == "orbit":
        radius = abs(event.amount)
        side = np.sign(event.amount) * np.sin(turn)
        found.x[row] += radius * (ahead * (np.cos(turn) - 1) - aside * side)
        found.y[row] += radius * (aside * (np.cos(turn) - 1) + ahead * side)
    else:
        way = event.amount * (u if event.kind == "slide" else np.sin(turn))
        found.x[row] += way * ahead
        found.y[row] += way * aside
