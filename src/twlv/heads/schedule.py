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


def jepa_rate(step: int, *, peak: float, start: float, warmup_steps: int, total_steps: int) -> float:
    """V-JEPA's learning rate; ``step`` counts from 1, for its schedule moves before each iteration.

    For g < W: ``start + (peak - start) g / W``; from g = W on ``peak (1 + cos(pi (g - W) / (T - W))) / 2``,
    with W warm-up steps of T in all (src/utils/schedulers.py at 51c59d5). Without warm-up the first step has
    ``peak (1 + cos(pi / T)) / 2``; the last has 0.
    """
    if step < warmup_steps:
        return start + (peak - start) * step / warmup_steps
    progress = (step - warmup_steps) / max(1, total_steps - warmup_steps)
    return max(0.0, 0.5 * peak * (1 + math.cos(math.pi * progress)))


def cosine_decay(step: int, *, first: float, last: float, total_steps: int) -> float:
    """V-JEPA's weight decay: half a cosine from ``first`` to ``last``; ``step`` counts from 1.

    ``last + (first - last) (1 + cos(pi g / T)) / 2``, never beyond ``last`` (the same file).
    """
    value = last + (first - last) * 0.5 * (1 + math.cos(math.pi * step / total_steps))
    return max(last, value) if last <= first else min(last, value)
