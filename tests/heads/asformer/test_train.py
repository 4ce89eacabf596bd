"""Training of an ASFormer: the rate on a plateau, resuming to the same bits, seeds, odd videos."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from twlv.errors import FeatureError
from twlv.heads.asformer import ASFormerConfig
from twlv.heads.asformer.plateau import Plateau
from twlv.heads.asformer.train import Fitted, Recipe, fit_asformer, label_steps
from twlv.heads.checkpoint import Checkpoint

CONFIG = ASFormerConfig(width=6, num_classes=3, layers=3, channels=8, decoders=1)
CPU = torch.device("cpu")


def make_videos(lengths=(12, 19, 7)) -> list[tuple[np.ndarray, np.ndarray]]:
    random = np.random.default_rng(0)
    labels = [np.sort(random.integers(0, 3, size=length)) for length in lengths]
    return [(np.eye(3, 6, dtype=np.float32)[part], part) for part in labels]


def fit(videos, recipe: Recipe, *, seed: int = 3, checkpoint: Checkpoint | None = None, **changed) -> Fitted:
    def order(epoch: int) -> range:
        return range(len(videos))

    config = dataclasses.replace(CONFIG, **changed)
    return fit_asformer(config, recipe, videos.__getitem__, order, seed=seed, device=CPU, checkpoint=checkpoint)


def weights(found: Fitted) -> torch.Tensor:
    return torch.cat([value.flatten() for value in found.model.state_dict().values()])


@settings(deadline=None)
@given(losses=st.lists(st.sampled_from([1.0, 0.99995, 0.9998, 0.5, 2.0, 0.49999]), min_size=1, max_size=60))
def test_trap_23_the_rate_is_that_of_torch(losses) -> None:
    optimizer = torch.optim.Adam([torch.zeros(1, requires_grad=True)], lr=5e-4)
    torchs = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, mode="min", factor=0.5, patience=3)
    plateau = Plateau(rate=5e-4)
    for loss in losses:
        torchs.step(loss)
        plateau = plateau.after(loss)
        assert plateau.rate == optimizer.param_groups[0]["lr"]


def test_trap_23_the_rate_halves_at_the_fourth_epoch_in_a_row_without_a_gain() -> None:
    plateau, rates = Plateau(rate=1.0), []
    for loss in (8.0, 7.0, 7.0, 6.9995, 7.1, 7.0, 6.0, 6.0):
        plateau = plateau.after(loss)
        rates.append(plateau.rate)
    assert rates == [1, 1, 1, 1, 1, 0.5, 0.5, 0.5]  # 6.9995 is less than one part in 10,000 better


def test_the_rate_follows_the_sum_of_the_training_losses_once_an_epoch() -> None:
    recipe = Recipe(epochs=5, learning_rate=1e-6, patience=0)  # too small a rate to gain anything
    found = fit(make_videos(), recipe, dropout=0.0, channel_dropout=0.0)
    assert list(found.rates) == [1e-6, 1e-6, 5e-7, 2.5e-7, 1.25e-7]
    each = [fit([video], recipe, dropout=0.0, channel_dropout=0.0).losses[0] for video in make_videos()]
    assert found.losses[0] == pytest.approx(sum(each), rel=1e-3)


def test_an_interrupted_training_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    videos, recipe = make_videos(), Recipe(epochs=6, learning_rate=1e-2, patience=0)
    whole = fit(videos, recipe)
    calls = 0

    def until_interrupted(index: int) -> tuple[np.ndarray, np.ndarray]:
        nonlocal calls
        calls += 1
        if calls == 11:  # within the fourth epoch
            raise KeyboardInterrupt
        return videos[index]

    kept = Checkpoint(path=tmp_path / "state.safetensors", every_seconds=0.0)
    with pytest.raises(KeyboardInterrupt):
        fit_asformer(
            CONFIG, recipe, until_interrupted, lambda epoch: range(3), seed=3, device=CPU, checkpoint=kept
        )
    state = kept.load()
    assert state is not None
    assert state.epochs == 3
    again = fit(videos, recipe, checkpoint=kept)
    assert again.losses == whole.losses
    assert again.rates == whole.rates
    assert torch.equal(weights(again), weights(whole))


def test_a_training_depends_on_its_seed_and_leaves_the_global_state_alone() -> None:
    videos, recipe = make_videos(), Recipe(epochs=2)
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first = weights(fit(videos, recipe))
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(6)
    assert torch.equal(weights(fit(videos, recipe)), first)
    assert not torch.equal(weights(fit(videos, recipe, seed=4)), first)


def test_it_learns_and_labels_every_step() -> None:
    videos = make_videos()
    found = fit(videos, Recipe(epochs=40, learning_rate=1e-3), dropout=0.0, channel_dropout=0.0, channels=16)
    assert found.losses[-1] < found.losses[0] / 2
    right = [np.mean(label_steps(found.model, features) == labels) for features, labels in videos]
    assert np.mean(right) > 0.9


def test_a_video_of_one_step_is_trained_on_and_labelled() -> None:
    videos = make_videos((1, 9))
    found = fit(videos, Recipe(epochs=2))
    assert label_steps(found.model, videos[0][0]).shape == (1,)


def test_a_diverged_training_is_an_error() -> None:
    features, labels = make_videos((9,))[0]
    with pytest.raises(FeatureError, match=r"diverged in epoch 1 at learning rate 0\.0005"):
        fit([(np.full_like(features, np.inf), labels)], Recipe(epochs=1))
