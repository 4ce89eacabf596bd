"""Targets: what they are worth on clips of which the answer is known, and the constant predictor's loss."""

from __future__ import annotations

import pytest
import torch

from twlv.nn.vit import VideoTransformer, VitConfig
from twlv.pretrain.objective.distances import best_constant, distance, weighted_mean
from twlv.pretrain.objective.records import Seen
from twlv.pretrain.objective.targets.displacement import Displacement
from twlv.pretrain.objective.targets.ema_teacher import EmaTeacher
from twlv.pretrain.objective.targets.global_ import Global
from twlv.pretrain.objective.targets.hog import Hog
from twlv.pretrain.objective.targets.image_teacher import ImageTeacher, chosen_steps
from twlv.pretrain.objective.targets.luminance import LuminanceDifference
from twlv.pretrain.objective.targets.pixels import Pixels
from twlv.pretrain.objective.targets.target import Context, Target
from twlv.pretrain.objective.targets.video_teacher import VideoTeacher
from twlv.video.synthetic import Factors, draw, flow, render

TARGETS: tuple[Target, ...] = (
    Pixels(), Pixels(normalise=False), LuminanceDifference(), Hog(), Hog(signed=True), Displacement(),
    ImageTeacher(teacher="image", steps=1), ImageTeacher(teacher="image", metric="l1"),
    VideoTeacher(teacher="video", blocks=None), EmaTeacher(), EmaTeacher(blocks=2, metric="mse"),
    Global(teacher="image"), Global(teacher="video", metric="smooth_l1"),
)  # fmt: skip


def _context(config: VitConfig) -> Context:
    encoder = VideoTransformer(config)
    return Context(encoder=encoder, mean=(0.5,) * 3, std=(0.5,) * 3, device=torch.device("cpu"))


def _seen(frames: torch.Tensor, config: VitConfig, displacement: torch.Tensor | None = None) -> Seen:
    image = frames.shape[1] == 1
    grid = (1, *config.grid[1:]) if image else config.grid
    return Seen(frames=frames, patch=config.patch, grid=grid, is_image=image, displacement=displacement)


def _noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: f"{target.name}")
def test_the_best_constant_predictor_loses_one(target: Target, encoder: VitConfig, teachers) -> None:
    found = target.open(_context(encoder))
    values = found.prepare(_seen(_noise(16, 4, 3, 32, 32), encoder))
    tokens = torch.arange(1 if target.pooled else 32).expand(16, -1)
    wanted, weight = values.at(tokens, found.groups)
    assert wanted.shape[-1] == found.num_values
    least = found.constant(wanted.flatten(0, 1), weight.flatten(0, 1)).mean()
    constant = torch.zeros(found.num_values, requires_grad=True)
    with torch.no_grad():  # a fair start: what a mean predictor would say
        mean = (wanted.reshape(-1, found.num_values)).mean(0)
        constant.copy_((mean + 1e-4).log() if target.name == "displacement" else mean)
    optimiser = torch.optim.Adam([constant], lr=0.02)
    for _ in range(150):  # and the best that descent finds
        loss = weighted_mean(found.loss(constant.expand_as(wanted), wanted), weight).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert float(loss.detach() / least) == pytest.approx(1, abs=0.02)


def test_mean_pixels_lose_about_one_and_a_constant_clip_is_zero(encoder: VitConfig) -> None:
    found = Pixels().open(_context(encoder))
    values = found.prepare(_seen(_noise(8, 4, 3, 32, 32), encoder)).values
    assert float(values.square().mean()) == pytest.approx(1, abs=0.02)
    flat = torch.full((2, 4, 3, 32, 32), 0.37)
    assert (
        float(found.prepare(_seen(flat, encoder)).values.abs().max()) < 1e-1
    )  # rounding of the mean over 1e-6
    assert float(found.prepare(_seen(flat.round(), encoder)).values.abs().max()) == 0


def _offsets(values: torch.Tensor, radius: int = 4) -> torch.Tensor:
    """(..., 2): most likely (dy, dx) of distributions."""
    best, side = values.argmax(dim=-1), 2 * radius + 1
    return torch.stack([best // side - radius, best % side - radius], dim=-1)


BIG = VitConfig(width=24, depth=1, num_heads=2, mlp_width=32, patch=(2, 16, 16), num_frames=4, image_size_px=64)


def _inner(values: torch.Tensor) -> torch.Tensor:
    """First gap, first step, the places that do not touch the border, (B, 2, 2, 81)."""
    return values.reshape(len(values), 2, 4, 4, 2, 81)[:, 0, 1:3, 1:3, 0]


@pytest.mark.parametrize(("dy", "dx"), [(0, 0), (2, 0), (0, -4), (-6, 8), (8, 8), (-8, -2)])
def test_rolled_noise_goes_where_it_was_rolled_to(dy: int, dx: int) -> None:
    """The whole picture moves, as under a panning camera. Two pixels are one of the low resolution."""
    first = _noise(3, 3, 64, 64)
    frames = torch.stack([first.roll((k * dy, k * dx), dims=(-2, -1)) for k in range(4)], dim=1)
    found = Displacement().open(_context(BIG)).prepare(_seen(frames, BIG))
    assert (_offsets(_inner(found.values)) == torch.tensor([dy // 2, dx // 2])).all()
    assert float(found.weight.reshape(3, 2, 4, 4, 2)[:, 0, 1:3, 1:3, 0].min()) > 0.7
    back = Displacement().open(_context(BIG)).prepare(_seen(frames.flip(1), BIG))
    assert (_offsets(_inner(back.values)) == -torch.tensor([dy // 2, dx // 2])).all()


def test_the_second_gap_is_two_frames_and_none_beyond_the_clip() -> None:
    first = _noise(1, 3, 64, 64)
    frames = torch.stack([first.roll((2 * k, -4 * k), dims=(-2, -1)) for k in range(4)], dim=1)
    found = Displacement().open(_context(BIG)).prepare(_seen(frames, BIG))
    two = found.values.reshape(1, 2, 4, 4, 2, 81)[:, 0, 1:3, 1:3, 1]
    assert (_offsets(two) == torch.tensor([2, -4])).all()
    weight = found.weight.reshape(2, 16, 2)
    assert float(weight[1, :, 1].max()) == 0  # frame 4 is not there
    assert float(weight[1, :, 0].min()) > 0.5


def test_flat_clips_have_no_confidence_and_no_loss() -> None:
    found = Displacement().open(_context(BIG))
    values = found.prepare(_seen(torch.full((2, 4, 3, 64, 64), 0.6), BIG))
    assert float(values.weight.max()) < 1e-3
    assert float(weighted_mean(torch.ones(2, 32, 2), torch.zeros(2, 32, 2)).sum()) == 0


FACTORS = Factors(duration_seconds=0.8, speeds=(0.3, 0.5), pan_share=1.0, pans=(0.2, 0.4), textures=("noise",))


def test_matching_finds_the_exact_motion_of_scenes() -> None:
    scenes = [draw(3, index, factors=FACTORS) for index in range(8)]
    frames = render(scenes, num_frames=4, size_px=64).float() / 255
    truth = torch.stack([flow(scene, 4, 64) for scene in scenes])
    matched = Displacement(gaps=(1,)).open(_context(BIG)).prepare(_seen(frames, BIG))
    exact = Displacement(gaps=(1,), source="exact").open(_context(BIG)).prepare(_seen(frames, BIG, truth))
    moves = (_offsets(exact.values) != 0).any(-1) & (exact.values.amax(-1) > 0.5)
    sure = moves & (matched.weight[..., 0] > 0.2)
    apart = (_offsets(matched.values) - _offsets(exact.values)).abs().amax(-1)[sure]
    assert int(sure.sum()) >= 20
    assert float((apart <= 1).float().mean()) > 0.75


def test_exact_displacements_are_shares_of_pixels() -> None:
    truth = torch.zeros(1, 3, 2, 64, 64)
    truth[:, :, 0] = 3.0  # x: one and a half low-resolution pixels
    truth[:, :, 1, :, :8] = -4.0  # y, of half the pixels of the first column of tokens
    found = Displacement(source="exact").open(_context(BIG)).prepare(_seen(_noise(1, 4, 3, 64, 64), BIG, truth))
    grid = found.values.reshape(2, 4, 4, 2, 9, 9)
    assert grid[0, 2, 2, 0, 4, 5] == pytest.approx(0.5)
    assert grid[0, 2, 2, 0, 4, 6] == pytest.approx(0.5)
    assert grid[0, 1, 0, 0, 2, 5] == pytest.approx(0.25)
    assert grid[0, 2, 2, 1, 4, 7] == pytest.approx(1)  # two frames on: 6 pixels
    assert found.weight.reshape(2, 16, 2)[1, :, 1].max() == 0


def test_coarse_displacements_are_followed_over_two_frames_as_fine_ones_are() -> None:
    """Cells of 4 pixels: what moves by 8 pixels is two cells on, not eight."""
    coarse = torch.zeros(1, 3, 2, 16, 16)
    coarse[:, 0, 0, :, 4:8] = 8.0  # x: out of columns 4..7 into 6..9
    coarse[:, 1, 1, :, 6:10] = -8.0  # there it turns upwards
    fine = coarse.repeat_interleave(4, dim=-1).repeat_interleave(4, dim=-2)
    frames = _noise(1, 4, 3, 64, 64)
    target = Displacement(source="exact").open(_context(BIG))
    found, expected = (target.prepare(_seen(frames, BIG, truth)) for truth in (coarse, fine))
    assert torch.allclose(found.values, expected.values, atol=1e-6)
    turned = expected.values.reshape(2, 4, 4, 2, 9, 9)[0, 1, 1, 1]
    assert turned[0, 8] == pytest.approx(1)  # 8 to the right, 8 up, in low-resolution pixels of two


def test_the_truth_is_used_where_it_is_known() -> None:
    frames = _noise(2, 4, 3, 64, 64)
    truth = torch.zeros(2, 3, 2, 64, 64)
    truth[0] = float("nan")
    best = Displacement(source="best").open(_context(BIG)).prepare(_seen(frames, BIG, truth))
    matched = Displacement().open(_context(BIG)).prepare(_seen(frames, BIG))
    assert torch.equal(best.values[0], matched.values[0])
    assert torch.equal(best.weight[0], matched.weight[0])
    assert (_offsets(best.values[1].reshape(32, 2, 81)[:16]) == 0).all()
    assert (best.weight[1].reshape(2, 16, 2)[0] == 1).all()
    unknown = Displacement(source="exact").open(_context(BIG)).prepare(_seen(frames, BIG, truth))
    assert unknown.weight[0].max() == 0


def test_luminance_differences_are_signed_and_absolute(encoder: VitConfig) -> None:
    frames = torch.zeros(1, 4, 3, 32, 32)
    frames[:, 1:] = 0.1
    found = LuminanceDifference(scale=0.05).open(_context(encoder)).prepare(_seen(frames, encoder))
    values = found.values.reshape(2, 16, 2, 16)
    assert values[0, :, 0].numpy() == pytest.approx(2, rel=1e-4)
    assert values[0, :, 1].abs().max() == 0
    assert found.weight.reshape(2, 16, 2)[1, :, 1].max() == 0
    back = LuminanceDifference(scale=0.05).open(_context(encoder)).prepare(_seen(frames.flip(1), encoder))
    assert back.values.reshape(2, 16, 2, 16)[1, :, 0].numpy() == pytest.approx(-2, rel=1e-4)


def test_an_image_teacher_stands_at_its_steps(encoder: VitConfig, teachers) -> None:
    found = ImageTeacher(teacher="image", steps=1).open(_context(encoder))
    frames = _noise(2, 4, 3, 32, 32)
    values = found.prepare(_seen(frames, encoder))
    _, weight = values.at(torch.arange(32).expand(2, -1), 1)
    assert weight.reshape(2, 2, 16)[:, 1].min() == 1
    assert weight.reshape(2, 2, 16)[:, 0].max() == 0
    single = found.prepare(_seen(frames[:, 2:3], encoder))
    assert torch.allclose(single.values, values.values, atol=1e-5)
    assert chosen_steps(8, 4).tolist() == [1, 3, 5, 7]
    assert chosen_steps(8, None).tolist() == list(range(8))


def test_one_run_of_a_teacher_serves_tokens_and_the_whole(encoder: VitConfig, teachers) -> None:
    seen = _seen(_noise(2, 4, 3, 32, 32), encoder)
    tokens = ImageTeacher(teacher="image", steps=2).open(_context(encoder)).prepare(seen)
    whole = Global(teacher="image", steps=2).open(_context(encoder)).prepare(seen)
    assert teachers["image"].calls == 1
    assert whole.values.shape == (2, 1, 20)
    assert tokens.values.shape == (2, 32, 20)


@pytest.mark.parametrize("kind", ["mse", "l1", "smooth_l1", "cosine", "cross_entropy"])
def test_constants_are_weighted(kind) -> None:
    values = torch.softmax(_noise(50, 1, 6) * 3, dim=-1)
    weight = torch.cat([torch.ones(20, 1), torch.zeros(30, 1)])
    assert torch.allclose(best_constant(kind, values, weight), best_constant(kind, values[:20], weight[:20]))
    assert float(best_constant(kind, values, torch.zeros(50, 1))) == 0


def test_distances_are_those_of_torch() -> None:
    a, b = _noise(5, 7) * 4, torch.softmax(_noise(5, 7, seed=1), dim=-1)
    want = {
        "mse": (a - b).pow(2).mean(-1),
        "l1": (a - b).abs().mean(-1),
        "cross_entropy": torch.nn.functional.cross_entropy(a, b, reduction="none"),
        "cosine": 2 - 2 * (a * b).sum(-1) / a.norm(dim=-1) / b.norm(dim=-1),
    }
    for kind, expected in want.items():
        assert torch.allclose(distance(kind, a, b), expected.float(), atol=1e-5), kind


def test_constants_of_skewed_values_are_the_best() -> None:
    """Where the mean is not the answer: medians, and directions of vectors of many lengths."""
    values = (_noise(400, 1, 5) * 4).exp()
    median = values.median(dim=0).values
    ones = torch.ones(400, 1)
    assert float(best_constant("l1", values, ones)) == pytest.approx(
        float((values - median).abs().mean()), rel=5e-3
    )
    lengths = (_noise(400, 1, 1, seed=1) * 6).exp()
    unit = torch.nn.functional.normalize(_noise(400, 1, 5, seed=2) - 0.3, dim=-1)
    expected = 2 - 2 * float(unit.mean(0).norm())
    assert float(best_constant("cosine", unit * lengths, ones)) == pytest.approx(expected, rel=1e-4)
    grid = torch.linspace(0, 60, 2001)[:, None, None]
    least = distance("smooth_l1", grid.expand(-1, 400, 1), values[:, :, 0].expand(2001, -1, -1)).mean(1).min()
    assert float(best_constant("smooth_l1", values[..., :1], ones)) == pytest.approx(float(least), rel=5e-3)
