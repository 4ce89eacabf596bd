"""torch's AdamW on stacked parameters (G, ...), with a rate and a decay for each of the G.

Each head's slice is a parameter of its own to torch, so that its fused kernel passes once over parameter,
gradient and moments; the moments are kept stacked, as the parameters are. Gradients must be contiguous: the
kernel does not look at strides.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import torch


class StackedAdamW:
    """AdamW with betas 0.9 and 0.999, epsilon 1e-8, as torch has it. ``decaying`` names what decays."""

    def __init__(self, parameters: Mapping[str, torch.Tensor], decaying: Collection[str]) -> None:
        self._moments = {
            moment: {name: torch.zeros_like(value) for name, value in parameters.items()}
            for moment in ("exp_avg", "exp_avg_sq")
        }
        self._slices = {
            name: [value[g].detach().requires_grad_() for g in range(len(value))]
            for name, value in parameters.items()
        }
        num_heads = len(next(iter(parameters.values())))
        names = {
            decays: [name for name in parameters if (name in decaying) == decays] for decays in (True, False)
        }
        self._kinds = [(g, decays) for g in range(num_heads) for decays in (True, False) if names[decays]]
        groups = [{"params": [self._slices[name][g] for name in names[decays]]} for g, decays in self._kinds]
        self._optimizer = torch.optim.AdamW(groups, fused=True)
        self._adopt_moments(0)

    def step(
        self, gradients: Mapping[str, torch.Tensor], rates: Sequence[float], decays: Sequence[float]
    ) -> None:
        """One update in place by gradients (G, ...); ``rates`` and ``decays`` are (G,)."""
        for name, slices in self._slices.items():
            for g, one in enumerate(slices):
                one.grad = gradients[name][g]
        for group, (g, decaying) in zip(self._optimizer.param_groups, self._kinds, strict=True):
            group["lr"], group["weight_decay"] = rates[g], decays[g] if decaying else 0.0
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)

    @property
    def state(self) -> dict[str, torch.Tensor]:
        """Moments by ``moment.name``, not copied; the number of steps is the caller's to keep."""
        return {
            f"{moment}.{name}": value
            for moment, values in self._moments.items()
            for name, value in values.items()
        }

    def restore(self, state: Mapping[str, torch.Tensor], steps: int) -> None:
        """Copy the moments that ``steps`` updates have left."""
        for moment, values in self._moments.items():
            for name, value in values.items():
                value.copy_(state[f"{moment}.{name}"])
        self._adopt_moments(steps)

    def _adopt_moments(self, steps: int) -> None:
        for name, slices in self._slices.items():
            for g, one in enumerate(slices):
                own = {moment: values[name][g] for moment, values in self._moments.items()}
                count = torch.tensor(float(steps), device=one.device)
                self._optimizer.state[one] = {"step": count, **own}
