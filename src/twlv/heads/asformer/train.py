"""Training of an ASFormer, one video a step, and its labels for a video.

Adam with coupled weight decay, no warm-up, no clipping; the rate is halved on a plateau of the summed training
loss, looked at after every epoch; the last epoch's weights are the result (ASFormer's code and the report's).
Nothing is chosen on the test set.

What an epoch draws follows from the seed and its number alone, so a training that was interrupted goes on as if
it had not been; on a CPU to the same bits.

Axis letters: D width, L steps, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch

from twlv.errors import FeatureError
from twlv.heads.asformer.config import ASFormerConfig
from twlv.heads.asformer.loss import SMOOTHING, segmentation_loss
from twlv.heads.asformer.model import ASFormer
from twlv.heads.asformer.plateau import Plateau
from twlv.heads.checkpoint import Checkpoint, State
from twlv.heads.optimizer_state import restore, state_of
from twlv.types import FloatArray, IntArray

Videos: TypeAlias = Callable[[int], tuple[FloatArray, IntArray]]
"""A training video by its number: features (L, D) and the class of each step (L,)."""

Orders: TypeAlias = Callable[[int], Sequence[int]]
"""The numbers of the videos in the order of an epoch, from 0."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How long and how fast. ``patience`` and ``factor`` are of the plateau; ``smoothing`` of the loss."""

    epochs: int = 120
    learning_rate: float = 5e-4
    weight_decay: float = 1e-5
    smoothing: float = SMOOTHING
    patience: int = 3
    factor: float = 0.5


@dataclass(frozen=True, kw_only=True, eq=False)
class Fitted:
    """A trained model, in evaluation mode; by epoch the summed loss and the learning rate it was made with."""

    model: ASFormer
    losses: tuple[float, ...]
    rates: tuple[float, ...]


def fit_asformer(
    config: ASFormerConfig,
    recipe: Recipe,
    videos: Videos,
    orders: Orders,
    *,
    seed: int,
    device: torch.device,
    checkpoint: Checkpoint | None = None,
) -> Fitted:
    """Train from random weights. With a ``checkpoint``, go on after the last epoch that is kept there.

    Raises:
        FeatureError: the loss is not finite.
    """
    checkpoint = checkpoint or Checkpoint()
    model = ASFormer(config, seed=seed).to(device).train()
    adam = torch.optim.Adam(model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    plateau, losses, rates = Plateau(rate=recipe.learning_rate), list[float](), list[float]()
    if (kept := checkpoint.load()) is not None:
        restore(model, adam, kept.tensors)
        losses, rates = kept.tensors["losses"].tolist(), kept.tensors["rates"].tolist()
        for loss in losses:
            plateau = plateau.after(loss, patience=recipe.patience, factor=recipe.factor)
    for epoch in range(len(losses), recipe.epochs):
        for group in adam.param_groups:
            group["lr"] = plateau.rate
        with _drawing(seed, epoch, device):
            loss = sum(_step(model, adam, videos(i), recipe, device) for i in orders(epoch))
        if not np.isfinite(loss):
            raise FeatureError(f"ASFormer diverged in epoch {epoch + 1} at learning rate {plateau.rate:g}")
        losses, rates = [*losses, loss], [*rates, plateau.rate]
        plateau = plateau.after(loss, patience=recipe.patience, factor=recipe.factor)
        last = epoch + 1 == recipe.epochs  # then nothing of the optimiser is needed any more
        state = State(epochs=epoch + 1, tensors=_state(model, None if last else adam, losses, rates))
        checkpoint.save(state, final=last)
    return Fitted(model=model.eval(), losses=tuple(losses), rates=tuple(rates))


@torch.no_grad()
def label_steps(model: ASFormer, features: FloatArray) -> IntArray:
    """The class of each step (L,) by the last stage. One step alone is given twice: its norm is undefined."""
    device = next(model.parameters()).device
    scores = model(_input(features, device))[-1, 0]
    found: IntArray = scores.argmax(dim=0)[: len(features)].cpu().numpy()
    return found


def _input(features: FloatArray, device: torch.device) -> torch.Tensor:
    steps = torch.from_numpy(np.ascontiguousarray(features)).to(device).T[None]
    return steps if steps.shape[2] > 1 else steps.repeat(1, 1, 2)


def _step(
    model: ASFormer,
    adam: torch.optim.Adam,
    video: tuple[FloatArray, IntArray],
    recipe: Recipe,
    device: torch.device,
) -> float:
    """One update on one video; its loss before it."""
    features, labels = video
    x = _input(features, device)
    target = torch.from_numpy(labels).to(device)[None].expand(1, x.shape[2] if len(labels) == 1 else -1)
    adam.zero_grad(set_to_none=True)
    loss = segmentation_loss(model(x), target, smoothing=recipe.smoothing).total
    loss.backward()  # type: ignore[no-untyped-call]
    adam.step()
    return loss.item()


@contextmanager
def _drawing(seed: int, epoch: int, device: torch.device) -> Iterator[None]:
    """Dropout from a seed of this epoch; the global random state is put back after, and gradients are on."""
    own = int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0])
    graphics = [device] if device.type == "cuda" else []
    with torch.enable_grad(), torch.random.fork_rng(devices=graphics):
        torch.manual_seed(own)
        yield


def _state(
    model: ASFormer, adam: torch.optim.Adam | None, losses: list[float], rates: list[float]
) -> dict[str, torch.Tensor]:
    numbers = {"losses": losses, "rates": rates}
    kept = {name: torch.tensor(values, dtype=torch.float64) for name, values in numbers.items()}
    return state_of(model, adam) | kept
