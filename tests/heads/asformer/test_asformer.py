"""What ASFormer promises beyond equal numbers: linear memory, independence, refusals, seeds."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from twlv.errors import FeatureError, InputError, UsageError, WeightsError
from twlv.heads.asformer import (
    ASFormer,
    ASFormerConfig,
    from_reference,
    original_config,
    segmentation_loss,
)
from twlv.heads.asformer.attention import full_attention, sliding_attention
from twlv.heads.asformer.layer import ASFormerLayer

SMALL = ASFormerConfig(width=6, num_classes=3, layers=3, channels=8)


def kept_for_backward(config: ASFormerConfig, steps: int) -> int:
    """Numbers that a forward pass keeps, all together."""
    sizes: list[int] = []

    def note(tensor: torch.Tensor) -> torch.Tensor:
        sizes.append(tensor.numel())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        ASFormer(config).train()(torch.randn(1, config.width, steps))
    return sum(sizes)


@pytest.mark.parametrize("attention", ["sliding", "full"])
def test_trap_27_what_is_kept_for_training_grows_with_the_length_not_its_square(attention) -> None:
    config = dataclasses.replace(SMALL, attention=attention)
    short, twice, four = (kept_for_backward(config, steps) for steps in (256, 512, 1024))
    assert four - twice == pytest.approx(2 * (twice - short), rel=0.01)


def slow_sliding(q, k, v, window, mask):
    """The rule, key by key: block j of w queries, the 2w - 1 steps from j w - w/2 on, hidden ones at 1e-6."""
    steps = q.shape[-1]
    out = torch.zeros_like(v)
    for step in range(steps):
        start = step // window * window - window // 2
        energy, seen, values = [], [], []
        for place in range(2 * window):
            at = start + place
            inside = 0 <= at < steps
            energy.append(q[0, :, step] @ k[0, :, at] / q.shape[1] ** 0.5 if inside else q.new_zeros(()))
            seen.append(float(inside and place < 2 * window - 1 and mask[0, 0, at] == 1))
            values.append(v[0, :, at] if inside else torch.zeros_like(v[0, :, 0]))
        shown = torch.tensor(seen, dtype=q.dtype)
        weight = torch.softmax(torch.stack(energy) + torch.log(shown + 1e-6), dim=0) * shown
        out[0, :, step] = sum(w * value for w, value in zip(weight, values, strict=True))
    return out


@pytest.mark.parametrize(("steps", "window"), [(7, 2), (9, 4), (3, 8), (16, 4)])
def test_sliding_attention_equals_the_rule_key_by_key(steps, window) -> None:
    torch.manual_seed(steps)
    q, k, v = (4 * torch.randn(1, 3, steps, dtype=torch.float64) for _ in range(3))
    mask = (torch.arange(steps) < steps - 2).double()[None, None]
    for shown in (torch.ones_like(mask), mask):
        found = sliding_attention(q, k, v, window, mask=shown)
        torch.testing.assert_close(found, slow_sliding(q, k, v, window, shown), rtol=0, atol=1e-12)


def test_full_attention_hides_keys_but_not_from_the_sum() -> None:
    torch.manual_seed(0)
    q, k, v = (8 * torch.randn(2, 3, 9, dtype=torch.float64) for _ in range(3))
    mask = (torch.arange(9) < 6).double().expand(2, 1, 9)
    energy = q.transpose(1, 2) @ k / 3**0.5 + torch.log(mask + 1e-6)
    wanted = v @ (torch.softmax(energy, dim=-1) * mask).transpose(1, 2)
    torch.testing.assert_close(full_attention(q, k, v, mask), wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("attention", ["sliding", "full"])
def test_trap_7_a_video_does_not_depend_on_its_batch_mates_or_is_refused(attention) -> None:
    model = ASFormer(dataclasses.replace(SMALL, attention=attention)).eval()
    videos = torch.randn(3, 6, 21)
    torch.testing.assert_close(model(videos)[:, 1:2], model(videos[1:2]), rtol=0, atol=1e-6)
    mask = torch.ones(3, 1, 21)
    torch.testing.assert_close(model(videos, mask), model(videos), rtol=0, atol=1e-5)
    mask[1, :, 15:] = 0
    with pytest.raises(UsageError, match="padding='reference'"):
        model(videos, mask)


def test_trap_26_whole_input_channels_are_dropped() -> None:
    model = ASFormer(dataclasses.replace(SMALL, width=400)).train()
    seen: list[torch.Tensor] = []
    model.encoder.enter.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    model(torch.ones(1, 400, 5))
    assert bool((seen[0] == seen[0][:, :, :1]).all())
    assert seen[0].unique().tolist() == pytest.approx([0.0, 1 / 0.7])
    assert float((seen[0] == 0).float().mean()) == pytest.approx(0.3, abs=0.1)


def test_dropout_at_the_end_of_a_layer_keeps_the_mean() -> None:
    layer = ASFormerLayer(dataclasses.replace(SMALL, dropout=0.25), 0).train()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.zero_()
        layer.mix.bias.fill_(1.0)  # so that what is dropped from is 1 everywhere
        found = layer(torch.zeros(1, 8, 2000), None, 1.0)
    assert found.unique().tolist() == pytest.approx([0.0, 1 / 0.75])
    assert found.mean().item() == pytest.approx(1.0, abs=0.03)


def test_training_and_evaluation_differ_by_dropout_only() -> None:
    model = ASFormer(dataclasses.replace(SMALL, channel_dropout=0.0, dropout=0.0))
    x = torch.randn(1, 6, 30)
    torch.testing.assert_close(model.train()(x), model.eval()(x), rtol=0, atol=0)
    noisy = ASFormer(SMALL).train()
    assert not torch.equal(noisy(x), noisy(x))


def test_weights_follow_from_the_seed_alone() -> None:
    state = torch.random.get_rng_state()
    first, again, other = ASFormer(SMALL, seed=3), ASFormer(SMALL, seed=3), ASFormer(SMALL, seed=4)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))
    weight = first.encoder.enter.weight
    assert not torch.equal(weight, other.encoder.enter.weight)
    assert 0.3 < weight.abs().max().item() <= 6**-0.5  # uniform up to 1 / sqrt(fan-in)


def test_sizes_of_both_published_settings() -> None:
    with torch.device("meta"):
        report = ASFormer(ASFormerConfig(width=1024, num_classes=48))
        original = ASFormer(original_config(2048, 48))
    assert sum(parameter.numel() for parameter in report.parameters()) == 12_969_152
    assert sum(parameter.numel() for parameter in original.parameters()) == 1_147_584


def test_unusable_input_is_refused() -> None:
    model = ASFormer(SMALL)
    with pytest.raises(FeatureError, match=r"dimension first; got \(1, 21, 6\)"):
        model(torch.zeros(1, 21, 6))
    with pytest.raises(FeatureError, match="at least 2 steps of a video, got 1"):
        model(torch.zeros(1, 6, 1))
    with pytest.raises(FeatureError, match="mask must be"):
        model(torch.zeros(1, 6, 5), torch.ones(1, 5))
    with pytest.raises(InputError, match="at least 2 steps"):
        segmentation_loss(torch.zeros(4, 1, 3, 1), torch.zeros(1, 1, dtype=torch.long))
    with pytest.raises(UsageError, match="do not divide"):
        dataclasses.replace(SMALL, channels=7)
    with pytest.raises(UsageError, match="below 1"):
        dataclasses.replace(SMALL, dropout=1.0)


def test_every_tensor_of_a_state_dict_has_its_place(tiny_state) -> None:
    name = "decoders.1.layers.2.att_layer.key_conv.bias"
    lacking = {other: value for other, value in tiny_state.items() if other != name}
    with pytest.raises(WeightsError, match=r"1 missing \(decoders\.1\.layers\.2\.attention\.key\.bias\)"):
        from_reference(lacking)
    with pytest.raises(WeightsError, match=r"1 left over \(encoder\.position\)"):
        from_reference({**tiny_state, "encoder.position": torch.zeros(1)})
    with pytest.raises(WeightsError, match=r"of another shape .*expected \(8,\), found \(9,\)"):
        from_reference({**tiny_state, name: torch.zeros(9)})
    with pytest.raises(WeightsError, match="no ASFormer"):
        from_reference({"weight": torch.zeros(1)})
    model = from_reference(tiny_state)
    assert not model.training
    assert all(parameter.requires_grad for parameter in model.parameters())
