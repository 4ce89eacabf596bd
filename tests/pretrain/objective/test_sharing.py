"""The levers with which targets share an encoder: each moves what it says, and nothing else."""

from __future__ import annotations

import pytest
import torch

from twlv.nn.vit import VitConfig
from twlv.pretrain.batch import Batch
from twlv.pretrain.objective.config import ObjectiveConfig, PredictorConfig, Reading, Use
from twlv.pretrain.objective.normaliser import Normaliser
from twlv.pretrain.objective.objective import Objective
from twlv.pretrain.objective.prepare import clip_rows
from twlv.pretrain.objective.records import Losses
from twlv.pretrain.objective.targets.hog import Hog
from twlv.pretrain.objective.targets.image_teacher import ImageTeacher
from twlv.pretrain.objective.targets.luminance import LuminanceDifference
from twlv.pretrain.objective.targets.pixels import OpenPixels, Pixels

LIGHT = PredictorConfig(width=24, depth=1, num_heads=2, query_share=0.5)


def _run(encoder: VitConfig, batch: Batch, *uses: Use, **changes: object) -> tuple[Objective, Losses]:
    config = ObjectiveConfig(
        encoder=encoder, uses=uses, visible_share=0.25, **{"predictors": (LIGHT,), **changes}
    )
    objective = Objective(config)
    losses = objective(Batch(frames=batch.frames, ids=batch.ids), seed=1, step=0)
    losses.total.backward()
    return objective, losses


def test_weights_follow_their_schedule() -> None:
    use = Use(target=Pixels(), weight=2.0, start_step=10, end_step=30, ramp_steps=5)
    assert [use.weight_at(step) for step in (0, 10, 11, 15, 20, 25, 28, 30, 40)] == pytest.approx(
        [0, 0, 0.4, 2, 2, 2, 0.8, 0, 0]
    )
    sudden = Use(target=Pixels(), start_step=10, end_step=30)
    assert [sudden.weight_at(step) for step in (9, 10, 29, 30)] == [0, 1, 1, 0]
    assert Use(target=Pixels()).weight_at(0) == 1


def test_the_total_is_the_weighted_sum(encoder: VitConfig, batch: Batch) -> None:
    _, losses = _run(encoder, batch, Use(target=Pixels(), weight=0.25), Use(target=Hog(), weight=3.0))
    expected = 0.25 * losses.parts["pixels"] + 3 * losses.parts["hog"]
    assert torch.allclose(losses.total.detach(), expected)
    assert losses.weights == {"pixels": 0.25, "hog": 3.0}


def test_a_target_without_weight_costs_nothing_yet(encoder: VitConfig, batch: Batch) -> None:
    objective, losses = _run(encoder, batch, Use(target=Pixels()), Use(target=Hog(), start_step=5))
    assert set(losses.parts) == {"pixels"}
    assert all(p.grad is None or not p.grad.any() for p in objective.heads["hog"].parameters())


@pytest.mark.parametrize("place", ["queries", "visible"])
def test_a_stopped_gradient_leaves_a_probe(encoder: VitConfig, batch: Batch, place) -> None:
    objective, _ = _run(encoder, batch, Use(target=Pixels(), place=place, gradient_scale=0.0, name="probe"))
    assert all(p.grad is None for p in objective.encoder.parameters())
    assert objective.heads["probe"].layers[0].weight.grad.abs().max() > 0


def test_the_gradient_scale_is_that_of_the_encoder_alone(encoder: VitConfig, batch: Batch) -> None:
    full, losses = _run(encoder, batch, Use(target=Pixels()))
    tenth, scaled = _run(encoder, batch, Use(target=Pixels(), gradient_scale=0.1))
    name = "blocks.1.mlp.fc1.weight"
    one, other = full.encoder.get_parameter(name).grad, tenth.encoder.get_parameter(name).grad
    assert torch.allclose(0.1 * one, other, rtol=1e-3, atol=1e-9)
    head = "pixels"
    assert torch.equal(full.heads[head].layers[0].weight.grad, tenth.heads[head].layers[0].weight.grad)
    assert torch.equal(losses.total, scaled.total)


def test_balanced_uses_send_gradients_of_the_length_of_their_weight(encoder: VitConfig, batch: Batch) -> None:
    reaching = {}
    for weight in (0.25, 2.0):
        use = Use(target=Pixels(), place="visible", weight=weight, balance="gradient")
        config = ObjectiveConfig(encoder=encoder, uses=(use,), visible_share=0.25)
        objective = Objective(config).train()
        caught: list[torch.Tensor] = []
        objective.encoder.norm.register_full_backward_hook(lambda _m, _i, out, into=caught: into.append(out[0]))
        losses = objective(Batch(frames=batch.frames, ids=batch.ids), seed=1, step=0)
        losses.total.backward()
        reaching[weight] = float(caught[0].norm())
        assert float(losses.gradients["pixels_visible"]) != pytest.approx(weight, rel=0.1)
    assert reaching == pytest.approx({0.25: 0.25, 2.0: 2.0}, rel=1e-3)


def test_a_target_of_a_subspace_touches_its_channels_only(encoder: VitConfig, batch: Batch) -> None:
    lower, upper = Reading(channels=(0.0, 0.5)), Reading(channels=(0.5, 1.0))
    objective, _ = _run(encoder, batch, Use(target=Pixels(), place="visible", reads=lower))
    grad = objective.encoder.norm.bias.grad
    assert grad[:12].abs().min() > 0
    assert grad[12:].abs().max() == 0
    predictor = PredictorConfig(name="motion", width=24, depth=1, num_heads=2, reads=upper)
    objective, _ = _run(encoder, batch, Use(target=Pixels(), predictor="motion"), predictors=(predictor,))
    grad = objective.encoder.norm.bias.grad
    assert grad[:12].abs().max() == 0
    assert grad[12:].abs().min() > 0
    assert objective.predictors["motion"].embed.weight.shape == (24, 12)


@pytest.mark.parametrize("place", ["visible", "queries"])
def test_a_target_of_an_early_block_leaves_the_later_ones_alone(
    encoder: VitConfig, batch: Batch, place
) -> None:
    reads = Reading(block=2)
    predictors = (PredictorConfig(width=24, depth=1, num_heads=2, reads=reads),)
    use = Use(target=Pixels(), place=place, reads=reads if place == "visible" else Reading())
    objective, _ = _run(encoder, batch, use, predictors=predictors)
    touched = [block.mlp.fc1.weight.grad is not None for block in objective.encoder.blocks]
    assert touched == [True, True, False]


def test_masks_and_shares_of_tokens_choose_what_is_judged(encoder: VitConfig, batch: Batch) -> None:
    _, first = _run(encoder, batch, Use(target=Pixels(), masks=(0,)))
    _, second = _run(encoder, batch, Use(target=Pixels(), masks=(1,)))
    _, both = _run(encoder, batch, Use(target=Pixels()))
    assert torch.allclose(both.raw["pixels"], (first.raw["pixels"] + second.raw["pixels"]) / 2)
    assert not torch.allclose(first.raw["pixels"], second.raw["pixels"])
    _, share = _run(encoder, batch, Use(target=Pixels(), token_share=0.25))
    assert not torch.allclose(share.raw["pixels"], both.raw["pixels"], rtol=1e-4)
    assert torch.allclose(share.raw["pixels"], both.raw["pixels"], rtol=0.3)


def test_uses_of_one_predictor_share_its_pass(encoder: VitConfig, batch: Batch) -> None:
    config = ObjectiveConfig(
        encoder=encoder, uses=(Use(target=Pixels()), Use(target=Hog())), visible_share=0.25, predictors=(LIGHT,)
    )
    objective = Objective(config)
    passes: list[tuple[int, ...]] = []
    objective.predictors["shared"].register_forward_hook(lambda _m, _i, out: passes.append(tuple(out.shape)))
    objective(Batch(frames=batch.frames, ids=batch.ids), seed=1, step=0)
    assert passes == [(4, 12, 24)]  # 2 clips x 2 masks, half of 24 masked tokens


def test_motion_weights_look_where_something_moves(encoder: VitConfig) -> None:
    frames = torch.full((60, 4, 3, 32, 32), 90, dtype=torch.uint8)
    frames[:, 1::2, :, :, :8] = 200  # the left column of places flickers
    batch = Batch(frames=frames, ids=tuple(map(str, range(60))))
    shares = []
    for kind in ("none", "motion"):
        config = ObjectiveConfig(
            encoder=encoder, uses=(Use(target=Pixels()),), place_weights=kind, visible_share=0.25
        )
        visible = clip_rows(config, batch, seed=1, step=0).masks[0].visible
        shares.append(float((visible % 4 == 0).float().mean()))
    assert shares[0] == pytest.approx(0.25, abs=0.06)
    assert shares[1] > 0.6


def test_saliency_looks_where_a_teacher_sees_something_else(encoder: VitConfig, teachers) -> None:
    frames = torch.full((60, 4, 3, 32, 32), 90, dtype=torch.uint8)
    frames[..., :16, :16] = torch.tensor([250, 10, 10], dtype=torch.uint8)[:, None, None]
    batch = Batch(frames=frames, ids=tuple(map(str, range(60))))
    shares = {}
    for steps in (None, 1):
        config = ObjectiveConfig(
            encoder=encoder,
            uses=(Use(target=ImageTeacher(teacher="image", steps=steps)),),
            place_weights="saliency",
            place_teacher="image",
            place_steps=steps,
            visible_share=0.25,
        )
        visible = clip_rows(config, batch, seed=1, step=0).masks[0].visible
        shares[steps] = float(((visible % 4 < 2) & (visible // 4 % 4 < 2)).float().mean())
    assert min(shares.values()) > 0.4  # a quarter of the places
    calls = teachers["image"].calls
    Objective(config)(batch, seed=1, step=0)
    assert teachers["image"].calls == calls + 1  # weights and target from one run


def test_values_are_computed_once_for_all_uses_and_masks(
    encoder: VitConfig, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed = []
    prepare = OpenPixels.prepare
    monkeypatch.setattr(OpenPixels, "prepare", lambda self, seen: (computed.append(1), prepare(self, seen))[1])
    _run(encoder, batch, Use(target=Pixels()), Use(target=Pixels(), place="visible"))
    assert len(computed) == 1


def test_running_constants_are_means_that_forget() -> None:
    normaliser = Normaliser(1, decay=0.5).train()
    seen = []
    for value in (1.0, 3.0, 5.0, 5.0):
        normaliser.divisor(0, 0, torch.tensor(value - 0.5))
        seen.append(float(normaliser.divisor(0, 0, torch.tensor(value + 0.5))))  # two micro-batches
        normaliser.commit()
    assert seen == [1, 1, 2, 3.5]  # the first step its own, then the means of those before
    assert float(normaliser.mean[0, 0]) == 4.25
    normaliser.eval()
    assert float(normaliser.divisor(0, 0, torch.tensor(9.0))) == 4.25
    normaliser.commit()
    assert float(normaliser.mean[0, 0]) == 4.25
    assert float(normaliser.divisor(0, 1, torch.tensor(9.0))) == 9


def test_clips_with_nothing_to_learn_blow_nothing_up(encoder: VitConfig) -> None:
    config = ObjectiveConfig(encoder=encoder, uses=(Use(target=LuminanceDifference()), Use(target=Hog())))
    objective = Objective(config).train()
    still = Batch(frames=torch.full((2, 4, 3, 32, 32), 60, dtype=torch.uint8), ids=("a", "b"))
    for step in range(2):
        losses = objective(still, seed=1, step=step)
        assert all(torch.equal(losses.parts[label], losses.raw[label]) for label in losses.raw)
        objective.after_step(step, 2)
    assert not objective.normaliser.count.any()
