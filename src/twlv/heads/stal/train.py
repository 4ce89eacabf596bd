"""Training of the query decoder on key frames: AdamW, a warm-up, half a cosine; losses after every layer.

What an epoch draws (order, dropout) follows from the seed and its number alone, so a training that was
interrupted goes on as if it had not been; on a CPU to the same bits.

Axis letters: B clips of a batch, T' H' W' token grid, D width.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor

from twlv.heads.checkpoint import Checkpoint, State
from twlv.heads.optimizer_state import restore, state_of
from twlv.heads.schedule import warmup_cosine
from twlv.heads.stal.config import DecoderConfig
from twlv.heads.stal.decoder import Decoder
from twlv.heads.stal.dropout import Noise
from twlv.heads.stal.frames import KeyFrame, KeyFrames
from twlv.heads.stal.losses import count_all, losses
from twlv.heads.stal.settings import LossSettings
from twlv.heads.stal.targets import TubeBatch, batch, key_frame

_PARTS = ("total", "classes", "l1", "giou", "norm")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a decoder is trained. The defaults are the report's Table 8; the clipping is inferred.

    ``batch_size`` clips make a step, the last one of an epoch may have fewer; ``clips_at_once`` bounds the
    memory, and moves nothing but the draws of dropout. ``weight_decay`` is of matrices and tables, not of
    biases and norms (VideoGLUE). ``clip_norm`` bounds the length of the gradient; None: it does not.
    """

    epochs: int = 50
    warmup_epochs: int = 10
    batch_size: int = 256
    learning_rate: float = 1e-4
    weight_decay: float = 1e-5
    clip_norm: float | None = 1.0
    clips_at_once: int = 16

    def steps_per_epoch(self, num_frames: int) -> int:
        """Number of batches in an epoch."""
        return -(-num_frames // self.batch_size)


@dataclass(frozen=True, kw_only=True, eq=False)
class Fitted:
    """A trained decoder. ``losses``: by epoch the means over its steps of the loss and of its parts.

    The parts are those of the last layer before weighing, and ``norm``, the length of the gradient before it
    was clipped. ``unmatched``: visits of people beyond the number of queries, over all epochs.
    """

    decoder: Decoder
    losses: tuple[Mapping[str, float], ...]
    unmatched: int


def fit_decoder(
    config: DecoderConfig,
    loss: LossSettings,
    recipe: Recipe,
    frames: KeyFrames,
    *,
    init_seed: int,
    order_seed: int,
    device: torch.device,
    checkpoint: Checkpoint | None = None,
) -> Fitted:
    """Train from random weights. With a ``checkpoint``, go on after the last epoch that is kept there.

    Raises:
        FeatureError: outputs that are not finite, or key frames that do not fit the settings.
    """
    checkpoint = checkpoint or Checkpoint()
    decoder = Decoder(config, seed=init_seed).to(device)
    trainer = Trainer(decoder, loss, recipe, len(frames))
    history: list[list[float]] = []
    if (kept := checkpoint.load()) is not None:
        restore(trainer.decoder, trainer.optimizer, kept.tensors)
        history = kept.tensors["history"].tolist()
        trainer.unmatched = int(kept.tensors["unmatched"])
    trainer.steps = len(history) * recipe.steps_per_epoch(len(frames))
    for epoch in range(len(history), recipe.epochs):
        random = np.random.default_rng([order_seed, epoch])
        order = random.permutation(len(frames))
        generator = torch.Generator(device).manual_seed(int(random.integers(2**62)))
        noise = Noise(generator, dropout=config.dropout, drop_path=config.drop_path)
        visits = frames.visit(order, epoch=epoch)
        seen = [trainer.step(group, noise) for group in _groups(visits, recipe.batch_size)]
        history.append(np.mean(seen, axis=0).tolist())
        tensors = {
            **state_of(trainer.decoder, trainer.optimizer),
            "history": torch.tensor(history, dtype=torch.float64),
            "unmatched": torch.tensor(trainer.unmatched),
        }
        checkpoint.save(State(epochs=epoch + 1, tensors=tensors), final=epoch + 1 == recipe.epochs)
    said = tuple(dict(zip(_PARTS, row, strict=True)) for row in history)
    return Fitted(decoder=trainer.decoder.eval(), losses=said, unmatched=trainer.unmatched)


class Trainer:
    """A decoder and its optimiser; ``steps`` are done."""

    def __init__(self, decoder: Decoder, loss: LossSettings, recipe: Recipe, num_frames: int) -> None:
        self.decoder = decoder
        groups: list[dict[str, Any]] = [
            {"params": [p for p in decoder.parameters() if p.ndim > 1]},
            {"params": [p for p in decoder.parameters() if p.ndim <= 1], "weight_decay": 0.0},
        ]
        self.optimizer = torch.optim.AdamW(
            groups, lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True
        )
        self.steps, self.unmatched = 0, 0
        self._loss, self._recipe, self._device = loss, recipe, next(decoder.parameters()).device
        self._per_epoch = recipe.steps_per_epoch(num_frames)

    def step(self, group: Sequence[KeyFrame], noise: Noise | None) -> list[float]:
        """One update; the loss and its parts before it."""
        recipe = self._recipe
        rate = warmup_cosine(
            self.steps,
            peak=recipe.learning_rate,
            warmup_steps=recipe.warmup_epochs * self._per_epoch,
            total_steps=recipe.epochs * self._per_epoch,
        )
        for each in self.optimizer.param_groups:
            each["lr"] = rate
        self.optimizer.zero_grad(set_to_none=True)
        sums = self._gradients(group, noise)
        limit = float("inf") if recipe.clip_norm is None else recipe.clip_norm
        norm = torch.nn.utils.clip_grad_norm_(self.decoder.parameters(), limit, error_if_nonfinite=False)
        self.optimizer.step()
        self.steps += 1
        return [float(norm) if name == "norm" else sums[name] for name in _PARTS]

    def _gradients(self, group: Sequence[KeyFrame], noise: Noise | None) -> dict[str, float]:
        """Add up the gradients of a batch, a few clips at once; divided by the counts of the whole batch."""
        step, size = self.decoder.config.key_step, self._recipe.clips_at_once
        counts = count_all(_targets(group, step, self._device))
        sums = dict.fromkeys(_PARTS, 0.0)
        for start in range(0, len(group), size):
            part = group[start : start + size]
            with torch.enable_grad():
                found = self.decoder(tokens_of(part, self._device), noise)
                lost = losses(found, _targets(part, step, self._device), self._loss, counts=counts)
                lost.total.backward()  # type: ignore[no-untyped-call]
            self.unmatched += lost.unmatched
            sums["total"] += float(lost.total.detach())
            for name, values in lost.parts.items():
                sums[name] += float(values[-1].detach())
        return sums


def tokens_of(group: Sequence[KeyFrame], device: torch.device) -> Tensor:
    """Tokens (B, T', H', W', D) of key frames, float32."""
    return torch.from_numpy(np.stack([frame.tokens for frame in group])).to(device, torch.float32)


def _targets(group: Sequence[KeyFrame], step: int, device: torch.device) -> TubeBatch:
    people = [key_frame(step, torch.from_numpy(frame.xyxy), torch.from_numpy(frame.labels)) for frame in group]
    return batch(people).to(device)


def _groups(visits: Iterator[KeyFrame], size: int) -> Iterator[list[KeyFrame]]:
    while group := list(islice(visits, size)):
        yield group
