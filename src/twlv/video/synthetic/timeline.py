"""Untrimmed videos: actions one after the other, with or without background between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from twlv.video.synthetic.factors import DEFAULT, Factors
from twlv.video.synthetic.names import ACTIONS
from twlv.video.synthetic.scene import Scene


@dataclass(frozen=True, kw_only=True)
class Action:
    """One action of the subject, in seconds FROM THE START of the video, half-open."""

    label: str
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """A long scene and its actions: sorted, disjoint, inside the video."""

    scene: Scene
    actions: tuple[Action, ...]


def draw_timeline(
    seed: int,
    index: int,
    *,
    duration_seconds: float = 60.0,
    labels: Sequence[str] = ACTIONS,
    recipe: Sequence[str] | None = None,
    lengths_seconds: tuple[float, float] = (2.0, 8.0),
    gaps_seconds: tuple[float, float] = (1.0, 5.0),
    factors: Factors = DEFAULT,
) -> Timeline:
    """An untrimmed video: actions drawn from ``labels`` with gaps of background, until it is full.

    ``recipe`` gives the labels in their order instead; they and the gaps are then stretched to fill the video
    exactly (``gaps_seconds=(0, 0)``: no background).
    """
    raise NotImplementedError


def frame_labels(timeline: Timeline, num_frames: int) -> tuple[str, ...]:
    """The label of each frame: of the action that holds its time (i + 1/2) duration / T, or BACKGROUND."""
    raise NotImplementedError
