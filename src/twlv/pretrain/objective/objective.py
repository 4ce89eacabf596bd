"""The module that a training loop calls: one encoder, masks, predictors, targets, and the sum of losses."""

from __future__ import annotations

from torch import nn

from twlv.pretrain.batch import Batch
from twlv.pretrain.objective.config import ObjectiveConfig
from twlv.pretrain.objective.records import Losses


class Objective(nn.Module):
    """Call it with a Batch; differentiate ``total``; call ``after_step`` once the optimiser has stepped.

    ``encoder`` is the ``VideoTransformer`` to export. Weights are drawn from ``config.seed``. The state dict
    holds what training changes, running means and EMA teachers included, and no frozen teacher.
    """

    def __init__(self, config: ObjectiveConfig) -> None:
        super().__init__()
        self.config = config

    def forward(self, batch: Batch, *, seed: int, step: int) -> Losses:
        """Losses of one (micro-)batch. The same seed, step and batch give the same masks and losses."""
        raise NotImplementedError

    def after_step(self, step: int, total_steps: int) -> None:
        """Bring what follows the encoder (EMA teachers) up to date; ``step`` from 0."""
        raise NotImplementedError
