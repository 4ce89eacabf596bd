"""Untrimmed videos: actions of one object, one after the other, with or without background between them.

Motion is integrated through the whole video on a torus: an action begins where the last one ended, so neither
the place nor the orientation tells which action it is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from twlv.errors import UnknownName, UsageError
from twlv.video.synthetic.drawing import draw
from twlv.video.synthetic.factors import DEFAULT, Factors
from twlv.video.synthetic.names import ACTIONS, BACKGROUND, heading_of
from twlv.video.synthetic.scene import Event, Mover, Scene
from twlv.video.synthetic.uniforms import Row, between, choose, rows

NUMBERS = ("label", "gap", "length", "amount", "heading", "sign")


@dataclass(frozen=True, kw_only=True)
class Action:
    """One action of the subject, in seconds FROM THE START of the video, half-open."""

    label: str
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """A long scene and its actions as it is played forwards: sorted, disjoint, inside the video."""

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
    (``gaps_seconds=(0, 0)``: no background). The subject stands still in the gaps; distractors and backdrop do
    as ``factors`` says, at constant speed. Raises UsageError, UnknownName.
    """
    wanted = tuple(labels if recipe is None else recipe)
    check(wanted, duration_seconds, lengths_seconds, gaps_seconds)
    count = len(wanted) if recipe is not None else int(duration_seconds / lengths_seconds[0]) + 1
    drawn = list(rows(NUMBERS, count, seed, index, 5))
    gaps = [between(gaps_seconds, row["gap"]) for row in drawn]
    lengths = [between(lengths_seconds, row["length"]) for row in drawn]
    if recipe is None:
        names = [choose(wanted, row["label"]) for row in drawn]
    else:
        names = list(recipe)
        stretch = duration_seconds / (sum(gaps) + sum(lengths) + gaps[0])
        gaps, lengths = [stretch * gap for gap in gaps], [stretch * length for length in lengths]
    actions = lay_out(names, gaps, lengths, duration_seconds)
    still = replace(
        factors, duration_seconds=duration_seconds, wrap=True, accelerations=(0.0, 0.0), growths=(0.0, 0.0),
        shears=(0.0, 0.0), trajectories=("line",),
    )  # fmt: skip
    scene = draw(seed, index, factors=still)
    events = tuple(
        event(action, row, factors, duration_seconds) for action, row in zip(actions, drawn, strict=False)
    )
    movers = tuple(act(mover, events) if mover.role == "subject" else mover for mover in scene.movers)
    return Timeline(scene=replace(scene, movers=movers), actions=tuple(actions))


def check(
    labels: Sequence[str],
    duration_seconds: float,
    lengths_seconds: tuple[float, float],
    gaps_seconds: tuple[float, float],
) -> None:
    """Raise UsageError for what cannot be laid out."""
    for label in labels:
        if label not in ACTIONS:
            raise UnknownName("action", label, ACTIONS)
    if not labels:
        raise UsageError("a timeline needs at least one action, got none")
    if not 0 < lengths_seconds[0] <= lengths_seconds[1] or not 0 <= gaps_seconds[0] <= gaps_seconds[1]:
        raise UsageError(
            f"needs 0 < shortest <= longest action and 0 <= shortest <= longest gap, "
            f"got {lengths_seconds} and {gaps_seconds}"
        )
    if not duration_seconds > 0:
        raise UsageError(f"duration_seconds must be above 0, got {duration_seconds}")


def lay_out(
    names: Sequence[str], gaps: Sequence[float], lengths: Sequence[float], duration_seconds: float
) -> list[Action]:
    """A gap, an action, a gap, ... as long as whole actions fit (to a millionth of a second)."""
    actions: list[Action] = []
    now = 0.0
    for name, gap, length in zip(names, gaps, lengths, strict=True):
        start, end = now + gap, now + gap + length
        if end > duration_seconds + 1e-6:
            break
        now = min(end, duration_seconds)
        actions.append(Action(label=name, start_seconds=start, end_seconds=now))
    return actions


def act(mover: Mover, events: tuple[Event, ...]) -> Mover:
    """A mover that stands still but for its events."""
    return replace(mover, path=replace(mover.path, speed=0.0, wave=0.0), spin=0.0, events=events)


def event(action: Action, u: Row, factors: Factors, duration_seconds: float) -> Event:
    """What an action does to the state. How fast is drawn; a pulse or shake ends where it began."""
    length = action.end_seconds - action.start_seconds
    start = action.start_seconds - duration_seconds / 2
    plain = Event(kind="slide", start_seconds=start, end_seconds=start + length, amount=0.0)
    side = 1.0 if action.label.endswith("-right") else -1.0
    any_way = 2 * math.pi * u["heading"]
    if action.label == "pulse":
        amount = 0.45 if u["sign"] < 0.5 else -0.45
        cycles = max(1.0, float(round(length * between((0.4, 0.8), u["amount"]))))
        return replace(plain, kind="pulse", amount=amount, cycles=cycles)
    if action.label == "shake":
        cycles = max(1.0, float(round(length * between((1.0, 1.6), u["amount"]))))
        return replace(plain, kind="shake", amount=0.05, heading_radians=any_way, cycles=cycles)
    if action.label.startswith("orbit"):
        cycles = length * between((0.3, 0.5), u["amount"])
        return replace(plain, kind="orbit", amount=0.12 * side, heading_radians=any_way, cycles=cycles)
    if action.label.startswith("spin"):
        return replace(plain, kind="spin", amount=side * length * between((1.5, 3.0), u["amount"]))
    amount = length * between(factors.speeds, u["amount"])
    return replace(plain, amount=amount, heading_radians=heading_of(action.label))


def frame_labels(timeline: Timeline, num_frames: int) -> tuple[str, ...]:
    """The label of each frame: of the action that holds its time (i + 1/2) duration / T, or BACKGROUND.

    Where the scene is reversed so are the labels; ``actions`` are those of the video played forwards.
    """
    step = timeline.scene.duration_seconds / num_frames
    found = tuple(label_at(timeline.actions, (number + 0.5) * step) for number in range(num_frames))
    return found[::-1] if timeline.scene.reversed else found


def label_at(actions: Sequence[Action], seconds: float) -> str:
    """The label of the action that holds a time, or BACKGROUND."""
    for action in actions:
        if action.start_seconds <= seconds < action.end_seconds:
            return action.label
    return BACKGROUND
