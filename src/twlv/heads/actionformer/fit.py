"""Training of an ActionFormer on frozen embeddings, which an interruption changes nothing of.

Every draw (order, window, dropped branch) follows from the seed and the epoch alone, and the state is kept
after each epoch: a run that was stopped and started again ends in the same bits on a CPU.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

import numpy as np
import torch
from torch import Tensor

from twlv.errors import FeatureError
from twlv.heads.actionformer.batches import Item, parts_of
from twlv.heads.actionformer.config import ActionFormerConfig
from twlv.heads.actionformer.crop import CropSettings, draw_window
from twlv.heads.actionformer.losses import LossSettings, losses
from twlv.heads.actionformer.network import ActionFormer
from twlv.heads.actionformer.state import pack, unpack
from twlv.heads.actionformer.training import MeanWeights, learning_rate, parameter_groups
from twlv.heads.checkpoint import Checkpoint

RowsOf = Callable[[Sequence[int]], Iterator[Tensor]]
"""Embeddings (T, D) of videos by their numbers, one after another."""


@dataclass(frozen=True, kw_only=True)
class LabelledVideo:
    """A training video: its steps, and its ``segments`` (N, 2) in steps with their ``labels`` (N,)."""

    video_id: str
    length: int
    segments: Tensor
    labels: Tensor


@dataclass(frozen=True, kw_only=True)
class FitRecipe:
    """How a network is trained. ``epochs`` has the ``warmup_epochs`` in it.

    ``normaliser`` is what the running number of positives starts from; ``mean_decay`` of the running mean of
    weights, which is the result. ``judge_from``: the first epoch whose weights are judged, where they are.
    """

    network: ActionFormerConfig
    epochs: int
    warmup_epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float = 0.05
    clip_norm: float = 1.0
    mean_decay: float = 0.999
    normaliser: float = 100.0
    centre: float | None = 1.5
    loss: LossSettings = field(default_factory=LossSettings)
    crop: CropSettings = field(default_factory=CropSettings)
    judge_from: int = 5

    def steps_per_epoch(self, num_videos: int) -> int:
        """Whole batches of the videos; at least one, of all there are."""
        return max(num_videos // self.batch_size, 1)


@dataclass(kw_only=True)
class Training:
    """What changes while a network is trained. ``best`` are the weights that were judged best, if any were."""

    model: ActionFormer
    mean: MeanWeights
    optimizer: torch.optim.Optimizer
    normaliser: float
    history: list[dict[str, float]] = field(default_factory=list)
    best: Mapping[str, Tensor] | None = None
    best_epoch: int = -1
    best_value: float = -math.inf


def fit(
    videos: Sequence[LabelledVideo],
    rows_of: RowsOf,
    recipe: FitRecipe,
    *,
    seed: int,
    device: torch.device,
    checkpoint: Checkpoint,
    judge: Callable[[ActionFormer], float] | None = None,
) -> Training:
    """Train; the result is ``mean.model``, the running mean of the weights after the last epoch.

    ``judge`` (if given) gives the worth of the mean weights after an epoch; the best are kept in ``best``.

    Raises:
        FeatureError: no video, or a loss that is not finite.
    """
    if not videos:
        raise FeatureError("no training video is left to train on")
    state = _begin(recipe, seed, device)
    kept = checkpoint.load()
    if kept is not None:
        unpack(kept, state)
    for epoch in range(0 if kept is None else kept.epochs, recipe.epochs):
        with torch.random.fork_rng(devices=_devices(device)):
            torch.manual_seed(_mixed(seed, epoch, 1))
            state.history.append(_epoch(state, videos, rows_of, recipe, epoch, seed=seed, device=device))
        if judge is not None and epoch >= min(recipe.judge_from, recipe.epochs - 1):
            value = judge(state.mean.model)
            if value > state.best_value:
                weights = {name: w.clone() for name, w in state.mean.model.state_dict().items()}
                state.best, state.best_epoch, state.best_value = weights, epoch, value
        checkpoint.save(pack(state, epoch + 1), final=epoch + 1 == recipe.epochs)
    return state


def _begin(recipe: FitRecipe, seed: int, device: torch.device) -> Training:
    with torch.random.fork_rng(devices=_devices(device)):
        torch.manual_seed(_mixed(seed, 0, 0))
        model = ActionFormer(recipe.network).to(device)
    mean = MeanWeights(model, decay=recipe.mean_decay)
    groups = parameter_groups(model, weight_decay=recipe.weight_decay)
    optimizer = torch.optim.AdamW(groups, lr=recipe.learning_rate, fused=True)
    return Training(model=model, mean=mean, optimizer=optimizer, normaliser=recipe.normaliser)


def _epoch(
    state: Training,
    videos: Sequence[LabelledVideo],
    rows_of: RowsOf,
    recipe: FitRecipe,
    epoch: int,
    *,
    seed: int,
    device: torch.device,
) -> dict[str, float]:
    """One pass over the videos; the mean losses and positives of its steps."""
    steps = recipe.steps_per_epoch(len(videos))
    size = min(recipe.batch_size, len(videos))
    order = np.random.default_rng(np.random.SeedSequence([seed, epoch, 2])).permutation(len(videos))
    chosen = [int(i) for i in order[: steps * size]]
    rows = rows_of(chosen)
    sums: dict[str, float] = {"loss": 0.0, "classes": 0.0, "ends": 0.0, "positives": 0.0}
    state.model.train()
    for step in range(steps):
        batch = [videos[i] for i in chosen[step * size : (step + 1) * size]]
        cut = [
            _windowed(video, next(rows), recipe, Random(f"{seed}/{epoch}/{video.video_id}")) for video in batch
        ]
        rate = learning_rate(
            epoch * steps + step,
            base=recipe.learning_rate,
            warmup_steps=recipe.warmup_epochs * steps,
            total_steps=recipe.epochs * steps,
        )
        for name, value in update(state, cut, recipe, rate=rate, device=device).items():
            sums[name] += value / steps
    if not math.isfinite(sums["loss"]):
        raise FeatureError(
            f"the loss is not finite in epoch {epoch + 1}: a smaller learning_rate than "
            f"{recipe.learning_rate:g} is needed"
        )
    return sums


def _windowed(video: LabelledVideo, rows: Tensor, recipe: FitRecipe, random: Random) -> Item:
    window = draw_window(
        video.length, video.segments, video.labels, max_length=recipe.network.max_length, settings=recipe.crop,
        random=random,
    )  # fmt: skip
    return rows[window.start : window.end], window.segments, window.labels


def update(
    state: Training,
    batch: Sequence[Item],
    recipe: FitRecipe,
    *,
    rate: float,
    device: torch.device,
) -> dict[str, float]:
    """One step on a batch of (embeddings, segments, labels); its losses and number of positives.

    Videos that are padded to one length go through the network together, the others apart, which changes no
    number but saves the padding: on THUMOS14 that is 44 of 100 steps of the input.
    """
    parts = parts_of(batch, recipe.network, centre=recipe.centre, whole=recipe.loss.weight <= 0)
    positives = sum(part.positives for part in parts)
    sums = {"loss": 0.0, "classes": 0.0, "ends": 0.0, "positives": float(positives)}
    state.optimizer.zero_grad(set_to_none=True)
    normaliser = state.normaliser
    for part in parts:
        with torch.enable_grad():
            levels = state.model(part.x.to(device), part.mask.to(device))
            found = losses(
                levels,
                part.classes.to(device),
                part.offsets.to(device),
                normaliser=normaliser,
                settings=recipe.loss,
                positives=positives,
            )
            found.total.backward()  # type: ignore[no-untyped-call]
        state.normaliser = found.normaliser
        for name, value in (("loss", found.total), ("classes", found.classes), ("ends", found.ends)):
            sums[name] += float(value.detach())
    torch.nn.utils.clip_grad_norm_(state.model.parameters(), recipe.clip_norm)
    for group in state.optimizer.param_groups:
        group["lr"] = rate
    state.optimizer.step()
    state.mean.update(state.model)
    return sums


def _mixed(seed: int, epoch: int, purpose: int) -> int:
    return int(np.random.SeedSequence([seed, epoch, purpose]).generate_state(1)[0])


def _devices(device: torch.device) -> list[torch.device]:
    return [device] if device.type == "cuda" else []
