"""The pretraining stream: repeatable, and each level one property away from the last."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from twlv.errors import UsageError
from twlv.video.synthetic import LEVELS, SHAPES, Mover, Scene, flow, pretrain_batch, pretrain_scenes
from twlv.video.synthetic.motion import frame_times, states

BATCH = 24


def scenes(level: int) -> list[Scene]:
    return pretrain_scenes(3, 7, level=level, batch=BATCH)


def centres(scene: Scene) -> np.ndarray:
    """Places of the movers in 64 pixels: (2, K, T)."""
    found = states([scene], [frame_times(scene.duration_seconds, 16)])
    return 64 * np.stack([found.x, found.y])


def test_a_batch_depends_on_seed_step_and_rank_alone() -> None:
    size = {"batch": 3, "num_frames": 4, "size_px": 16}
    first = pretrain_batch(1, 2, rank=3, **size)
    assert first.shape == (3, 4, 3, 16, 16)
    assert first.dtype == torch.uint8
    pretrain_batch(1, 3, rank=3, **size)
    assert torch.equal(pretrain_batch(1, 2, rank=3, **size), first)
    for seed, step, rank in ((2, 2, 3), (1, 3, 3), (1, 2, 4)):
        assert not torch.equal(pretrain_batch(seed, step, rank=rank, **size), first)
    longer = pretrain_batch(1, 2, rank=3, **{**size, "batch": 5})
    assert torch.equal(longer[:3], first)
    assert len({frame.numpy().tobytes() for frame in longer[:, 0]}) == 5


def without(mover: Mover, level: int) -> Mover:
    """The mover with what ``level`` adds to the level below taken away again."""
    if level == 1:
        return replace(mover, path=replace(mover.path, speed=0.0))
    if level == 2:
        return replace(mover, look=replace(mover.look, shape="disc"))
    if level == 3:
        return replace(mover, spin=0.0, growth=0.0, shear=0.0)
    if level == 4:
        return replace(mover, path=replace(mover.path, acceleration=0.0))
    return replace(mover, look=replace(mover.look, texture="plain"))


@pytest.mark.parametrize("level", range(1, len(LEVELS)))
def test_a_level_adds_what_its_name_says_and_nothing_else(level: int) -> None:
    below, here = scenes(level - 1), scenes(level)
    assert here != below
    for low, high in zip(below, here, strict=True):
        stripped = replace(high, movers=tuple(positive(without(mover, level)) for mover in high.movers))
        if level == 1:  # the ground moves too
            stripped = replace(stripped, backdrop=replace(stripped.backdrop, pan=(0.0, 0.0)))
        assert stripped == replace(low, movers=tuple(positive(mover) for mover in low.movers))


def positive(mover: Mover) -> Mover:
    """Minus nought is nought."""
    path = replace(mover.path, acceleration=mover.path.acceleration + 0.0)
    return replace(mover, path=path, spin=mover.spin + 0.0, growth=mover.growth + 0.0, shear=mover.shear + 0.0)


def test_level_0_stands_still_and_1_moves_evenly() -> None:
    for scene in scenes(0)[:4]:
        assert flow(scene, 4, 32).abs().max() < 1e-5
    moved = 0.0
    for scene in scenes(1) + scenes(2):
        path = centres(scene)
        assert np.abs(np.diff(path, n=2, axis=2)).max() < 1e-9
        moved = max(moved, float(np.abs(np.diff(path, axis=2)).max()))
    assert 2 < moved <= 0.07 * 64
    assert {mover.look.shape for scene in scenes(1) for mover in scene.movers} == {"disc"}


def test_higher_levels_turn_accelerate_and_are_textured() -> None:
    assert {mover.look.shape for scene in scenes(2) for mover in scene.movers} == set(SHAPES)
    assert all(mover.spin for scene in scenes(3) for mover in scene.movers)
    assert max(float(np.abs(np.diff(centres(scene), n=2, axis=2)).max()) for scene in scenes(4)) > 0.1
    assert {mover.look.texture for scene in scenes(4) for mover in scene.movers} == {"plain"}
    assert len({mover.look.texture for scene in scenes(5) for mover in scene.movers}) == 5


def test_radii_have_the_density_of_dead_leaves() -> None:
    """1 / r^3 on [a, b]: half of all radii are below the root of 2 / (1 / a^2 + 1 / b^2)."""
    many = pretrain_scenes(0, 0, batch=300, objects=(8, 8))
    radii = np.array([mover.look.radius for scene in many for mover in scene.movers])
    assert len(radii) == 2400
    assert (radii.min() > 0.08, radii.max() < 0.35) == (True, True)
    median = (2 / (0.08**-2 + 0.35**-2)) ** 0.5
    assert (radii < median).mean() == pytest.approx(0.5, abs=4 * 0.5 / 2400**0.5)


@pytest.mark.parametrize("wrong", [{"level": 6}, {"level": -1}, {"objects": (0, 2)}, {"objects": (3, 2)}])
def test_what_is_not_on_the_ladder_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        pretrain_scenes(0, 0, **wrong)  # type: ignore[arg-type]
