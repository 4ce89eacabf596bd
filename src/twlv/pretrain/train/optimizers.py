"""Optimisers: AdamW in two groups, or Muon for the matrices inside blocks beside it.

Matrices that hold several maps (the queries', keys' and values' in one) are orthogonalised map by map: Muon
sees them as views of their rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import nn

from twlv.pretrain.train.config import TrainConfig
from twlv.pretrain.train.schedule import rate, weight_decay

FUSED = {"qkv.weight": 3}
"""Ends of names of matrices that are several maps stacked along the rows, and how many."""

NO_DECAY = ("pos", "position", "mask_token", "cls_token", "register", "query_token")
"""A parameter whose name has one of these is not decayed, whatever its shape."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Optimizers:
    """What steps, the names of what each steps, and the views whose gradients must be set before it.

    ``parts`` by name (``adamw``, ``muon``); ``names`` give, for each, the parameters in the optimiser's order.
    """

    parts: dict[str, torch.optim.Optimizer]
    names: dict[str, list[str]]
    views: list[_View] = field(default_factory=list)

    def step(self, config: TrainConfig, step: int) -> float:
        """One step at that step's rate, which is returned."""
        now, decay = rate(config, step), weight_decay(config, step)
        for view in self.views:
            view.bind()
        for optimizer in self.parts.values():
            for group in optimizer.param_groups:
                group["lr"] = now
                group["weight_decay"] = decay if group.get("decays", True) else 0.0
            optimizer.step()
        return now

    def state(self) -> dict[str, torch.Tensor]:
        """Every tensor of the optimisers' states, as ``part/parameter/value``; shared storage, not copies."""
        found = {}
        for part, optimizer in self.parts.items():
            for name, parameter in zip(self.names[part], _parameters(optimizer), strict=True):
                for key, value in optimizer.state.get(parameter, {}).items():
                    found[f"{part}/{name}/{key}"] = torch.as_tensor(value)
        return found

    def slots(self) -> dict[str, tuple[torch.optim.Optimizer, torch.Tensor]]:
        """The optimiser and the parameter of every ``part/parameter``."""
        return {
            f"{part}/{name}": (optimizer, parameter)
            for part, optimizer in self.parts.items()
            for name, parameter in zip(self.names[part], _parameters(optimizer), strict=True)
        }


def make(module: nn.Module, config: TrainConfig) -> Optimizers:
    """The optimisers of all parameters of a module that learn, in the order of their names."""
    learning = sorted((n, p) for n, p in module.named_parameters() if p.requires_grad)
    muon = [(n, p) for n, p in learning if config.optimizer == "muon" and is_hidden_matrix(n, p)]
    chosen = {name for name, _ in muon}
    rest = [(n, p) for n, p in learning if n not in chosen]
    parts: dict[str, torch.optim.Optimizer] = {}
    names: dict[str, list[str]] = {}
    groups = [[(n, p) for n, p in rest if decays(n, p) is flag] for flag in (True, False)]
    parts["adamw"] = torch.optim.AdamW(
        [
            {"params": [p for _, p in group], "decays": flag}
            for group, flag in zip(groups, (True, False), strict=True)
            if group
        ],
        lr=config.lr,
        betas=config.betas,
        eps=config.eps,
    )
    names["adamw"] = [n for group in groups for n, _ in group]
    views: list[_View] = []
    if muon:
        pieces = [piece for name, parameter in muon for piece in _pieces(name, parameter)]
        views = [view for _, _, view in pieces if view is not None]
        names["muon"] = [name for name, _, _ in pieces]
        parts["muon"] = torch.optim.Muon(
            [piece for _, piece, _ in pieces],
            lr=config.lr,
            weight_decay=config.weight_decay,
            momentum=config.muon_momentum,
            adjust_lr_fn="match_rms_adamw",
        )
    return Optimizers(parts=parts, names=names, views=views)


def decays(name: str, parameter: torch.Tensor) -> bool:
    """Whether a parameter is pulled towards zero: matrices and kernels that are no tokens or positions."""
    return parameter.ndim >= 2 and not any(word in name for word in NO_DECAY)


def is_hidden_matrix(name: str, parameter: torch.Tensor) -> bool:
    """Whether Muon is meant for it: a matrix inside a block, so neither an embedding nor a head."""
    return parameter.ndim == 2 and ".blocks." in f".{name}"


@dataclass(frozen=True, kw_only=True, eq=False)
class _View:
    """Some rows of a parameter, which an optimiser takes for a parameter of its own."""

    of: nn.Parameter
    rows: slice
    piece: nn.Parameter

    def bind(self) -> None:
        """Let the view's gradient be the same rows of the whole's."""
        self.piece.grad = None if self.of.grad is None else self.of.grad[self.rows]


def _pieces(name: str, parameter: nn.Parameter) -> Iterator[tuple[str, nn.Parameter, _View | None]]:
    count = next((n for end, n in FUSED.items() if name.endswith(end)), 1)
    if count == 1:
        yield name, parameter, None
        return
    height = parameter.shape[0] // count
    for number in range(count):
        rows = slice(number * height, (number + 1) * height)
        piece = nn.Parameter(parameter.detach()[rows])
        yield f"{name}#{number}", piece, _View(of=parameter, rows=rows, piece=piece)


def _parameters(optimizer: torch.optim.Optimizer) -> list[torch.Tensor]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]
