"""A linear probe on features that change from epoch to epoch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from twlv.errors import FeatureError
from twlv.heads.checkpoint import Checkpoints
from twlv.tasks import LinearProbe
from twlv.types import Embedding, Json, Sample


@dataclass(frozen=True, kw_only=True)
class Epochs:
    """Fake features whose epochs add noise of their own; ``asked`` lists the epochs asked for."""

    base: object
    noise: float = 0.0
    asked: list[int] = field(default_factory=list)
    skip: str = ""
    single: bool = False

    def __getattr__(self, name: str) -> object:
        return getattr(self.base, name)

    def __len__(self) -> int:
        return len(self.base)

    def __iter__(self) -> Iterator[tuple[Embedding, Sample]]:
        return iter(self.base)

    @property
    def training(self) -> Mapping[str, Json]:
        return {"kind": "live", "noise": self.noise}

    def for_epoch(self, epoch: int) -> object:
        self.asked.append(epoch)
        items = []
        for embedding, sample in self.base.items:
            if sample.video_id == self.skip:
                continue
            name = int.from_bytes(sample.video_id.encode(), "little") % 2**31
            drawn = np.random.default_rng([epoch, name]).standard_normal(embedding.vectors.shape)
            vectors = (embedding.vectors + self.noise * drawn).astype(np.float32)
            rows = slice(0, 1 if self.single else None)
            spans = embedding.spans_seconds[rows]
            items.append((replace(embedding, vectors=vectors[rows], spans_seconds=spans), sample))
        return replace(self.base, items=tuple(items))


def halves(fake: ModuleType, **settings: object) -> tuple[object, object]:
    return fake.blobs(80, seed=1, prefix="a", **settings), fake.blobs(60, seed=2, prefix="b", **settings)


AUTHORS = LinearProbe(recipe="authors", epochs=4, batch_size=16, warmup_epochs=0, learning_rates=(0.02,))


@pytest.mark.parametrize(
    "probe",
    [
        AUTHORS,
        LinearProbe(recipe="table4", epochs=4, warmup_epochs=1, batch_size=16),
        LinearProbe(epochs=4, batch_size=16, held_out=0.3),
    ],
)
def test_epochs_that_do_not_differ_give_the_probe_on_stored_features(
    fake: ModuleType, probe: LinearProbe
) -> None:
    """Same bits for one head; the grid is judged on one split here, on several there."""
    train, test = halves(fake)
    live = probe.run(Epochs(base=train), test, seed=3)
    if probe.recipe != "grid":
        stored = probe.run(train, test, seed=3)
        assert live.predictions == stored.predictions
        assert live.details["train_loss"] == stored.details["train_loss"]
        assert live.details["test_loss"] == stored.details["test_loss"]
    chosen = {"learning_rate", "weight_decay"}
    assert chosen <= set(live.details)
    assert live.scores["linear_probe/top1"].value > 60


def test_every_epoch_is_asked_for_once_and_in_order(fake: ModuleType) -> None:
    train, test = halves(fake)
    for probe in (AUTHORS, LinearProbe(epochs=4, batch_size=16)):
        epochs = Epochs(base=train, noise=0.3)
        outcome = probe.run(epochs, test)
        assert epochs.asked == [0, 1, 2, 3]
        assert outcome.details["training_features"] == {"kind": "live", "noise": 0.3}
    assert outcome.details["selection"]["splits"] == 1
    assert len(outcome.details["selection"]["grid"]) > 10


def test_the_drawn_rows_are_what_is_trained_on(fake: ModuleType) -> None:
    train, test = halves(fake)
    plain = AUTHORS.run(Epochs(base=train), test)
    noisy = AUTHORS.run(Epochs(base=train, noise=1.0), test)
    assert noisy.details["train_loss"] > plain.details["train_loss"] + 0.05
    again = AUTHORS.run(Epochs(base=train, noise=1.0), test)
    assert again.predictions == noisy.predictions
    assert again.details["train_loss"] == noisy.details["train_loss"]


def test_the_chosen_head_is_trained_on_all_videos(fake: ModuleType) -> None:
    """The head of the result equals one trained alone at the chosen point."""
    train, test = halves(fake)
    probe = LinearProbe(epochs=4, batch_size=16)
    chosen = probe.run(Epochs(base=train, noise=0.5), test, seed=1)
    alone = replace(
        probe,
        learning_rates=(chosen.details["learning_rate"],),
        weight_decays=(chosen.details["weight_decay"],),
    ).run(Epochs(base=train, noise=0.5), test, seed=1)
    assert alone.details["train_loss"] == pytest.approx(chosen.details["train_loss"], rel=1e-5)
    assert alone.predictions == chosen.predictions


def test_a_plain_video_may_have_more_rows_than_one_of_an_epoch(fake: ModuleType) -> None:
    train, test = halves(fake, clips=3)
    outcome = AUTHORS.run(Epochs(base=train, single=True), test)
    assert outcome.scores["linear_probe/top1"].n == 60


def test_an_epoch_with_another_video_is_an_error(fake: ModuleType) -> None:
    train, test = halves(fake)
    with pytest.raises(FeatureError, match=r"epoch 0 .* 1 differ, for example 'a00005'"):
        AUTHORS.run(Epochs(base=train, skip="a00005"), test)


class InterruptedEpochError(Exception):
    """Somebody pulled the plug."""


@dataclass(frozen=True, kw_only=True)
class Breaking(Epochs):
    """Epochs of which one cannot be had."""

    at: int = 99

    def for_epoch(self, epoch: int) -> object:
        if epoch == self.at:
            raise InterruptedEpochError
        return super().for_epoch(epoch)


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
@pytest.mark.parametrize("recipe", ["grid", "authors"])
def test_a_run_interrupted_in_an_epoch_goes_on_there(
    fake: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recipe: str, optimizer: str
) -> None:
    monkeypatch.setitem(Checkpoints.__init__.__kwdefaults__, "every_seconds", 0.0)
    train, test = halves(fake)
    probe = LinearProbe(recipe=recipe, optimizer=optimizer, epochs=9, warmup_epochs=2, batch_size=16)
    whole = probe.run(Epochs(base=train, noise=0.5), test, seed=2)
    with pytest.raises(InterruptedEpochError):
        probe.run_from(tmp_path, Breaking(base=train, noise=0.5, at=7), test, seed=2)
    assert len(list(tmp_path.iterdir())) == 1
    rest = Epochs(base=train, noise=0.5)
    resumed = probe.run_from(tmp_path, rest, test, seed=2)
    assert rest.asked == [7, 8]
    assert resumed == whole
    assert list(tmp_path.iterdir()) == []


def test_another_training_does_not_take_the_state_up(
    fake: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(Checkpoints.__init__.__kwdefaults__, "every_seconds", 0.0)
    train, test = halves(fake)
    probe = replace(AUTHORS, epochs=4)
    with pytest.raises(InterruptedEpochError):
        probe.run_from(tmp_path, Breaking(base=train, noise=0.5, at=2), test)
    for other, features, seed in (
        (replace(probe, learning_rates=(0.5,)), Epochs(base=train, noise=0.5), 0),
        (probe, Epochs(base=train, noise=0.6), 0),
        (probe, Epochs(base=train, noise=0.5), 1),
        (replace(probe, epochs=5), Epochs(base=train, noise=0.5), 0),
    ):
        other.run_from(tmp_path, features, test, seed=seed)
        assert features.asked[0] == 0
    same = Epochs(base=train, noise=0.5)
    probe.run_from(tmp_path, same, test)
    assert same.asked == [2, 3]
