"""Training that is interrupted in epoch 7 goes on in epoch 7, bit for bit; what was kept is never misread."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import torch

from twlv.errors import InputError
from twlv.heads.attentive_updates import AttentiveRecipe
from twlv.heads.checkpoint import Checkpoint, Checkpoints, State
from twlv.heads.optimizers import SGD, AdamW
from twlv.heads.train_attentive import fit_attentive
from twlv.nn.attentive_pool import pooler_config


class Killed(Exception):  # noqa: N818
    pass


@dataclass
class Bags:
    array: np.ndarray  # (n, M, N, D)
    dies_in: int | None = None
    epochs: list[int | None] = field(default_factory=list)
    dim: int = 8

    @property
    def counts(self) -> np.ndarray:
        return np.full(len(self.array), self.array.shape[1])

    def visit(self, videos, bags, *, epoch=None) -> Iterator[np.ndarray]:
        self.epochs.append(epoch)
        for position, (i, j) in enumerate(zip(videos, bags, strict=True)):
            if epoch is not None and epoch == self.dies_in and position == 5:
                raise Killed
            yield self.array[i, j]


ARRAY = np.random.default_rng(0).standard_normal((12, 3, 5, 8)).astype(np.float32)
LABELS = np.arange(12) % 3


def fit(bags: Bags, checkpoint: Checkpoint | None = None, name: str = "videoglue"):
    recipe = AttentiveRecipe(
        pooler=pooler_config(name, 8, num_heads=2),
        learning_rates=(1e-2, 3e-3),
        weight_decays=(0.1, 0.5),
        epochs=10,
        batch_size=4,
        final_weight_decay=1e-6,
    )
    return fit_attentive(
        bags,
        np.arange(12),
        LABELS,
        3,
        recipe,
        order_seed=1,
        init_seed=2,
        device=torch.device("cpu"),
        checkpoint=checkpoint,
    )


@pytest.mark.parametrize("name", ["vjepa", "videoglue"])
def test_interrupted_in_epoch_7_it_goes_on_in_epoch_7_bit_for_bit(tmp_path: Path, name: str) -> None:
    whole = fit(Bags(ARRAY), name=name)
    checkpoint = Checkpoint(path=tmp_path / "runs" / "a.safetensors", every_seconds=0)
    with pytest.raises(Killed):
        fit(Bags(ARRAY, dies_in=7), checkpoint, name)
    again = Bags(ARRAY)
    resumed = fit(again, checkpoint, name)
    assert again.epochs == [7, 8, 9]
    for key, value in whole.parameters.items():
        assert torch.equal(resumed.parameters[key], value), key
    np.testing.assert_array_equal(resumed.first_loss, whole.first_loss)
    np.testing.assert_array_equal(resumed.last_loss, whole.last_loss)
    done = Bags(ARRAY)
    third = fit(done, checkpoint, name)
    assert done.epochs == []
    assert torch.equal(third.parameters["linear.weight"], whole.parameters["linear.weight"])
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["a.safetensors"]  # nothing half-written


def test_short_epochs_are_not_spent_on_writing(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    rare = Checkpoint(path=path, every_seconds=1e6)
    with pytest.raises(Killed):
        fit(Bags(ARRAY, dies_in=7), rare)
    assert not path.exists()
    fit(Bags(ARRAY), rare)
    assert path.exists()  # the last state is always kept: the next stage need not train this one again


def test_writing_takes_a_twentieth_of_the_time_at_most(tmp_path: Path) -> None:
    """A state of 1.5 GB after each epoch of half a minute would cost as much as the training."""
    times = iter([0.0, 100.0, 300.0, 300.0, 315.0, 500.0, 700.0, 700.0, 700.0])
    kept = Checkpoint(path=tmp_path / "a.safetensors", clock=lambda: next(times))
    state = State(epochs=1, tensors={"x": torch.zeros(1).expand(375_000_000)})  # 1.5 GB: 15 s, so every 300 s
    kept._write = lambda path, state: None  # type: ignore[method-assign] - only when, not what
    kept.save(state)
    assert kept._last == 0.0  # after 100 s
    kept.save(state)
    assert kept._last == 315.0  # after 300 s; it took 15 s
    kept.save(state)
    assert kept._last == 315.0  # 185 s later
    kept.save(state)
    assert kept._last == 700.0


def test_a_training_that_is_done_keeps_its_weights_alone(tmp_path: Path) -> None:
    checkpoint = Checkpoint(path=tmp_path / "a.safetensors", every_seconds=0)
    with pytest.raises(Killed):
        fit(Bags(ARRAY, dies_in=7), checkpoint)
    running = checkpoint.path.stat().st_size
    fit(Bags(ARRAY), checkpoint)
    assert checkpoint.path.stat().st_size < 0.4 * running


def test_only_the_state_of_the_same_training_is_taken_up(tmp_path: Path) -> None:
    kept = Checkpoints(folder=tmp_path, origin={"tokens": 1})
    stage = kept.stage("fit", recipe="a")
    stage.save(State(epochs=3, tensors={"x": torch.arange(4.0)}, numbers={"loss": [1.0]}), final=True)
    found = Checkpoints(folder=tmp_path, origin={"tokens": 1}).stage("fit", recipe="a").load()
    assert found is not None
    assert (found.epochs, dict(found.numbers)) == (3, {"loss": [1.0]})
    assert torch.equal(found.tensors["x"], torch.arange(4.0))
    assert kept.stage("fit", recipe="b").load() is None
    assert Checkpoints(folder=tmp_path, origin={"tokens": 2}).stage("fit", recipe="a").load() is None
    assert Checkpoints().stage("fit", recipe="a").load() is None
    kept.clear(stage)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", ["cut", "other", "empty"])
def test_a_damaged_file_is_named_not_ignored(tmp_path: Path, damage: str) -> None:
    """A training that silently began anew would be taken for a resumed one."""
    path = tmp_path / "a.safetensors"
    checkpoint = Checkpoint(path=path)
    checkpoint.save(State(epochs=3, tensors={"x": torch.zeros(1000)}), final=True)
    whole = path.read_bytes()
    path.write_bytes({"cut": whole[: len(whole) // 2], "other": b"x" * 200, "empty": b""}[damage])
    with pytest.raises(InputError, match=r"a\.safetensors: not a checkpoint .* remove it"):
        checkpoint.load()


@pytest.mark.parametrize("kind", [AdamW, SGD])
def test_an_optimiser_goes_on_from_its_state(kind: type) -> None:
    random = torch.Generator().manual_seed(0)
    gradients = torch.randn(6, 5, 4, generator=random)
    rate, decay = torch.full((4,), 0.1), torch.full((4,), 0.01)
    whole = torch.ones(5, 4)
    optimizer = kind(whole)
    for gradient in gradients:
        optimizer.step(whole, gradient.clone(), rate, decay)
    part = torch.ones(5, 4)
    first = kind(part)
    for gradient in gradients[:3]:
        first.step(part, gradient.clone(), rate, decay)
    second = kind(part)
    second.restore({name: value.clone() for name, value in first.state.items()})
    for gradient in gradients[3:]:
        second.step(part, gradient.clone(), rate, decay)
    assert torch.equal(part, whole)
