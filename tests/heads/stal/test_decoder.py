"""The query decoder: its sizes, what may influence what, and what its settings mean."""

from dataclasses import replace

import pytest
import torch

from twlv.errors import FeatureError, UsageError
from twlv.heads.stal.config import DecoderConfig
from twlv.heads.stal.decoder import Decoder
from twlv.heads.stal.dropout import Noise
from twlv.heads.stal.layer import scaled_linear
from twlv.heads.stal.positions import sine_grid

SMALL = DecoderConfig(
    input_width=12,
    num_classes=5,
    grid=(4, 3, 2),
    num_queries=6,
    num_layers=2,
    width=32,
    num_heads=4,
    mlp_width=48,
    dropout=0.0,
    drop_path=0.0,
)
SETTINGS = [
    SMALL,
    replace(SMALL, cross="full", norm="before"),
    replace(SMALL, times="key", positions="learned", value_positions=False, memory_norm=False),
]


def tokens_of(config: DecoderConfig, clips: int = 2, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(clips, *config.grid, config.input_width, generator=generator)


def noise_of(seed: int, **rates: float) -> Noise:
    return Noise(torch.Generator().manual_seed(seed), **{"dropout": 0.1, "drop_path": 0.1, **rates})


@pytest.mark.parametrize(
    ("changes", "count"),
    [  # measured on a prototype by the specification, without a norm after the projection
        ({}, 11_540_820),
        ({"num_queries": 16}, 11_528_532),
        ({"input_width": 768}, 11_475_284),
        ({"grid": (8, 18, 18)}, 11_573_588),
        ({"grid": (1, 14, 14), "times": "key"}, 9_955_156),
    ],
)
def test_parameters_at_the_report_s_sizes(changes: dict[str, object], count: int) -> None:
    base = DecoderConfig(
        input_width=1024, num_classes=80, grid=(8, 14, 14), positions="learned", memory_norm=False
    )
    decoder = Decoder(replace(base, **changes))
    assert sum(p.numel() for p in decoder.parameters()) == count


def test_parameters_of_one_layer() -> None:
    layer = Decoder(DecoderConfig(input_width=8, num_classes=2, grid=(2, 1, 1))).layers[0]
    assert sum(p.numel() for p in layer.parameters()) == 3 * 263_168 + 1_050_880 + 4 * 512


@pytest.mark.parametrize("config", SETTINGS)
def test_shapes_and_ranges(config: DecoderConfig) -> None:
    found = Decoder(config)(tokens_of(config))
    times = 1 if config.times == "key" else 4
    assert found.boxes.shape == (2, 2, times, 6, 4)
    assert found.logits.shape == (2, 2, times, 6, 5)
    assert found.boxes.min() > 0
    assert found.boxes.max() < 1


def test_an_untrained_decoder_says_about_the_prior() -> None:
    found = Decoder(replace(SMALL, prior=0.02))(tokens_of(SMALL)).logits.sigmoid().detach()
    assert 0.005 < float(found.median()) < 0.08


@pytest.mark.parametrize("config", SETTINGS)
def test_trap_21_permuting_the_spatial_queries_permutes_the_answers(config: DecoderConfig) -> None:
    decoder, tokens = Decoder(config).double(), tokens_of(config).double()
    before = decoder(tokens)
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    with torch.no_grad():
        decoder.spatial.copy_(decoder.spatial[order].clone())
    after = decoder(tokens)
    torch.testing.assert_close(after.boxes, before.boxes[:, :, :, order])
    torch.testing.assert_close(after.logits, before.logits[:, :, :, order])


def moved(decoder: Decoder, time: int) -> torch.Tensor:
    """Which times of the answers change when the tokens of ``time`` do."""
    tokens = tokens_of(decoder.config).double()
    other = tokens.clone()
    other[:, time] += 1.0
    before, after = decoder(tokens).logits, decoder(other).logits
    return (before - after).abs().amax(dim=(0, 1, 3, 4)) > 1e-9


def test_trap_22_without_attention_over_time_no_time_sees_another() -> None:
    decoder = Decoder(SMALL).double()
    for layer in decoder.layers:
        del layer.attention["times"]
    assert moved(decoder, 1).tolist() == [False, True, False, False]


def test_trap_22_attention_over_time_and_full_cross_attention_see_all_times() -> None:
    assert moved(Decoder(SMALL).double(), 1).all()
    full = Decoder(replace(SMALL, cross="full")).double()
    for layer in full.layers:
        del layer.attention["times"]
    assert moved(full, 1).all()
    assert moved(Decoder(replace(SMALL, times="key")).double(), 1).all()


def test_trap_22_clips_never_see_one_another() -> None:
    for config in SETTINGS:
        decoder, tokens = Decoder(config).double(), tokens_of(config, 3).double()
        together = decoder(tokens)
        alone = decoder(tokens[1:2])
        torch.testing.assert_close(together.boxes[:, 1:2], alone.boxes)
        torch.testing.assert_close(together.logits[:, 1:2], alone.logits)


def test_trap_23_only_the_key_step_has_a_gradient_before_layers_mix() -> None:
    config = replace(SMALL, num_layers=1)
    decoder = Decoder(config)
    found = decoder(tokens_of(config))
    found.boxes.retain_grad()
    found.boxes[:, :, config.key_step].sum().backward()
    assert found.boxes.grad is not None
    others = [t for t in range(4) if t != config.key_step]
    assert not found.boxes.grad[:, :, others].any()
    assert found.boxes.grad[:, :, config.key_step].all()


def test_trap_25_attention_follows_a_token_to_the_right() -> None:
    """Keys that only one column matches: the value read is that column's, in x and not in y."""
    config = replace(SMALL, grid=(1, 3, 4), num_layers=1)
    decoder = Decoder(config)
    for column in range(4):
        tokens = torch.zeros(1, 1, 3, 4, 12)
        tokens[:, :, 1, column] = 5.0
        keys, _ = decoder.memory(tokens)
        plain, _ = decoder.memory(torch.zeros_like(tokens))
        changed = (keys - plain).abs().sum(dim=-1)[0, 0].view(3, 4)
        assert changed.nonzero().tolist() == [[1, column]]


def test_positions_tell_rows_from_columns() -> None:
    grid = sine_grid(3, 5, 16)
    assert grid.shape == (3, 5, 16)
    torch.testing.assert_close(grid[0, :, :8], grid[0, :1, :8].expand(5, 8))  # y does not change along a row
    torch.testing.assert_close(grid[:, 0, 8:], grid[:1, 0, 8:].expand(3, 8))
    assert len({tuple(place) for place in grid.flatten(0, 1).tolist()}) == 15
    centre = sine_grid(1, 1, 4)[0, 0]  # half of 2 pi
    torch.testing.assert_close(centre, torch.tensor([0.0, -1.0, 0.0, -1.0]), atol=1e-6, rtol=0)


def test_the_key_frame_is_in_the_token_after_the_middle() -> None:
    assert [replace(SMALL, grid=(steps, 1, 1)).key_step for steps in (1, 2, 4, 5, 8, 16)] == [0, 1, 2, 2, 4, 8]
    assert replace(SMALL, times="key").key_step == 0


@pytest.mark.parametrize("config", SETTINGS)
def test_weights_follow_from_the_seed_and_nothing_global(config: DecoderConfig) -> None:
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first = Decoder(config, seed=3).state_dict()
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(2)
    again, other = Decoder(config, seed=3).state_dict(), Decoder(config, seed=4).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["spatial"], other["spatial"])


def test_noise_is_drawn_from_its_generator_alone() -> None:
    decoder, tokens = Decoder(SMALL), tokens_of(SMALL)
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first, again = decoder(tokens, noise_of(5)), decoder(tokens, noise_of(5))
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(first.boxes, again.boxes)
    assert not torch.equal(first.boxes, decoder(tokens, noise_of(6)).boxes)
    assert not torch.equal(first.boxes, decoder(tokens).boxes)


def test_dropout_keeps_its_share_and_the_mean() -> None:
    x = torch.ones(301, 701)
    dropped = noise_of(0, dropout=0.25).drop(x)
    assert dropped.unique().tolist() == pytest.approx([0.0, 4 / 3])
    assert float((dropped == 0).float().mean()) == pytest.approx(0.25, abs=0.005)
    columns = (dropped == 0).float().mean(dim=0)  # no lane of a draw is special
    assert abs(float(columns[0::4].mean() - columns[3::4].mean())) < 0.01


def test_a_thinned_relu_is_dropout_of_relu_forwards_and_backwards() -> None:
    x = torch.randn(7, 33, generator=torch.Generator().manual_seed(0), dtype=torch.float64, requires_grad=True)
    weight = torch.randn(7, 33, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    plain = noise_of(3).thin(torch.relu(x))
    (plain * weight).sum().backward()
    expected, x.grad = x.grad, None
    fused = noise_of(3).thin_relu(x * 1.0)
    (fused * weight).sum().backward()
    assert torch.equal(plain, fused)
    assert torch.equal(x.grad, expected)
    assert (plain == 0).sum() > (x < 0).sum()


def test_a_branch_is_dropout_then_drop_path() -> None:
    x = torch.randn(50, 6, 8, generator=torch.Generator().manual_seed(0))
    for rates in ({}, {"dropout": 0.0}, {"drop_path": 0.0}):
        apart = noise_of(4, **rates)
        torch.testing.assert_close(noise_of(4, **rates).branch(x), apart.path(apart.drop(x)))


def test_a_scaled_linear_is_the_linear_of_what_is_scaled() -> None:
    layer = torch.nn.Linear(6, 5)
    x = torch.randn(2, 3, 4, 6, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(scaled_linear(layer, x, 1.25), layer(x * 1.25))


def test_noise_without_dropout_is_no_noise() -> None:
    decoder, tokens = Decoder(SMALL), tokens_of(SMALL)
    quiet = decoder(tokens, noise_of(0, dropout=0.0, drop_path=0.0))
    torch.testing.assert_close(quiet.boxes, decoder(tokens).boxes)


def test_drop_path_drops_whole_clips() -> None:
    x = torch.ones(1000, 3, 2)
    kept = noise_of(0, drop_path=0.2).path(x)
    first = kept[:, 0, 0]
    assert torch.equal(kept, first[:, None, None].expand_as(kept))
    assert float((first == 0).float().mean()) == pytest.approx(0.2, abs=0.05)
    assert float(first.max()) == pytest.approx(1.25)


@pytest.mark.parametrize("shape", [(2, 4, 2, 3, 12), (2, 4, 3, 2, 11), (4, 3, 2, 12), (2, 3, 3, 2, 12)])
def test_tokens_of_another_grid_or_width_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(FeatureError, match=r"tokens must be \(B, 4, 3, 2, 12\)"):
        Decoder(SMALL)(torch.zeros(shape))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"num_queries": 0}, "start at 1"),
        ({"grid": (4, 0, 2)}, "start at 1"),
        ({"num_heads": 5}, "multiple of"),
        ({"dropout": 1.0}, "below 1"),
        ({"drop_path": -0.1}, "below 1"),
        ({"prior": 0.0}, "between 0 and 1"),
    ],
)
def test_settings_that_cannot_be_are_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        replace(SMALL, **changes)
