"""The learning rate of each step."""

from __future__ import annotations

import math


def warmup_cosine(step: int, *, peak: float, warmup_steps: int, total_steps: int) -> float:
    """Linear warm-up, then half a cosine towards 0; ``step`` counts from 0.

    ``peak (g + 1) / W`` for g < W, else ``peak (1 + cos(pi (g - W) / (T - W))) / 2``, with W warm-up steps
    of T in all (report authors, linear_probing/main.py). The first step has peak / W, steps W - 1 and W have
    the peak, and the last one is just above 0.
    """
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    return 0.5 * peak * (1 + math.cos(math.pi * (step - warmup_steps) / (total_steps - warmup_steps)))
