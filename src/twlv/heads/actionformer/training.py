"""The update of ActionFormer: which parameters decay, the rate of each step, the running mean of weights."""

from __future__ import annotations

import copy
import math
from typing import Any

import torch
from torch import nn

from twlv.heads.actionformer.network import ActionFormer

LOWEST_RATE = 1e-8


def parameter_groups(model: ActionFormer, *, weight_decay: float = 0.05) -> list[dict[str, Any]]:
    """Groups for AdamW: weights of convolutions and linears decay; biases, norms and scales do not."""
    decayed = {id(module.weight) for module in model.modules() if isinstance(module, nn.Conv1d | nn.Linear)}
    ordered = [parameter for _, parameter in sorted(model.named_parameters())]
    return [
        {"params": [p for p in ordered if id(p) in decayed], "weight_decay": weight_decay},
        {"params": [p for p in ordered if id(p) not in decayed], "weight_decay": 0.0},
    ]


def learning_rate(step: int, *, base: float, warmup_steps: int, total_steps: int) -> float:
    """Rate of a step, from 0: linear from exactly 0 to ``base``, then half a cosine to 1e-8.

    ``total_steps`` has the warm-up in it. The base is reached at ``warmup_steps - 1``, again one step later.
    """
    if step < warmup_steps:
        return base * step / max(warmup_steps - 1, 1)
    through = (step - warmup_steps) / max(total_steps - warmup_steps, 1)
    return LOWEST_RATE + 0.5 * (base - LOWEST_RATE) * (1 + math.cos(math.pi * through))


class MeanWeights:
    """A copy whose weights run behind: ``decay`` of itself and the rest of the model, after each step."""

    def __init__(self, model: ActionFormer, *, decay: float = 0.999) -> None:
        self.model = copy.deepcopy(model).eval()
        self.decay = decay

    @torch.no_grad()
    def update(self, model: ActionFormer) -> None:
        """Move towards ``model``; call after its step."""
        mine, theirs = (list(each.state_dict().values()) for each in (self.model, model))
        torch._foreach_mul_(mine, self.decay)
        torch._foreach_add_(mine, theirs, alpha=1 - self.decay)
