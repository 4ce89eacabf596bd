"""Training many attentive probes side by side, each as it would train alone.

All probes see the same batches, start from the same weights and drop the same channels; learning rate, weight
decay, optimiser state and the clipping of gradients are each probe's own. What is drawn in an epoch follows
from the seed and the epoch's number alone, so a training that was interrupted goes on as if it had not been.

Axis letters: n videos, B batch, D width, G probes.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from twlv.heads.attentive import AttentiveHeads, untrained
from twlv.heads.attentive_updates import AttentiveRecipe, Piece, Updates
from twlv.heads.bags import Bags, Part, batches
from twlv.heads.checkpoint import Checkpoint, State
from twlv.metrics import Labels
from twlv.nn.attentive_pool import PoolerConfig
from twlv.types import IntArray


def fit_attentive(
    bags: Bags,
    videos: IntArray,
    labels: Labels,
    num_classes: int,
    recipe: AttentiveRecipe,
    *,
    order_seed: int,
    init_seed: int,
    device: torch.device,
    checkpoint: Checkpoint | None = None,
) -> AttentiveHeads:
    """Train the probes of ``recipe`` with cross-entropy on these ``videos`` with the classes
    ``labels``: one each (n,), or several (n, C).

    A video is visited once an epoch, by one of its bags drawn at random. With a ``checkpoint``, training goes
    on after the last epoch that is kept there.
    """
    checkpoint = checkpoint or Checkpoint()
    num_probes = len(recipe.learning_rates)
    parameters = untrained(recipe.pooler, num_classes, num_probes, seed=init_seed, device=device)
    updates = Updates(parameters, recipe, recipe.epochs * recipe.steps_per_epoch(len(videos)))
    losses = torch.zeros(recipe.epochs, num_probes, dtype=torch.float64)
    done, kept = 0, checkpoint.load()
    if kept is not None:
        done = kept.epochs
        updates.restore(kept.tensors)
        losses.copy_(kept.tensors["losses"])
    for epoch in range(done, recipe.epochs):
        order, which, random = _epoch(bags.counts[videos], order_seed, epoch)
        visits = batches(bags, videos[order], which, recipe.batch_size, epoch=epoch, device=device)
        for batch, parts in visits:
            truth = torch.from_numpy(labels[order[batch]]).to(device)
            keep = _kept_channels(recipe.pooler, len(truth), random, device)
            losses[epoch] += _step(updates, parts, truth, keep, recipe) / len(videos)
        final = epoch + 1 == recipe.epochs
        tensors = {**(updates.result if final else updates.state), "losses": losses}
        checkpoint.save(State(epochs=epoch + 1, tensors=tensors), final=final)
    return AttentiveHeads(
        parameters=parameters,
        config=recipe.pooler,
        first_loss=losses[0].numpy(),
        last_loss=losses[-1].numpy(),
    )


def _epoch(counts: IntArray, seed: int, epoch: int) -> tuple[IntArray, IntArray, torch.Generator]:
    """Positions of the videos in random order, the bag drawn for each, and what drops channels."""
    random = np.random.default_rng([seed, epoch])
    order = random.permutation(len(counts))
    which = np.minimum((random.random(len(counts)) * counts[order]).astype(np.int64), counts[order] - 1)
    return order, which, torch.Generator().manual_seed(int(random.integers(2**62)))


def _kept_channels(
    config: PoolerConfig, count: int, random: torch.Generator, device: torch.device
) -> torch.Tensor | None:
    """Factors (B, D) of dropout: 0, or 1 / (1 - p)."""
    if not config.dropout:
        return None
    kept = torch.rand(count, config.width, generator=random) >= config.dropout
    return (kept / (1 - config.dropout)).to(device)


def _step(
    updates: Updates,
    parts: Iterator[Part],
    truth: torch.Tensor,
    keep: torch.Tensor | None,
    recipe: AttentiveRecipe,
) -> torch.Tensor:
    """One update of every probe on a batch; returns the summed loss of each, (G,) on the CPU."""
    total = torch.zeros(len(recipe.learning_rates), dtype=torch.float64)
    gradients: dict[str, torch.Tensor] = {}
    for part in parts:
        index = torch.from_numpy(part.index).to(truth.device)
        piece = Piece(
            tokens=part.tokens,
            truth=truth[index],
            keep=None if keep is None else keep[index],
            batch_size=len(truth),
        )
        for probes in _together(recipe):
            total[probes] += updates.accumulate(gradients, probes, piece)
    updates.apply(gradients)
    return total


def _together(recipe: AttentiveRecipe) -> list[slice]:
    """Probes whose gradients are computed in one pass: all, or one by one where their blocks share nothing."""
    num_probes = len(recipe.learning_rates)
    size = 1 if recipe.pooler.num_blocks else num_probes
    return [slice(start, start + size) for start in range(0, num_probes, size)]
