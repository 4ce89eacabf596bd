"""Several processes: the mean of their losses and gradients is that of the whole batch.

The processes are threads here, which meet at every sum; the training loop's tests have real ones.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from twlv.nn.vit import VitConfig
from twlv.pretrain.batch import Batch
from twlv.pretrain.objective import distances
from twlv.pretrain.objective.config import ObjectiveConfig, PredictorConfig, Use
from twlv.pretrain.objective.objective import Objective
from twlv.pretrain.objective.targets.displacement import Displacement
from twlv.pretrain.objective.targets.ema_teacher import EmaTeacher
from twlv.pretrain.objective.targets.pixels import Pixels


class Meeting:
    """Sums tensors over two threads."""

    def __init__(self) -> None:
        self.barrier = threading.Barrier(2, timeout=30)
        self.rank = threading.local()
        self.brought: dict[int, torch.Tensor] = {}

    def all_reduce(self, value: torch.Tensor) -> None:
        self.brought[self.rank.number] = value.clone()
        self.barrier.wait()
        total = self.brought[0] + self.brought[1]
        self.barrier.wait()
        value.copy_(total)


def _losses(config: ObjectiveConfig, batch: Batch, steps: int) -> tuple[list[float], list[torch.Tensor]]:
    objective = Objective(config).train()
    totals = []
    for step in range(steps):
        objective.zero_grad()
        losses = objective(batch, seed=1, step=step)
        losses.total.backward()
        objective.after_step(step, steps)
        totals.append(float(losses.total.detach()))
    return totals, [
        parameter.grad.clone() for parameter in objective.parameters() if parameter.grad is not None
    ]


def test_two_halves_make_the_whole(encoder: VitConfig, batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = torch.cat([batch.frames, batch.frames.roll(3, -1)])
    frames[0] = 77  # a flat clip: the halves have unequal weights of motion
    images = torch.cat([batch.images, batch.images[:1].flip(-1)])
    whole = Batch(frames=frames, images=images, ids=("a", "b", "c", "d"), image_ids=("v", "x", "y", "z"))
    config = ObjectiveConfig(
        encoder=encoder,
        uses=(Use(target=Pixels()), Use(target=Displacement(radius=2)), Use(target=EmaTeacher())),
        predictors=(PredictorConfig(width=24, depth=1, num_heads=2, query_share=0.5),),
        visible_share=0.25,
        drop_path=0.2,
    )
    totals, grads = _losses(config, whole, 3)

    meeting = Meeting()
    monkeypatch.setattr(distances, "_together", lambda: True)
    monkeypatch.setattr(distances.distributed, "get_world_size", lambda: 2)
    monkeypatch.setattr(distances.distributed, "all_reduce", meeting.all_reduce)

    def half(number: int) -> tuple[list[float], list[torch.Tensor]]:
        meeting.rank.number = number
        return _losses(config, whole.split(2)[number], 3)

    with ThreadPoolExecutor(2) as pool:
        (totals_1, grads_1), (totals_2, grads_2) = pool.map(half, (0, 1))
    for together, one, two in zip(totals, totals_1, totals_2, strict=True):
        assert together == pytest.approx((one + two) / 2, abs=1e-5)
        assert abs(one - two) > 1e-3
    for whole_grad, one_grad, two_grad in zip(grads, grads_1, grads_2, strict=True):
        assert torch.allclose(whole_grad, (one_grad + two_grad) / 2, atol=1e-5)
