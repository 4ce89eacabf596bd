"""The rate of a step: a linear rise, then flat and down (WSD), or along a cosine; and its weight decay."""

from __future__ import annotations

import math

from twlv.pretrain.train.config import TrainConfig


def rate(config: TrainConfig, step: int) -> float:
    """The learning rate of a step, counted from 0; the first is not 0, and after the last it is ``lr_end``."""
    if step < config.warmup_steps:
        return config.lr * (step + 1) / config.warmup_steps
    return config.lr_end + (config.lr - config.lr_end) * _share(config, step)


def weight_decay(config: TrainConfig, step: int) -> float:
    """The weight decay of a step, counted from 0: half a cosine to ``weight_decay_end``, if given."""
    if config.weight_decay_end is None:
        return config.weight_decay
    t = min(1.0, step / max(1, config.steps - 1))
    left = 0.5 * (1 + math.cos(math.pi * t))
    return config.weight_decay_end + (config.weight_decay - config.weight_decay_end) * left


def decay_start(config: TrainConfig) -> int:
    """The first step at which a rate depends on how many steps the run has."""
    if config.schedule == "cosine":
        return config.warmup_steps
    return max(config.warmup_steps, config.steps - round(config.decay_share * config.steps))


def _share(config: TrainConfig, step: int) -> float:
    """From 1 down to 0. WSD falls as 1 - sqrt(t) (arXiv 2405.18392 found it better than a line)."""
    start = decay_start(config)
    if step < start:
        return 1.0
    t = min(1.0, (step - start) / max(1, config.steps - start))
    return 1 - math.sqrt(t) if config.schedule == "wsd" else 0.5 * (1 + math.cos(math.pi * t))
