"""The losses of a step, added up use by use, on clips and on images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch

from twlv.pretrain.objective.config import Use
from twlv.pretrain.objective.gradient import Gate
from twlv.pretrain.objective.heads import Head
from twlv.pretrain.objective.measure import Read, measure, read_visible
from twlv.pretrain.objective.records import Losses, TargetValues
from twlv.pretrain.objective.rows import Rows, Tapped
from twlv.pretrain.objective.targets.target import Target

if TYPE_CHECKING:
    from twlv.pretrain.objective.objective import Objective


class Sums:
    """Losses as they come, clips first, then images."""

    def __init__(self, objective: Objective, *, seed: int, step: int) -> None:
        self.objective, self.seed, self.step = objective, seed, step
        self.raw: dict[str, list[tuple[float, torch.Tensor]]] = {}
        self.scaled: dict[str, list[tuple[float, torch.Tensor]]] = {}
        self.gradients: dict[str, torch.Tensor] = {}

    def add(self, rows: Rows, tokens: Tapped, values: Mapping[Target, TargetValues], active: list[Use]) -> None:
        """Every active use on clips or on images, of whose targets there are values."""
        kind = int(rows.seen.is_image)
        objective = self.objective
        read: dict[str, Read] = {}
        for use in active:
            if use.target not in values or (kind and use.image_weight == 0):
                continue
            share = use.image_weight if kind else 1.0
            if use.place == "queries" and use.predictor not in read:
                read[use.predictor] = objective.asked(
                    use.predictor, rows, tokens, seed=self.seed, step=self.step
                )
            source = read[use.predictor] if use.place == "queries" else read_visible(use, rows, tokens)
            loss, constant = measure(
                use,
                rows,
                source,
                head=self._head(use),
                target=objective.open_target(use.target),
                values=values[use.target],
                gate=self._gate(use, kind),
                seed=self.seed,
                step=self.step,
            )
            number = objective.config.uses.index(use)
            divisor = objective.normaliser.divisor(number, kind, constant)
            self.raw.setdefault(use.label, []).append((share, loss))
            self.scaled.setdefault(use.label, []).append((share, loss / divisor))

    def losses(self, *, pooled: torch.Tensor, seconds: Mapping[str, float]) -> Losses:
        """The weighted sum, and its parts."""
        config = self.objective.config
        scaled = {label: _mean(parts) for label, parts in self.scaled.items()}
        raw = {label: _mean(parts) for label, parts in self.raw.items()}
        weights = {use.label: use.weight_at(self.step) for use in config.uses if use.label in scaled}
        counted = scaled if config.normalise else raw
        total = torch.stack([weights[label] * loss for label, loss in counted.items()]).sum()
        return Losses(
            total=total,
            parts={label: loss.detach() for label, loss in scaled.items()},
            raw={label: loss.detach() for label, loss in raw.items()},
            weights=weights,
            pooled=pooled,
            gradients=self.gradients,
            seconds=seconds,
        )

    def _head(self, use: Use) -> Head:
        head = self.objective.heads[use.label]
        if not isinstance(head, Head):
            raise TypeError(f"{use.label} has no head")
        return head

    def _gate(self, use: Use, kind: int) -> Gate:
        objective = self.objective
        balanced = use.balance == "gradient" and objective.training
        number = objective.config.uses.index(use)
        return Gate(
            label=f"{use.label}/images" if kind else use.label,
            scale=use.gradient_scale,
            weight=use.weight_at(self.step),
            length=objective.gradient_lengths[number, kind] if balanced else None,
            seen=self.gradients,
        )


def _mean(parts: list[tuple[float, torch.Tensor]]) -> torch.Tensor:
    """The mean of clips and images by their shares."""
    total = torch.stack([share * loss for share, loss in parts]).sum()
    return total / sum(share for share, _ in parts)
