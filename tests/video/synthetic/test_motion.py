"""Paths and events against their definitions, followed in small steps."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twlv.video.synthetic import Backdrop, Camera, Event, Look, Mover, Path, Scene
from twlv.video.synthetic.motion import States, drift, frame_times, states

LOOK = Look(shape="disc", texture="plain", colours=((1.0, 1.0, 1.0),) * 2, radius=0.1)


def followed(mover: Mover, times: np.ndarray, camera: Camera | None = None) -> States:
    scene = Scene(movers=(mover,), backdrop=Backdrop(seed=0), camera=camera or Camera())
    return states([scene], [times])


@given(duration=st.floats(0.1, 100), num_frames=st.integers(1, 200))
def test_times_are_exactly_antisymmetric(duration: float, num_frames: int) -> None:
    times = frame_times(duration, num_frames)
    assert np.array_equal(times, -times[::-1])
    assert np.allclose(np.diff(times), duration / num_frames)
    some = np.arange(num_frames // 2, num_frames)
    assert np.array_equal(frame_times(duration, num_frames, some), times[some])


@settings(max_examples=25, deadline=None)
@given(
    heading=st.floats(-3, 3),
    speed=st.floats(0, 0.5),
    acceleration=st.floats(-0.4, 0.4),
    curvature=st.floats(-6, 6),
)
def test_a_path_is_its_velocity_summed_up(
    heading: float, speed: float, acceleration: float, curvature: float
) -> None:
    """The heading turns by the curvature for every side travelled; small steps from the middle to the end."""
    path = Path(
        centre=(0.3, 0.6), heading_radians=heading, speed=speed, acceleration=acceleration, curvature=curvature
    )
    times = np.linspace(0, 1, 2001)
    found = followed(Mover(look=LOOK, path=path), times)
    middle = (times[1:] + times[:-1]) / 2
    way = speed * middle + acceleration * middle**2 / 2
    velocity = speed + acceleration * middle
    step = (times[1] - times[0]) * velocity
    x = 0.3 + np.cumsum(step * np.cos(heading + curvature * way))
    y = 0.6 + np.cumsum(step * np.sin(heading + curvature * way))
    assert np.allclose(found.x[0, 1:], x, atol=1e-6)
    assert np.allclose(found.y[0, 1:], y, atol=1e-6)


def test_a_wave_swings_across_the_heading() -> None:
    path = Path(centre=(0.5, 0.5), heading_radians=math.pi / 2, speed=0.25, wave=0.02, wave_length=0.25)
    found = followed(Mover(look=LOOK, path=path), np.array([-0.25, 0.0, 0.25, 0.5]))
    assert np.allclose(found.y[0], 0.5 + 0.25 * np.array([-0.25, 0.0, 0.25, 0.5]))
    assert np.allclose(found.x[0], [0.52, 0.5, 0.48, 0.5])


def test_turning_growing_and_shearing_are_linear_in_time() -> None:
    mover = Mover(look=LOOK, path=Path(centre=(0.5, 0.5)), spin=0.5, growth=-0.2, shear=0.1)
    found = followed(mover, np.array([-1.0, 0.0, 2.0]))
    assert np.allclose(found.angle[0], [-0.5, 0.0, 1.0])
    assert np.allclose(found.log_size[0], [0.2, 0.0, -0.4])
    assert np.allclose(found.shear[0], [-0.1, 0.0, 0.2])


Kind = Literal["slide", "spin", "pulse", "shake", "orbit"]


def during(kind: Kind, amount: float, cycles: float = 1.0, heading: float = 0.0) -> States:
    """Before the event, at its start, after a quarter, half, all of it, and long after."""
    event = Event(
        kind=kind, start_seconds=1.0, end_seconds=3.0, amount=amount, heading_radians=heading, cycles=cycles
    )
    mover = Mover(look=LOOK, path=Path(centre=(0.5, 0.5)), events=(event,))
    return followed(mover, np.array([0.0, 1.0, 1.5, 2.0, 3.0, 9.0]))


def test_events_do_what_they_say() -> None:
    assert np.allclose(during("slide", 0.4).x[0] - 0.5, [0, 0, 0.1, 0.2, 0.4, 0.4])
    assert np.allclose(during("slide", 0.4, heading=math.pi / 2).y[0] - 0.5, [0, 0, 0.1, 0.2, 0.4, 0.4])
    assert np.allclose(during("spin", -2.0).angle[0], [0, 0, -0.5, -1, -2, -2])
    assert np.allclose(during("pulse", 0.6).log_size[0], [0, 0, 0.3, 0.6, 0, 0])
    assert np.allclose(during("shake", 0.1).x[0] - 0.5, [0, 0, 0.1, 0, 0, 0])
    orbit = during("orbit", 0.1)
    assert np.allclose(orbit.x[0] - 0.5, [0, 0, -0.1, -0.2, 0, 0])
    assert np.allclose(orbit.y[0] - 0.5, [0, 0, 0.1, 0, 0, 0])
    assert np.allclose(during("orbit", -0.1).y[0] - 0.5, [0, 0, -0.1, 0, 0, 0])


def test_the_camera_sways_everything_alike() -> None:
    camera = Camera(sway=0.02, frequency=0.5, phase=(0.0, math.pi / 2))
    times = np.linspace(-1, 1, 9)
    found = followed(Mover(look=LOOK, path=Path(centre=(0.5, 0.5))), times, camera)
    scene = Scene(movers=(), backdrop=Backdrop(seed=0, pan=(0.1, 0.0)), camera=camera)
    x, y = drift(scene, times)
    assert np.allclose(found.x[0] - 0.5, 0.02 * np.sin(math.pi * times))
    assert np.allclose(found.y[0] - 0.5, 0.02 * np.cos(math.pi * times))
    assert np.allclose(x, found.x[0] - 0.5 + 0.1 * times)
    assert np.allclose(y, found.y[0] - 0.5)


@pytest.mark.parametrize("num", [1, 3])
def test_movers_of_several_scenes_stay_apart(num: int) -> None:
    movers = [Mover(look=LOOK, path=Path(centre=(0.1 * i, 0.0), speed=0.1 * i)) for i in range(2 * num)]
    scenes = [
        Scene(movers=tuple(movers[:num]), backdrop=Backdrop(seed=0), camera=Camera(sway=0.1)),
        Scene(movers=tuple(movers[num:]), backdrop=Backdrop(seed=0), duration_seconds=4.0),
    ]
    times = [frame_times(scene.duration_seconds, 4) for scene in scenes]
    together = states(scenes, times)
    apart = [states([scene], [at]) for scene, at in zip(scenes, times, strict=True)]
    assert np.array_equal(together.x, np.concatenate([part.x for part in apart]))
