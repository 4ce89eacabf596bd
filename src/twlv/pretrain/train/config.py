"""The settings of a training run that say nothing of what is learnt or from what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from twlv.errors import UnknownName, UsageError

MONITORS = ("effective_rank", "feature_std", "knn_appearance", "knn_direction", "motion_direction_auc")
"""What ``monitors`` measures."""


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Optimiser, schedule, precision, processes, and what is kept. All rates are ours (the report has none).

    Attributes:
        steps: Optimiser steps; each sees the recipe's whole batch, whatever the micro-batch or the number of
            processes.
        seed: Of the order of the data and of every draw (masks, queries, dropped paths).
        micro_clips: Clips of a micro-batch on one process; gradients are summed until the batch is complete.
            0: the process's whole share at once.
        optimizer: ``muon`` for the matrices inside blocks, with AdamW for all else; or ``adamw`` for all.
        lr: The highest rate, of the whole batch as stated (nothing is scaled by batch size). Muon's updates
            are scaled to AdamW's size, so both use it.
        lr_end: Rate at the end.
        betas, eps: Of AdamW.
        muon_momentum: Of Muon.
        weight_decay: Decoupled; not on biases, norms, positions, mask tokens and other vectors.
        weight_decay_end: What it reaches in the last step, along half a cosine (V-JEPA: 0.04 to 0.4); None: it
            stays.
        schedule: ``wsd``: flat, then over the last ``decay_share`` down to ``lr_end`` as 1 - sqrt; ``cosine``.
        warmup_steps: Steps of a linear rise.
        clip_norm: Gradients are scaled down to this norm; 0: never.
        ema: Decay of the averaged encoder that is exported; 0: none, the last weights are exported.
        precision: ``bfloat16`` runs the network under autocast; weights, losses and optimiser stay float32.
            ``auto`` is bfloat16 on CUDA and float32 on a CPU.
        compile: torch.compile of the blocks; ``auto`` on CUDA only.
        parallel: With several processes: ``ddp`` copies the weights, ``fsdp`` shares them out (FSDP2).
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1``.
        log_every, checkpoint_every, monitor_every: Steps between lines of the log, checkpoints, monitors. The
            last step has all three; 0 leaves out what it counts but for that.
        keep: Newest checkpoints that are kept.
        best: One of MONITORS: whenever it is higher than ever before, a checkpoint is written and kept; "":
            none.
        monitor_clips: Rendered clips of the monitors' fixed set; 0: no monitors.
        least_rank: The run stops where three monitors in a row find an effective rank below this share of the
            width; 0: never.
        tensorboard: Also write event files (needs the extra ``tensorboard``).
    """

    steps: int
    seed: int = 0
    micro_clips: int = 0
    optimizer: Literal["adamw", "muon"] = "adamw"
    lr: float = 5e-4
    lr_end: float = 0.0
    betas: tuple[float, float] = (0.9, 0.95)
    eps: float = 1e-8
    muon_momentum: float = 0.95
    weight_decay: float = 0.05
    weight_decay_end: float | None = None
    schedule: Literal["wsd", "cosine"] = "wsd"
    warmup_steps: int = 0
    decay_share: float = 0.2
    clip_norm: float = 1.0
    ema: float = 0.0
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    compile: Literal["auto", "on", "off"] = "auto"
    parallel: Literal["ddp", "fsdp"] = "ddp"
    device: str = "auto"
    log_every: int = 10
    checkpoint_every: int = 500
    monitor_every: int = 500
    keep: int = 2
    best: str = ""
    monitor_clips: int = 256
    least_rank: float = 0.0
    tensorboard: bool = False

    def __post_init__(self) -> None:
        for name in ("steps", "log_every", "keep"):
            if getattr(self, name) < 1:
                raise UsageError(f"train.{name} is 1 or more, got {getattr(self, name)}")
        for name in ("seed", "micro_clips", "warmup_steps", "checkpoint_every", "monitor_every"):
            if getattr(self, name) < 0:
                raise UsageError(f"train.{name} is 0 or more, got {getattr(self, name)}")
        for name in ("lr", "lr_end", "weight_decay", "weight_decay_end", "clip_norm"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < float("inf"):
                raise UsageError(f"train.{name} is a number from 0 up, got {value}")
        if not 0 <= self.ema < 1 or not 0 <= self.decay_share <= 1 or not 0 <= self.least_rank < 1:
            raise UsageError("train.ema and train.least_rank lie in [0, 1), train.decay_share in [0, 1]")
        if self.monitor_clips and (self.monitor_clips < 32 or self.monitor_clips % 32):
            raise UsageError(f"train.monitor_clips is 0 or a multiple of 32, got {self.monitor_clips}")
        if self.best and self.best not in MONITORS:
            raise UnknownName("monitor", self.best, MONITORS, hint="(train.best)")
        if self.optimizer == "muon" and self.parallel == "fsdp":
            raise UsageError("muon needs whole matrices, which fsdp shares out; use parallel ddp or adamw")
