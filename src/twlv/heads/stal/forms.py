"""The classes in three forms: what it costs a query to answer for a person, and the loss of its answer.

Axis letters as in ``targets``; all tensors are at the annotated steps: logits (L, B, A, S, K).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from twlv.errors import FeatureError
from twlv.heads.stal.settings import LossSettings

SOMEBODY, NOBODY = 1, 2
"""Indices of TubeR's person logits."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Said:
    """Outputs at the annotated steps in float32: boxes (L, B, A, S, 4), logits, person (or None)."""

    boxes: Tensor
    logits: Tensor
    person: Tensor | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Wanted:
    """What matched queries should say: ``labels`` (L, B, A, S, K), zero elsewhere.

    ``matched`` (L, B, A, S) says whose person is there; ``supervised`` (B, A) which steps are real.
    """

    labels: Tensor
    matched: Tensor
    supervised: Tensor


def class_costs(said: Said, labels: Tensor, settings: LossSettings) -> Tensor:
    """Costs (L, B, A, S, n) of the classes for people with ``labels`` (B, A, n, K).

    Raises:
        FeatureError: the outputs do not fit the form.
    """
    _check(said, labels.shape[-1], settings)
    if settings.classes == "person":
        somebody = _person(said).softmax(-1)[..., SOMEBODY, None]
        return -somebody.expand(*somebody.shape[:-1], labels.shape[-2])
    across = labels.transpose(-1, -2)  # (B, A, K, n)
    if settings.classes == "single_label":
        return -(said.logits.softmax(-1)[..., :-1] @ across)
    return (_entropy(said.logits, 1.0, settings) - _entropy(said.logits, 0.0, settings)) @ across


def class_losses(
    said: Said, wanted: Wanted, settings: LossSettings, *, normaliser: float
) -> Mapping[str, Tensor]:
    """Losses (L,) by name: ``classes``, and ``person`` in TubeR's form.

    ``normaliser`` is what sums over sigmoids are divided by; a softmax has the mean over its weights.
    """
    if settings.classes == "single_label":
        return {"classes": _of_one_label(said.logits, wanted, settings)}
    entropy = _entropy(said.logits, wanted.labels, settings)
    weight = torch.where(wanted.matched, settings.matched_weight, 1.0) * wanted.supervised[..., None]
    sums = (entropy * weight[..., None]).sum(dim=(1, 2, 3, 4))
    of_classes = sums / normaliser
    if settings.classes == "multi_label":
        return {"classes": of_classes}
    index = torch.where(wanted.matched, SOMEBODY, NOBODY)
    return {"classes": of_classes, "person": _weighted_entropy(_person(said), index, NOBODY, wanted, settings)}


def _of_one_label(logits: Tensor, wanted: Wanted, settings: LossSettings) -> Tensor:
    nobody = logits.shape[-1] - 1
    index = torch.where(wanted.matched, wanted.labels.argmax(-1), nobody)
    return _weighted_entropy(logits, index, nobody, wanted, settings)


def _weighted_entropy(
    logits: Tensor, index: Tensor, nobody: int, wanted: Wanted, settings: LossSettings
) -> Tensor:
    """Cross-entropy (L,), its mean weighed by the weights of the classes: those of ``nobody`` count less."""
    entropy = -logits.log_softmax(-1).gather(-1, index[..., None])[..., 0]
    weight = torch.where(index == nobody, settings.nobody_weight, 1.0) * wanted.supervised[..., None]
    return (weight * entropy).sum(dim=(1, 2, 3)) / weight.sum(dim=(1, 2, 3))


def _entropy(logits: Tensor, targets: Tensor | float, settings: LossSettings) -> Tensor:
    """Elementwise binary entropy of sigmoids, focal if so set."""
    said_not = functional.softplus(logits)
    entropy = said_not - logits * targets
    if not settings.focal:
        return entropy
    p = logits.sigmoid()
    wrong = p + targets - 2 * p * targets
    alpha = (1 - settings.alpha) + (2 * settings.alpha - 1) * targets
    return alpha * wrong**settings.gamma * entropy


def _person(said: Said) -> Tensor:
    if said.person is None:
        raise FeatureError("the form 'person' needs a decoder with person logits; this one gives none")
    return said.person


def _check(said: Said, num_classes: int, settings: LossSettings) -> None:
    width = num_classes + (settings.classes == "single_label")
    if said.logits.shape[-1] != width:
        raise FeatureError(
            f"the decoder gives {said.logits.shape[-1]} logits, {num_classes} classes in the form "
            f"'{settings.classes}' need {width}"
        )
