"""What serves as a label cannot be read from anything else.

Every check is a function of a drawing function, and is also run on drawings in which one factor was tied to
the label on purpose: there it has to speak up. Bounds are chance plus four binomial standard errors; seeds are
fixed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch.nn import functional

from twlv.video.synthetic import (
    DIRECTIONS,
    SHAPES,
    TEXTURES,
    Fixed,
    Scene,
    draw,
    flow,
    heading_of,
    masks,
    preset,
    render,
    time_reversed,
)
from twlv.video.synthetic.motion import frame_times, states

Array = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Draw = Callable[[int], Scene]

TRAIN, TEST, SIZE, FRAMES = 350, 300, 24, 6
LESS = replace(preset("default"), noises=(0.0, 0.0), contrasts=(0.05, 0.15))
"""Quiet pictures: what there is to read is read more easily."""


def fair(index: int) -> Scene:
    return draw(5, index, factors=LESS)


# ---------------------------------------------------------------- probes


def ridge(x: Array, y: Labels, train: int = TRAIN) -> float:
    """Held-out accuracy of a linear map to one-hot labels; the first ``train`` rows are learnt from."""
    x = (x - x[:train].mean(axis=0)) / (x[:train].std(axis=0) + 1e-6)
    x = np.hstack([x, np.ones((len(x), 1))])
    kernel = x @ x[:train].T
    weights = np.linalg.solve(kernel[:train] + x.shape[1] * np.eye(train), np.eye(y.max() + 1)[y[:train]])
    return float(((kernel[train:] @ weights).argmax(axis=1) == y[train:]).mean())


def nearest(x: Array, y: Labels, train: int = TRAIN) -> float:
    """Held-out accuracy of the nearest neighbour."""
    x = (x - x[:train].mean(axis=0)) / (x[:train].std(axis=0) + 1e-6)
    distance = (x[:train] ** 2).sum(axis=1) - 2 * x[train:] @ x[:train].T
    return float((y[distance.argmin(axis=1)] == y[train:]).mean())


def bound(y: Labels) -> float:
    """The best constant answer plus four standard errors of the test."""
    chance = np.bincount(y).max() / len(y)
    return float(chance + 4 * math.sqrt(chance * (1 - chance) / TEST))


def readable(features: dict[str, Array], y: Labels) -> dict[str, float]:
    """The features from which either probe reads the label above its bound."""
    scores = {
        f"{name} {probe.__name__}": probe(x, y) for name, x in features.items() for probe in (ridge, nearest)
    }
    return {name: score for name, score in scores.items() if score > bound(y)}


# ---------------------------------------------------------------- what the probes see


def clips(drawing: Draw) -> tuple[list[Scene], torch.Tensor]:
    scenes = [drawing(index) for index in range(TRAIN + TEST)]
    return scenes, render(scenes, num_frames=FRAMES, size_px=SIZE).float()


def looks(pictures: torch.Tensor) -> Array:
    """Pictures (N, 3, S, S) as 8 x 8 coarse pixels, a histogram of colours, strengths of edges."""
    coarse = functional.adaptive_avg_pool2d(pictures, 8).flatten(1)
    cells = (pictures / 64).floor().clamp(0, 3)
    codes = (cells[:, 0] * 16 + cells[:, 1] * 4 + cells[:, 2]).flatten(1).long()
    colours = functional.one_hot(codes, 64).float().mean(dim=1)
    grey = pictures.mean(dim=1)
    dx, dy = grey[:, :-1, 1:] - grey[:, :-1, :-1], grey[:, 1:, :-1] - grey[:, :-1, :-1]
    edges = torch.stack([dx.abs(), dy.abs(), (dx + dy).abs(), (dx - dy).abs()], dim=1).mean(dim=(2, 3))
    return torch.cat([coarse, colours, edges], dim=1).double().numpy()


def without_order(frames: torch.Tensor) -> dict[str, Array]:
    """A clip without the order of its frames, and single frames by their number."""
    generator = torch.Generator().manual_seed(0)
    shuffled = torch.stack([clip[torch.randperm(FRAMES, generator=generator)] for clip in frames])
    coarse = functional.adaptive_avg_pool2d(shuffled.flatten(0, 1), 6).view(len(frames), -1)
    return {
        "first frame": looks(frames[:, 0]),
        "middle frame": looks(frames[:, FRAMES // 2]),
        "last frame": looks(frames[:, -1]),
        "mean": looks(frames.mean(dim=1)),
        "shuffled": coarse.double().numpy(),
    }


def streaks(frames: torch.Tensor) -> dict[str, Array]:
    """What a motion leaves behind: blind to its sense, not to its axis."""
    return {
        "maximum": looks(frames.amax(dim=1)),
        "spread": functional.adaptive_avg_pool2d(frames.std(dim=1), 8).flatten(1).double().numpy(),
    }


def paths(scenes: list[Scene]) -> Array:
    """How the subjects move: place, angle and log size over time, each from its mean on."""
    table = []
    for scene in scenes:
        found = states([scene], [frame_times(scene.duration_seconds, FRAMES)])
        row = scene.movers.index(scene.subject)
        parts = np.stack([found.x[row], found.y[row], found.angle[row], found.log_size[row]])
        table.append((parts - parts.mean(axis=1, keepdims=True)).ravel())
    return np.stack(table)


@cache
def fair_motion() -> dict[str, Array]:
    """The paths, and the exact flow on the subjects."""
    scenes, _ = fair_clips()
    flows = [flow_on(scene, scene.movers.index(scene.subject)) for scene in scenes]
    return {"path": paths(scenes), "flow": np.stack(flows)}


def flow_on(scene: Scene, row: int) -> Array:
    """The mean flow (2,) and its spread (2,) over the subject, in pixels per frame."""
    seen = masks(scene, FRAMES, SIZE)[:-1] == row + 1
    moved = flow(scene, FRAMES, SIZE).permute(1, 0, 2, 3)[:, seen]
    return torch.cat([moved.mean(dim=1), moved.abs().mean(dim=1)]).double().nan_to_num().numpy()


# ---------------------------------------------------------------- labels


def direction_of(scene: Scene) -> int:
    return list(DIRECTIONS).index(scene.direction)


def shape_of(scene: Scene) -> int:
    return SHAPES.index(scene.subject.look.shape)


def texture_of(scene: Scene) -> int:
    return TEXTURES.index(scene.subject.look.texture)


def labels(scenes: list[Scene], of: Callable[[Scene], int]) -> Labels:
    return np.array([of(scene) for scene in scenes])


def change(scene: Scene, **looks_or_path: object) -> Scene:
    """The scene with fields of its subject's look or path changed."""
    subject = scene.subject
    for name, value in looks_or_path.items():
        if hasattr(subject.look, name):
            subject = replace(subject, look=replace(subject.look, **{name: value}))
        elif hasattr(subject.path, name):
            subject = replace(subject, path=replace(subject.path, **{name: value}))
        else:
            subject = replace(subject, **{name: value})
    movers = tuple(subject if mover is scene.subject else mover for mover in scene.movers)
    return replace(scene, movers=movers)


# ---------------------------------------------------------------- direction


@cache
def fair_clips() -> tuple[list[Scene], torch.Tensor]:
    return clips(fair)


def test_no_frame_and_no_set_of_frames_tells_the_direction() -> None:
    scenes, frames = fair_clips()
    assert readable(without_order(frames), labels(scenes, direction_of)) == {}


def test_streaks_tell_the_axis_but_never_the_sense() -> None:
    """Which way along a known axis stays a guess. The axis shows wherever something moves visibly."""
    scenes, frames = fair_clips()
    y = labels(scenes, direction_of)
    features = streaks(frames)
    axis = labels(scenes, lambda scene: direction_of(scene) % 4)
    assert nearest(features["spread"], axis) > bound(axis), "the probe sees no streaks at all"
    for number in range(4):
        pick = np.flatnonzero(axis == number)
        known = int((pick < TRAIN).sum())
        for name, x in features.items():
            for probe in (ridge, nearest):
                right = probe(x[pick], y[pick] // 4, known)
                assert right < 0.5 + 4 * math.sqrt(0.25 / (len(pick) - known)), (name, number)


def test_the_motion_tells_the_direction() -> None:
    y = labels(fair_clips()[0], direction_of)
    assert nearest(fair_motion()["path"], y) > 0.9
    assert nearest(fair_motion()["flow"], y) > 0.8


def colour_by_direction(index: int) -> Scene:
    scene = fair(index)
    step = direction_of(scene) / 7
    return change(scene, colours=((step, 1 - step, 0.2), (step, 1 - step, 0.4)))


def place_by_direction(index: int) -> Scene:
    scene = fair(index)
    x, y = DIRECTIONS[scene.direction]
    return change(scene, centre=(0.5 + 0.25 * x, 0.5 + 0.25 * y))


def begins_at_one_place(index: int) -> Scene:
    """Every object begins in the middle: where it is seen later tells where it went."""
    scene = fair(index)
    path, (x, y) = scene.subject.path, DIRECTIONS[scene.direction]
    way = path.speed * scene.duration_seconds / 2
    return change(scene, centre=(0.5 + way * x, 0.5 + way * y))


def background_by_direction(index: int) -> Scene:
    scene = fair(index)
    return replace(scene, backdrop=replace(scene.backdrop, level=0.3 + 0.05 * direction_of(scene)))


BROKEN_DIRECTION = [
    colour_by_direction,
    place_by_direction,
    begins_at_one_place,
    background_by_direction,
]


@pytest.mark.parametrize("drawing", BROKEN_DIRECTION, ids=lambda drawing: drawing.__name__)
def test_a_factor_tied_to_the_direction_is_found(drawing: Draw) -> None:
    scenes, frames = clips(drawing)
    assert readable(without_order(frames), labels(scenes, direction_of))


def lag_of_the_first_place(drawing: Draw) -> float:
    """How far ahead along its direction a subject is in the first frame; in standard errors, about 0."""
    ahead = []
    for scene in (drawing(index) for index in range(TRAIN + TEST)):
        found = states([scene], [frame_times(scene.duration_seconds, FRAMES)])
        row = scene.movers.index(scene.subject)
        place = np.array([found.x[row, 0], found.y[row, 0]])
        place = place % 1 if scene.subject.path.wrap else place
        ahead.append(float((place - 0.5) @ DIRECTIONS[scene.direction]))
    return float(np.mean(ahead) / (np.std(ahead) / math.sqrt(len(ahead))))


def loose(index: int) -> Scene:
    return draw(5, index, factors=replace(LESS, wrap=False))


def test_only_on_a_torus_does_the_first_place_not_tell_the_direction() -> None:
    assert abs(lag_of_the_first_place(fair)) < 4
    assert lag_of_the_first_place(loose) < -4


# ---------------------------------------------------------------- looks


@pytest.mark.parametrize("of", [shape_of, texture_of])
def test_the_motion_tells_nothing_of_the_looks(of: Callable[[Scene], int]) -> None:
    assert readable(fair_motion(), labels(fair_clips()[0], of)) == {}


def speed_by_texture(index: int) -> Scene:
    scene = fair(index)
    return change(scene, speed=0.1 + 0.06 * texture_of(scene))


def spin_by_shape(index: int) -> Scene:
    scene = fair(index)
    return change(scene, spin=0.3 * shape_of(scene) - 0.7)


def direction_by_shape(index: int) -> Scene:
    scene = fair(index)
    return change(scene, heading_radians=heading_of(tuple(DIRECTIONS)[shape_of(scene)]))


@pytest.mark.parametrize(
    ("drawing", "of"),
    [(speed_by_texture, texture_of), (spin_by_shape, shape_of), (direction_by_shape, shape_of)],
)
def test_looks_tied_to_a_motion_are_found(drawing: Draw, of: Callable[[Scene], int]) -> None:
    scenes = [drawing(index) for index in range(TRAIN + TEST)]
    assert readable({"path": paths(scenes)}, labels(scenes, of))


def test_single_frames_tell_the_looks() -> None:
    """So a failure of the probes on directions says something of the clips, not of the probes."""
    scenes, frames = fair_clips()
    y = labels(scenes, texture_of)
    assert ridge(looks(frames[:, FRAMES // 2]), y) > bound(y)


# ---------------------------------------------------------------- reversal


def multisets_differ(drawing: Draw, backwards: Callable[[Scene], Scene]) -> int:
    """How many of 12 clips have other frames than their reverse, their order left aside."""
    scenes = [drawing(index) for index in range(12)]
    size = {"num_frames": FRAMES, "size_px": SIZE}
    forward, reverse = render(scenes, **size), render([backwards(scene) for scene in scenes], **size)
    return sum(
        sorted(frame.numpy().tobytes() for frame in a) != sorted(frame.numpy().tobytes() for frame in b)
        for a, b in zip(forward, reverse, strict=True)
    )


def noisy(index: int) -> Scene:
    return draw(6, index, factors=preset("hard"))


def test_a_clip_and_its_reverse_have_the_same_frames() -> None:
    assert multisets_differ(noisy, time_reversed) == 0


def with_other_noise(scene: Scene) -> Scene:
    return replace(time_reversed(scene), noise_seed=scene.noise_seed + 1)


def with_the_opposite_heading(scene: Scene) -> Scene:
    """Turning the velocity round is not enough where an object accelerates, spins or runs in an arc."""
    return change(scene, heading_radians=scene.subject.path.heading_radians + math.pi)


@pytest.mark.parametrize("backwards", [with_other_noise, with_the_opposite_heading])
def test_a_reverse_with_other_frames_is_found(backwards: Callable[[Scene], Scene]) -> None:
    assert multisets_differ(noisy, backwards) == 12


# ---------------------------------------------------------------- order of events

PAIR = ("pulse", "slide")


def ordered(index: int) -> Scene:
    return draw(7, index, factors=LESS, fixed=Fixed(events=PAIR if index % 2 else PAIR[::-1]))


def order_of(scene: Scene) -> int:
    return int(scene.order == PAIR)


def order_blind(frames: torch.Tensor) -> dict[str, Array]:
    """Only what does not know a frame's number: which half of a clip shows a large object is the order."""
    everything = {**without_order(frames), **streaks(frames)}
    return {name: x for name, x in everything.items() if "frame" not in name}


def test_frames_without_their_order_do_not_tell_the_order_of_events() -> None:
    scenes, frames = clips(ordered)
    y = labels(scenes, order_of)
    assert readable(order_blind(frames), y) == {}
    sizes = np.stack(
        [
            states([scene], [frame_times(2.0, FRAMES)]).log_size[scene.movers.index(scene.subject)]
            for scene in scenes
        ]
    )
    assert ridge(sizes**2, y) > 0.99


def slide_amount_by_order(index: int) -> Scene:
    scene = ordered(index)
    events = tuple(
        replace(event, amount=event.amount * (1.9 if scene.order == PAIR else 0.1))
        if event.kind == "slide"
        else event
        for event in scene.subject.events
    )
    return change(scene, events=events)


def radius_by_order(index: int) -> Scene:
    scene = ordered(index)
    return change(scene, radius=0.12 if scene.order == PAIR else 0.2)


@pytest.mark.parametrize("drawing", [slide_amount_by_order, radius_by_order])
def test_an_order_tied_to_what_happens_is_found(drawing: Draw) -> None:
    scenes, frames = clips(drawing)
    assert readable(order_blind(frames), labels(scenes, order_of))
