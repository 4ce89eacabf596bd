"""Training many linear classifiers side by side.

The features are read once for all heads, and each head trains as it would alone: every column has its own
learning rate, weight decay and optimiser state, and all heads see the same batches.

Axis letters: R rows, n videos, B batch, D width, G heads, C classes, K = G C columns.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch.nn import functional

from twlv.heads.linear import LinearHeads, Places
from twlv.heads.optimizers import OPTIMIZERS
from twlv.heads.schedule import warmup_cosine
from twlv.metrics import Labels
from twlv.types import DoubleArray


@dataclass(frozen=True, kw_only=True)
class LinearRecipe:
    """How heads are trained: head g has ``learning_rates[g]`` and ``weight_decays[g]`` (weights, not biases).

    ``init`` is ``zeros``, or ``uniform`` in +-1/sqrt(D) as torch initialises a linear layer. ``drop_last``
    leaves out the incomplete last batch of each epoch.
    """

    learning_rates: tuple[float, ...]
    weight_decays: tuple[float, ...]
    optimizer: Literal["adamw", "sgd"]
    init: Literal["zeros", "uniform"]
    epochs: int
    warmup_epochs: int
    batch_size: int
    drop_last: bool = False

    def steps_per_epoch(self, num_videos: int) -> int:
        """Number of batches in an epoch."""
        whole, rest = divmod(num_videos, self.batch_size)
        return whole + (rest > 0 and not self.drop_last)


def fit_linear(
    rows: torch.Tensor,
    places: Places,
    labels: Labels,
    num_classes: int,
    recipe: LinearRecipe,
    *,
    order_seed: int,
    init_seed: int,
) -> LinearHeads:
    """Train the heads of ``recipe`` with cross-entropy on the device that ``rows`` (R, D) float32 are on.

    ``places`` says which rows are whose, ``labels`` the class of each video (n,) or its classes (n, C). A video
    is seen once an epoch, by one of its rows drawn at random. Order, draws and initial weights come from
    generators of their own on the CPU, so they are the same on every device.
    """
    training = LinearTraining(
        labels,
        num_classes,
        recipe,
        dim=rows.shape[1],
        device=rows.device,
        order_seed=order_seed,
        init_seed=init_seed,
    )
    for _ in range(recipe.epochs):
        training.epoch(rows, places)
    return training.heads()


class LinearTraining:
    """The same training epoch by epoch, for rows (R, D) that are others in each epoch."""

    def __init__(
        self,
        labels: Labels,
        num_classes: int,
        recipe: LinearRecipe,
        *,
        dim: int,
        device: torch.device,
        order_seed: int,
        init_seed: int,
    ) -> None:
        self.recipe = recipe
        self.done = 0
        self._updates = _Updates(recipe, dim, num_classes, init_seed, device)
        self._truth = torch.from_numpy(labels).to(device)
        self._generator = torch.Generator().manual_seed(order_seed)
        self._num_classes = num_classes
        self._losses: list[DoubleArray] = []

    def epoch(self, rows: torch.Tensor, places: Places) -> None:
        """One pass over the videos, whose rows stand at ``places``."""
        recipe, device = self.recipe, self._truth.device
        steps = recipe.steps_per_epoch(len(places))
        picked, videos = (order.to(device) for order in _epoch_order(places, self._generator))
        total = torch.zeros(len(recipe.learning_rates), dtype=torch.float64, device=device)
        seen = 0
        for step in range(steps):
            batch = slice(step * recipe.batch_size, (step + 1) * recipe.batch_size)
            factor = warmup_cosine(
                self.done * steps + step,
                peak=1.0,
                warmup_steps=recipe.warmup_epochs * steps,
                total_steps=recipe.epochs * steps,
            )
            inputs, truth = rows[picked[batch]], self._truth[videos[batch]]
            total += self._updates.step(inputs, truth, factor).double()
            seen += len(truth)
        self._losses.append((total / seen).cpu().numpy())
        self.done += 1

    @property
    def state(self) -> dict[str, torch.Tensor]:
        """All that the epochs which are done have left behind."""
        losses = torch.from_numpy(np.array(self._losses)).reshape(self.done, -1)
        return {**self._updates.state, "losses": losses, "random": self._generator.get_state()}

    def restore(self, state: Mapping[str, torch.Tensor]) -> None:
        """Go on after the epochs of another training's ``state``: the rest has the same bits on a CPU."""
        self._updates.restore(state)
        self._losses = list(state["losses"].numpy().astype(np.float64))
        self.done = len(self._losses)
        self._generator.set_state(state["random"])

    def heads(self) -> LinearHeads:
        """The heads as they are now. At least one epoch must be done."""
        return LinearHeads(
            weight=self._updates.weight,
            bias=self._updates.bias,
            num_classes=self._num_classes,
            first_loss=self._losses[0],
            last_loss=self._losses[-1],
        )


class _Updates:
    """Weights (D, K), biases (K,) and the state of their optimisers."""

    def __init__(
        self, recipe: LinearRecipe, dim: int, num_classes: int, init_seed: int, device: torch.device
    ) -> None:
        weight, bias = _initial(recipe, dim, num_classes, init_seed)
        self.weight, self.bias = weight.to(device), bias.to(device)
        self._num_classes = num_classes
        optimizer = OPTIMIZERS[recipe.optimizer]
        self._for_weight, self._for_bias = optimizer(self.weight), optimizer(self.bias)
        self._rate = torch.tensor(recipe.learning_rates, device=device).repeat_interleave(num_classes)
        self._decay = torch.tensor(recipe.weight_decays, device=device).repeat_interleave(num_classes)

    def step(self, inputs: torch.Tensor, truth: torch.Tensor, factor: float) -> torch.Tensor:
        """One update on a batch (B, D) with classes (B,); returns the summed loss of each head (G,)."""
        loss, gradient = _loss_and_gradient(inputs, truth, self.weight, self.bias, self._num_classes)
        rate = self._rate * factor
        self._for_weight.step(self.weight, inputs.T @ gradient, rate, self._decay)
        self._for_bias.step(self.bias, gradient.sum(dim=0), rate, torch.zeros_like(self._decay))
        return loss

    @property
    def state(self) -> dict[str, torch.Tensor]:
        """Weights, biases and the state of their optimisers, by name."""
        kept = {"weight": self.weight, "bias": self.bias}
        for name, optimizer in (("weight", self._for_weight), ("bias", self._for_bias)):
            kept |= {f"{name}.{part}": value for part, value in optimizer.state.items()}
        return kept

    def restore(self, state: Mapping[str, torch.Tensor]) -> None:
        """Take over the values of another one's ``state``."""
        self.weight.copy_(state["weight"])
        self.bias.copy_(state["bias"])
        for name, optimizer in (("weight", self._for_weight), ("bias", self._for_bias)):
            own = f"{name}."
            optimizer.restore({key.removeprefix(own): v for key, v in state.items() if key.startswith(own)})


def _initial(recipe: LinearRecipe, dim: int, num_classes: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights (D, K) and biases (K,), equal for all heads."""
    weight, bias = torch.zeros(dim, num_classes), torch.zeros(num_classes)
    if recipe.init == "uniform":
        generator = torch.Generator().manual_seed(seed)
        bound = 1 / math.sqrt(dim)
        weight.uniform_(-bound, bound, generator=generator)
        bias.uniform_(-bound, bound, generator=generator)
    num_heads = len(recipe.learning_rates)
    return weight.repeat(1, num_heads), bias.repeat(num_heads)


def _epoch_order(places: Places, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """The videos (n,) in a random order, and the row drawn for each (n,)."""
    starts, counts = torch.from_numpy(places.starts), torch.from_numpy(places.counts)
    videos = torch.randperm(len(starts), generator=generator)
    drawn = torch.rand(len(starts), generator=generator, dtype=torch.float64) * counts
    rows = starts + torch.minimum(drawn.long(), counts - 1)
    return rows[videos], videos


def _loss_and_gradient(
    inputs: torch.Tensor, truth: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, num_classes: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Summed cross-entropy of each head (G,), and the gradient of its batch mean by the logits (B, K).

    Truth (B,) is a class, (B, C) says which classes: then it is the binary cross-entropy summed over classes,
    each of them a logistic regression whose steps do not depend on how many others there are.
    """
    logits = torch.addmm(bias, inputs, weight).view(len(inputs), -1, num_classes)
    if truth.ndim == 2:
        has = truth[:, None].to(logits.dtype)
        loss = (functional.softplus(logits) - has * logits).sum(dim=(0, 2))
        return loss, logits.sigmoid_().sub_(has).div_(len(inputs)).flatten(1)
    log_p = torch.log_softmax(logits, dim=-1)
    index = truth[:, None, None].expand(-1, log_p.shape[1], 1)
    loss = -log_p.gather(2, index).sum(dim=(0, 2))
    gradient = log_p.exp_()
    gradient.scatter_add_(2, index, torch.full_like(index, -1, dtype=gradient.dtype))
    return loss, gradient.div_(len(inputs)).flatten(1)
