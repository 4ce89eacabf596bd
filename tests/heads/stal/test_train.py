"""Training on key frames: memory does not move a gradient, what decays, the schedule of Table 8."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from twlv.heads.stal.answers import answer
from twlv.heads.stal.config import DecoderConfig
from twlv.heads.stal.decoder import Decoder
from twlv.heads.stal.frames import KeyFrame
from twlv.heads.stal.settings import LossSettings
from twlv.heads.stal.train import Recipe, Trainer, fit_decoder
from twlv.types import IntArray

CONFIG = DecoderConfig(
    input_width=6,
    num_classes=3,
    grid=(2, 2, 2),
    num_queries=4,
    num_layers=2,
    width=16,
    num_heads=2,
    mlp_width=16,
    dropout=0.0,
    drop_path=0.0,
)
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Few:
    """Key frames in memory, of 0 to 2 people."""

    count: int

    def __len__(self) -> int:
        return self.count

    def visit(self, order: IntArray, *, epoch: int | None = None) -> Iterator[KeyFrame]:
        for index in order:
            random = np.random.default_rng(int(index))
            people = int(index) % 3
            corner = random.uniform(0, 0.5, (people, 2))
            yield KeyFrame(
                tokens=random.standard_normal((2, 2, 2, 6), dtype=np.float32),
                xyxy=np.concatenate([corner, corner + 0.3], axis=1),
                labels=random.random((people, 3)) < 0.5,
            )


def fitted(recipe: Recipe, frames: Few) -> dict[str, torch.Tensor]:
    found = fit_decoder(CONFIG, LossSettings(), recipe, frames, init_seed=0, order_seed=0, device=CPU)
    return {**found.decoder.state_dict(), "losses": torch.tensor([each["total"] for each in found.losses])}


def test_clips_at_once_move_nothing_but_rounding() -> None:
    recipe = Recipe(epochs=1, warmup_epochs=0, batch_size=7, clip_norm=None, clips_at_once=16)
    whole, parts = fitted(recipe, Few(7)), fitted(replace(recipe, clips_at_once=2), Few(7))
    torch.testing.assert_close(parts["losses"], whole["losses"])
    trainers = [Trainer(Decoder(CONFIG), LossSettings(), replace(recipe, clips_at_once=n), 7) for n in (16, 2)]
    group = list(Few(7).visit(np.arange(7)))
    for trainer in trainers:
        trainer.step(group, None)
    for one, two in zip(*(trainer.decoder.parameters() for trainer in trainers), strict=True):
        torch.testing.assert_close(two.grad, one.grad, atol=1e-5, rtol=1e-3)


def test_matrices_and_tables_decay_and_nothing_else() -> None:
    trainer = Trainer(Decoder(CONFIG), LossSettings(), Recipe(), 4)
    decaying, others = trainer.optimizer.param_groups
    assert (decaying["weight_decay"], others["weight_decay"]) == (1e-5, 0.0)
    assert all(p.ndim > 1 for p in decaying["params"])
    assert all(p.ndim == 1 for p in others["params"])
    count = sum(len(group["params"]) for group in (decaying, others))
    assert count == len(list(trainer.decoder.parameters()))


def test_the_rate_rises_over_the_warm_up_and_falls_to_nothing() -> None:
    trainer = Trainer(Decoder(CONFIG), LossSettings(), Recipe(epochs=5, warmup_epochs=1, batch_size=2), 8)
    group, rates = list(Few(2).visit(np.arange(2))), []
    for _ in range(20):
        trainer.step(group, None)
        rates.append(trainer.optimizer.param_groups[0]["lr"])
    assert rates[:4] == pytest.approx([0.25e-4, 0.5e-4, 0.75e-4, 1e-4])
    assert rates[4:] == sorted(rates[4:], reverse=True)
    assert rates[-1] < 2e-6


def test_answers_are_corners_within_the_picture() -> None:
    found = answer(Decoder(CONFIG), Few(5), batch_size=2)
    assert found.xyxy.shape == (5, 4, 4)
    assert found.scores.shape == (5, 4, 3)
    assert 0 <= found.xyxy.min() <= found.xyxy.max() <= 1
    assert (found.xyxy[..., :2] <= found.xyxy[..., 2:]).all()
    whole = answer(Decoder(CONFIG), Few(5), batch_size=16)
    np.testing.assert_allclose(whole.scores, found.scores, atol=1e-6)
