"""The objective as a whole: what is seen, what is computed how often, what learns, what depends on what."""

from __future__ import annotations

import copy
import dataclasses
from dataclasses import replace

import pytest
import torch

from twlv.errors import UsageError
from twlv.nn.vit import VitConfig
from twlv.pretrain.batch import Batch
from twlv.pretrain.objective.config import ImageConfig, ObjectiveConfig, PredictorConfig, Use
from twlv.pretrain.objective.masks import SHORT_RANGE, Random, Tube
from twlv.pretrain.objective.objective import Objective
from twlv.pretrain.objective.prepare import clip_rows, image_rows, queries
from twlv.pretrain.objective.records import Losses
from twlv.pretrain.objective.rows import embed_rows
from twlv.pretrain.objective.targets.displacement import Displacement
from twlv.pretrain.objective.targets.ema_teacher import EmaTeacher
from twlv.pretrain.objective.targets.global_ import Global
from twlv.pretrain.objective.targets.image_teacher import ImageTeacher
from twlv.pretrain.objective.targets.pixels import Pixels
from twlv.pretrain.objective.targets.video_teacher import VideoTeacher

LIGHT = PredictorConfig(width=24, depth=1, num_heads=2, query_share=0.5)


def _config(encoder: VitConfig, *uses: Use, **changes: object) -> ObjectiveConfig:
    settings = {"visible_share": 0.25, "predictors": (LIGHT,), **changes}
    return ObjectiveConfig(encoder=encoder, uses=uses or (Use(target=Pixels()),), **settings)


def _all_targets() -> tuple[Use, ...]:
    return (
        Use(target=Pixels(), weight=0.25),
        Use(target=Displacement(radius=2), weight=0.25),
        Use(target=ImageTeacher(teacher="image"), place="visible", weight=0.5, head="norm_linear"),
        Use(target=ImageTeacher(teacher="image"), weight=0.5),
        Use(target=VideoTeacher(teacher="video", blocks=None)),
        Use(target=EmaTeacher()),
        Use(target=Global(teacher="image"), place="pooled", weight=0.5, head="mlp"),
    )


def _clips(batch: Batch) -> Batch:
    return Batch(frames=batch.frames, ids=batch.ids)


def _step(objective: Objective, batch: Batch, step: int = 0) -> Losses:
    losses = objective(batch, seed=1, step=step)
    losses.total.backward()
    return losses


# ---------------------------------------------------------------- what is seen


def test_masked_pixels_do_not_reach_the_encoder(encoder: VitConfig, batch: Batch) -> None:
    config = _config(encoder)
    objective = Objective(config)
    rows = clip_rows(config, _clips(batch), seed=1, step=0)
    seen = embed_rows(objective.encoder, rows, objective.mean, objective.std)
    for number, mask in enumerate(rows.masks):
        frames = batch.frames.clone()
        for token in mask.masked[0].tolist():
            step, row, column = token // 16, token // 4 % 4, token % 4
            place = frames[0, 2 * step : 2 * step + 2, :, 8 * row : 8 * row + 8, 8 * column : 8 * column + 8]
            place.copy_(255 - place)
        changed = clip_rows(config, Batch(frames=frames, ids=batch.ids), seed=1, step=0)
        again = embed_rows(objective.encoder, changed, objective.mean, objective.std)
        assert torch.equal(
            objective.encoder.encode(seen)[2 * number], objective.encoder.encode(again)[2 * number]
        )
    frames = 255 - batch.frames
    changed = clip_rows(config, Batch(frames=frames, ids=batch.ids), seed=1, step=0)
    assert not torch.equal(embed_rows(objective.encoder, changed, objective.mean, objective.std), seen)


def test_a_predictor_is_asked_for_masked_tokens(encoder: VitConfig, batch: Batch) -> None:
    config = _config(encoder)
    rows = clip_rows(config, _clips(batch), seed=1, step=0)
    for share, count in ((0.5, 12), (1.0, 24)):
        asked = queries(replace(LIGHT, query_share=share), rows, seed=1, step=0)
        assert asked.shape == (4, count)
        for row, tokens in enumerate(asked.tolist()):
            number, clip = divmod(row, 2)
            assert set(tokens) <= set(rows.masks[number].masked[clip].tolist())
    everything = queries(replace(LIGHT, query_share=1.0, queries="all"), rows, seed=1, step=0)
    assert everything.tolist() == [list(range(32))] * 4


def test_tokens_keep_their_own_positions(encoder: VitConfig, batch: Batch) -> None:
    config = _config(encoder)
    objective = Objective(config)
    rows = clip_rows(config, _clips(batch), seed=1, step=0)
    seen = embed_rows(objective.encoder, rows, objective.mean, objective.std)
    full, _ = objective.encoder.embed((batch.frames / 255 - objective.mean) / objective.std)
    for number, mask in enumerate(rows.masks):
        for clip in range(2):
            assert torch.allclose(seen[2 * number + clip], full[clip, mask.visible[clip]], atol=1e-5)


def test_an_image_is_a_video_that_stands_still(encoder: VitConfig, batch: Batch) -> None:
    config = _config(encoder, images=ImageConfig(time="middle"))
    objective = Objective(config)
    rows = image_rows(config, batch, seed=1, step=0)
    assert rows is not None
    packed = embed_rows(objective.encoder, rows, objective.mean, objective.std)
    still = batch.images[:, None].expand(-1, 4, -1, -1, -1) / 255
    full, _ = objective.encoder.embed((still - objective.mean) / objective.std)
    middle = full.reshape(3, 2, 16, 24)[:, 1]
    for image in range(3):
        assert torch.allclose(packed[image], middle[image, rows.masks[0].visible[image]], atol=1e-6)


def test_images_take_all_steps_of_time(encoder: VitConfig) -> None:
    ids = tuple(map(str, range(40)))
    batch = Batch(
        frames=torch.zeros(1, 4, 3, 32, 32, dtype=torch.uint8), ids=("a",),
        images=torch.zeros(40, 3, 32, 32, dtype=torch.uint8), image_ids=ids,
    )  # fmt: skip
    rows = image_rows(_config(encoder), batch, seed=1, step=0)
    assert rows is not None
    assert set(rows.first_token.tolist()) == {0, 16}


def test_packed_images_are_unpacked_images(encoder: VitConfig, batch: Batch, teachers) -> None:
    uses = _all_targets()[:6]
    grads = []
    for packed in (True, False):
        config = _config(encoder, *uses, images=ImageConfig(visible_share=0.19, packed=packed), drop_path=0.3)
        objective = Objective(config)
        losses = _step(objective, batch)
        grads.append([losses.total.detach()] + [p.grad for p in objective.encoder.parameters()])
    for one, other in zip(*grads, strict=True):
        assert torch.allclose(one, other, atol=1e-5)


# ---------------------------------------------------------------- teachers and targets


def test_teachers_run_once_for_all_masks_and_see_the_students_crop(
    encoder: VitConfig, batch: Batch, teachers, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = []
    encode = type(teachers["video"]).encode
    monkeypatch.setattr(
        type(teachers["video"]), "encode", lambda self, x: (given.append(x), encode(self, x))[1]
    )
    objective = Objective(_config(encoder, *_all_targets()))
    _step(objective, _clips(batch))
    assert teachers["image"].calls == 1  # tokens at two places and the whole; two masks
    assert teachers["video"].calls == 1
    assert torch.allclose(given[-1] * 0.5 + 0.5, batch.frames / 255, atol=1e-6)
    assert all(parameter.grad is None for parameter in teachers["video"].network.parameters())
    assert not any("teacher" in name for name in objective.state_dict() if not name.startswith("heads"))


def test_the_ema_follows_without_gradients(encoder: VitConfig, batch: Batch) -> None:
    target = EmaTeacher(momentum=(0.9, 1.0))
    objective = Objective(_config(encoder, Use(target=target))).train()
    follower = objective.ema[0]
    before = copy.deepcopy(follower.network.state_dict())
    _step(objective, _clips(batch))
    assert all(p.grad is None and not p.requires_grad for p in follower.parameters())
    assert not any(module.training for module in follower.modules())
    with torch.no_grad():
        for parameter in objective.encoder.parameters():
            parameter.add_(1.0)
    objective.after_step(0, 11)
    name = "blocks.0.mlp.fc1.weight"
    assert torch.allclose(follower.network.state_dict()[name], before[name] + 0.1, atol=1e-6)
    assert target.momentum_at(0, 11) == 0.9
    assert target.momentum_at(5, 11) == pytest.approx(0.95)
    assert target.momentum_at(10, 11) == 1.0
    assert target.momentum_at(99, 11) == 1.0


def test_motion_and_video_teachers_have_no_part_in_images(encoder: VitConfig, batch: Batch, teachers) -> None:
    uses = (Use(target=Displacement(radius=2)), Use(target=VideoTeacher(teacher="video", blocks=None)))
    with_images = _step(Objective(_config(encoder, *uses)), batch)
    without = _step(Objective(_config(encoder, *uses)), _clips(batch))
    for label, loss in without.raw.items():
        assert torch.allclose(with_images.raw[label], loss, atol=1e-5)
    pixels = _step(Objective(_config(encoder, Use(target=Pixels()))), batch).raw["pixels"]
    alone = _step(Objective(_config(encoder, Use(target=Pixels(), image_weight=0))), batch).raw["pixels"]
    assert not torch.allclose(pixels, alone, atol=1e-4)
    assert torch.allclose(alone, _step(Objective(_config(encoder)), _clips(batch)).raw["pixels"], atol=1e-5)
    beside = (Use(target=Pixels(), image_weight=0), Use(target=Pixels(), name="both"))
    raw = _step(Objective(_config(encoder, *beside)), batch).raw
    assert torch.allclose(raw["pixels"], alone, atol=1e-5)
    assert "both" in raw


# ---------------------------------------------------------------- learning


def test_one_clip_is_learnt_by_heart(encoder: VitConfig, teachers) -> None:
    """Pixels, image teacher and video teacher fall under a tenth within 200 steps."""
    uses = (
        Use(target=Pixels()),
        Use(target=ImageTeacher(teacher="image", metric="mse")),
        Use(target=VideoTeacher(teacher="video", blocks=None)),
    )
    wide = replace(encoder, width=48, depth=2, mlp_width=96)
    predictor = PredictorConfig(width=96, depth=2, num_heads=2, query_share=1.0)
    config = _config(wide, *uses, masks=(Tube(),), predictors=(predictor,), visible_share=0.5)
    objective = Objective(config)
    generator = torch.Generator().manual_seed(0)
    frames = torch.randint(0, 256, (1, 4, 3, 4, 4), generator=generator, dtype=torch.uint8)
    clip = Batch(frames=frames.repeat_interleave(8, -1).repeat_interleave(8, -2), ids=("only",))
    frames = torch.nn.functional.interpolate(clip.frames[0].float(), size=32, mode="bilinear")
    noise = torch.randint(0, 40, (4, 3, 32, 32), generator=generator)
    clip = replace(clip, frames=(frames * 0.8 + noise).to(torch.uint8)[None])
    optimiser = torch.optim.AdamW(objective.parameters(), lr=4e-3, weight_decay=0)
    first = None
    for step in range(200):
        losses = objective(clip, seed=1, step=0)
        optimiser.zero_grad()
        losses.total.backward()
        torch.nn.utils.clip_grad_norm_(objective.parameters(), 1.0)
        optimiser.step()
        objective.after_step(step, 200)
        first = first or {label: float(loss) for label, loss in losses.raw.items()}
    for label, loss in losses.raw.items():
        assert float(loss) < 0.1 * first[label], label


def test_bfloat16_learns_what_float32_learns(encoder: VitConfig, batch: Batch) -> None:
    curves = []
    for enabled in (False, True):
        objective = Objective(_config(encoder, Use(target=Pixels()), Use(target=Displacement(radius=2))))
        optimiser = torch.optim.AdamW(objective.parameters(), lr=1e-3)
        curve = []
        for step in range(50):
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled):
                losses = objective(_clips(batch), seed=1, step=step)
            optimiser.zero_grad()
            losses.total.backward()
            optimiser.step()
            objective.after_step(step, 50)
            curve.append(float(losses.total.detach()))
        curves.append(torch.tensor(curve))
    assert ((curves[0] - curves[1]).abs() / curves[0]).max() < 0.01
    assert not torch.equal(curves[0], curves[1])


@pytest.mark.parametrize("shuffled", [False, True])
def test_shuffled_visible_tokens_cannot_be_copied(shuffled: bool) -> None:
    """Clips of independent coloured tokens: only what is visible can be told, and only by copying."""
    small = VitConfig(
        width=48, depth=1, num_heads=1, mlp_width=48, patch=(2, 4, 4), num_frames=2, image_size_px=8
    )
    predictor = PredictorConfig(
        width=48, depth=2, num_heads=2, query_share=1.0, queries="all", shuffle_visible=shuffled
    )
    config = ObjectiveConfig(
        encoder=small, uses=(Use(target=Pixels(normalise=False)),), masks=(Random(),), predictors=(predictor,),
        visible_share=0.5,
    )  # fmt: skip
    objective, names = Objective(config), tuple(map(str, range(64)))
    optimiser = torch.optim.AdamW(objective.parameters(), lr=3e-3)
    generator = torch.Generator().manual_seed(0)
    seen = []
    for step in range(210):
        colours = torch.randint(0, 256, (64, 1, 3, 2, 2), generator=generator, dtype=torch.uint8)
        clips = colours.repeat_interleave(4, -1).repeat_interleave(4, -2).expand(-1, 2, -1, -1, -1)
        losses = objective(Batch(frames=clips, ids=names), seed=1, step=step)
        optimiser.zero_grad()
        losses.total.backward()
        optimiser.step()
        objective.after_step(step, 210)
        seen.append(float(losses.parts["pixels"]))
    loss = sum(seen[-10:]) / 10
    # Half of the 4 tokens are visible: copying gives at best 0.5, their colours without places 1 - 2 / 16.
    assert loss > 0.86 if shuffled else loss < 0.75


# ---------------------------------------------------------------- sameness


def test_a_step_depends_on_seed_step_and_names(encoder: VitConfig, batch: Batch) -> None:
    objective = Objective(_config(encoder)).eval()

    def total(batch: Batch, seed: int = 1, step: int = 0) -> float:
        return float(objective(batch, seed=seed, step=step).total.detach())

    assert total(batch) == total(batch)
    assert (
        len({total(batch), total(batch, seed=2), total(batch, step=1), total(replace(batch, ids=("c", "d")))})
        == 4
    )


def test_micro_batches_are_the_batch(encoder: VitConfig, batch: Batch) -> None:
    four = Batch(frames=torch.cat([batch.frames, 255 - batch.frames]), ids=("a", "b", "c", "d"))
    objective = Objective(_config(encoder, Use(target=Pixels()), drop_path=0.2, normalise=False)).train()
    whole = _step(objective, four)
    grads = [parameter.grad.clone() for parameter in objective.encoder.parameters()]
    objective.zero_grad()
    parts = [_step(objective, part) for part in four.split(2)]
    assert torch.allclose(whole.total, (parts[0].total + parts[1].total) / 2, atol=1e-5)
    for grad, parameter in zip(grads, objective.encoder.parameters(), strict=True):
        assert torch.allclose(grad, parameter.grad / 2, atol=1e-5)


def test_a_restored_objective_goes_on_with_the_same_bits(encoder: VitConfig, batch: Batch) -> None:
    uses = (Use(target=Pixels(), balance="gradient"), Use(target=EmaTeacher(momentum=(0.9, 1.0))))
    config = _config(encoder, *uses, drop_path=0.2)

    def go_on(objective: Objective, steps: range) -> list[float]:
        found = []
        for step in steps:
            losses = _step(objective, batch, step)
            with torch.no_grad():
                for parameter in objective.parameters():
                    if parameter.grad is not None:
                        parameter.sub_(0.01 * parameter.grad)
            objective.zero_grad()
            objective.after_step(step, 9)
            found.append(float(losses.total.detach()))
        return found

    first = Objective(config)
    go_on(first, range(3))
    second = Objective(replace(config, seed=9))
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    assert go_on(first, range(3, 6)) == go_on(second, range(3, 6))


def test_losses_are_divided_by_the_running_constant(encoder: VitConfig, batch: Batch) -> None:
    objective = Objective(_config(encoder)).train()
    for step in range(3):
        losses = _step(objective, _clips(batch), step)
        if step:
            mean = objective.normaliser.mean[0, 0]
            assert torch.allclose(losses.parts["pixels"], losses.raw["pixels"] / mean)
        objective.after_step(step, 3)
    assert objective.normaliser.count[0].tolist() == [3, 0]
    assert float(objective.normaliser.mean[0, 0]) == pytest.approx(1, abs=0.1)
    plain = Objective(_config(encoder, normalise=False))
    found = _step(plain, _clips(batch))
    assert torch.equal(found.total.detach(), found.raw["pixels"])


@pytest.mark.parametrize("recompute", [False, True])
def test_recomputed_blocks_give_the_same_gradients(encoder: VitConfig, batch: Batch, recompute: bool) -> None:
    objective = Objective(_config(encoder, drop_path=0.3, recompute=recompute))
    plain = Objective(_config(encoder, drop_path=0.3))
    _step(objective, batch)
    _step(plain, batch)
    for one, other in zip(objective.parameters(), plain.parameters(), strict=True):
        assert torch.allclose(one.grad, other.grad, atol=1e-6)


# ---------------------------------------------------------------- refusals


def test_clips_of_another_size_are_refused(encoder: VitConfig) -> None:
    objective = Objective(_config(encoder))
    clip = torch.zeros(1, 4, 3, 48, 48, dtype=torch.uint8)
    with pytest.raises(UsageError, match="32"):
        objective(Batch(frames=clip, ids=("a",)), seed=1, step=0)


def test_configurations_that_contradict_themselves_are_refused(encoder: VitConfig, teachers) -> None:
    with pytest.raises(UsageError, match="names must differ"):
        _config(encoder, Use(target=Pixels()), Use(target=Pixels(normalise=False)))
    with pytest.raises(UsageError, match="reads the predictor 'other'"):
        _config(encoder, Use(target=Pixels(), predictor="other"))
    with pytest.raises(UsageError, match="cannot be read at the place"):
        Use(target=Global(teacher="image"))
    for switch in ({"class_token": True}, {"position": "learned"}):
        with pytest.raises(UsageError, match="cannot be pretrained here"):
            _config(dataclasses.replace(encoder, **switch))
    with pytest.raises(UsageError, match="is a video model"):
        Objective(_config(encoder, Use(target=ImageTeacher(teacher="video"))))
    with pytest.raises(UsageError, match="no target has a weight at step 9"):
        Objective(_config(encoder, Use(target=Pixels(), end_step=5)))(
            Batch(frames=torch.zeros(1, 4, 3, 32, 32, dtype=torch.uint8), ids=("a",)), seed=1, step=9
        )
    assert SHORT_RANGE in ObjectiveConfig(encoder=encoder, uses=(Use(target=Pixels()),)).masks
