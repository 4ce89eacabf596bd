"""The step of many attentive probes side by side: gradients, clipping, AdamW.

Axis letters: B batch, D width, G probes, C classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch.nn import functional

from twlv.heads.attentive_fold import folded_logits, sunk_names
from twlv.heads.schedule import cosine_decay, jepa_rate
from twlv.heads.stacked_adamw import StackedAdamW
from twlv.nn.attentive_pool import PoolerConfig


@dataclass(frozen=True, kw_only=True)
class AttentiveRecipe:
    """How probes are trained with AdamW: probe g has ``learning_rates[g]`` and ``weight_decays[g]``.

    The rate follows ``jepa_rate``, starting a warm-up at ``start_factor`` of the peak. The weight decay goes to
    ``final_weight_decay`` (None: stays). ``decay`` says what decays: ``matrices`` (and the query), or ``all``
    (biases and norms too). ``clip_norm`` bounds the length of each probe's gradient (None: it does not).
    """

    pooler: PoolerConfig
    learning_rates: tuple[float, ...]
    weight_decays: tuple[float, ...]
    epochs: int
    batch_size: int
    warmup_epochs: int = 0
    start_factor: float = 1.0
    final_weight_decay: float | None = None
    decay: Literal["matrices", "all"] = "matrices"
    clip_norm: float | None = 1.0
    label_smoothing: float = 0.0

    def steps_per_epoch(self, num_videos: int) -> int:
        """Number of batches in an epoch; the last one may be short."""
        return -(-num_videos // self.batch_size)


@dataclass(frozen=True, kw_only=True, eq=False)
class Piece:
    """Part of a batch of ``batch_size``: tokens (B, N, D), classes (B,) or (B, C), dropout (B, D) or none."""

    tokens: torch.Tensor
    truth: torch.Tensor
    keep: torch.Tensor | None
    batch_size: int


class Updates:
    """Parameters (G, ...) of all probes, and the state of their optimisers."""

    def __init__(self, parameters: dict[str, torch.Tensor], recipe: AttentiveRecipe, total_steps: int) -> None:
        self._parameters = parameters
        self._recipe = recipe
        self._total_steps = total_steps
        decaying = [
            name for name in parameters if recipe.decay == "all" or decays_by_rank(name, parameters[name])
        ]
        self._adamw = StackedAdamW(parameters, decaying)
        on_cpu = next(iter(parameters.values())).device.type == "cpu"
        sunk = sunk_names(parameters) if on_cpu else ()
        self._sinks = {name: torch.zeros_like(parameters[name]) for name in sunk}
        self._steps = 0
        self._warmup_steps = recipe.warmup_epochs * (total_steps // recipe.epochs)

    @property
    def state(self) -> dict[str, torch.Tensor]:
        """Everything that the next update depends on besides its batch."""
        return {**self.result, **self._adamw.state, "steps": torch.tensor(self._steps)}

    @property
    def result(self) -> dict[str, torch.Tensor]:
        """What is left of the ``state`` after the last update: a third of it."""
        return {f"parameter.{name}": value for name, value in self._parameters.items()}

    def restore(self, tensors: Mapping[str, torch.Tensor]) -> None:
        """Copy a ``state``, or a ``result``, after which there is nothing to update."""
        for name, value in self._parameters.items():
            value.copy_(tensors[f"parameter.{name}"])
        if "steps" in tensors:
            self._steps = int(tensors["steps"])
            self._adamw.restore(tensors, self._steps)

    def accumulate(self, gradients: dict[str, torch.Tensor], probes: slice, piece: Piece) -> torch.Tensor:
        """Add the gradients of these probes on part of a batch; returns their summed losses on the CPU."""
        recipe = self._recipe
        sinks = {name: value[probes] for name, value in self._sinks.items()}
        given = {name: value[probes].detach() for name, value in self._parameters.items()}
        leaves = {name: value.requires_grad_() for name, value in given.items() if name not in sinks}
        with torch.enable_grad():
            logits = folded_logits(given, piece.tokens, recipe.pooler, keep=piece.keep, sinks=sinks)
            loss = _cross_entropy(logits, piece.truth, recipe.label_smoothing)
            found = torch.autograd.grad(
                loss.sum() / piece.batch_size, list(leaves.values()), materialize_grads=True
            )
        gradients.update(self._sinks)
        for name, gradient in zip(leaves, found, strict=True):
            if gradient.shape == self._parameters[name].shape and name not in gradients:
                gradients[name] = gradient.contiguous()  # torch's fused kernels do not look at strides
                continue
            gradients.setdefault(name, torch.zeros_like(self._parameters[name]))[probes] += gradient
        return loss.detach().double().cpu()

    def apply(self, gradients: Mapping[str, torch.Tensor]) -> None:
        """One step of AdamW for every probe."""
        recipe = self._recipe
        self._steps += 1
        factor = jepa_rate(
            self._steps,
            peak=1.0,
            start=recipe.start_factor,
            warmup_steps=self._warmup_steps,
            total_steps=self._total_steps,
        )
        if recipe.clip_norm is not None:
            _clip(gradients, recipe.clip_norm)
        self._adamw.step(gradients, [rate * factor for rate in recipe.learning_rates], self._decays())
        for sink in self._sinks.values():
            sink.zero_()

    def _decays(self) -> list[float]:
        last = self._recipe.final_weight_decay
        return [
            first
            if last is None
            else cosine_decay(self._steps, first=first, last=last, total_steps=self._total_steps)
            for first in self._recipe.weight_decays
        ]


def decays_by_rank(name: str, parameter: torch.Tensor) -> bool:
    """V-JEPA's rule on a stacked parameter (G, ...): matrices and the query decay, biases and norms do not."""
    return parameter.ndim > 2 and "bias" not in name


def _cross_entropy(logits: torch.Tensor, truth: torch.Tensor, smoothing: float) -> torch.Tensor:
    """Summed cross-entropy (G,) of logits (B, G, C): of a class (B,), or of each class by itself (B, C)."""
    if truth.ndim == 2:
        has = truth[:, None].to(logits.dtype).expand_as(logits)
        return functional.binary_cross_entropy_with_logits(logits, has, reduction="none").sum(dim=(0, 2))
    each = functional.cross_entropy(
        logits.flatten(0, 1),
        truth.repeat_interleave(logits.shape[1]),
        label_smoothing=smoothing,
        reduction="none",
    )
    return each.view(len(logits), -1).sum(dim=0)


def _clip(gradients: Mapping[str, torch.Tensor], limit: float) -> None:
    """Bring each probe's gradient to the length ``limit`` at most, as ``torch.nn.utils.clip_grad_norm_``."""
    norms = [torch.linalg.vector_norm(value.flatten(1), dim=1) for value in gradients.values()]
    scale = limit / (torch.linalg.vector_norm(torch.stack(norms), dim=0) + 1e-6)
    if bool((scale < 1).any()):
        for value in gradients.values():
            value.mul_(scale.clamp(max=1.0).view(-1, *[1] * (value.ndim - 1)))
