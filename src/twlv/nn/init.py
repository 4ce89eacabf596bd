"""Weights from a seed: the same bits whatever was drawn before, and whatever else the module holds."""

from __future__ import annotations

import hashlib
import math

import torch
from torch import nn

_SMALL = 0.02
_ONES = ("weight", "gamma", "lambda1")


def initialise(module: nn.Module, *, seed: int = 0) -> None:
    """Fill every parameter in place from its own generator, seeded by ``seed`` and the parameter's name.

    So no tensor depends on another, nor on the global random state, which is neither read nor moved.
    Matrices and kernels are Xavier-uniform over their flattened fan-in (as VideoMAE and MAE do),
    biases 0, scales of norms 1, other vectors uniform in [-0.02, 0.02]. Parameters on the meta device
    are left alone.
    """
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if not parameter.is_meta:
                _fill(name, parameter, _generator(seed, name))


def empty_linear(fan_in: int, fan_out: int, *, bias: bool = True) -> nn.Linear:
    """A linear layer with its memory unset, on the default device: torch's own draws from the global state."""
    device = torch.get_default_device()
    return nn.Linear(fan_in, fan_out, bias=bias, device="meta").to_empty(device=device)


def _generator(seed: int, name: str) -> torch.Generator:
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little", signed=True))


def _fill(name: str, parameter: nn.Parameter, generator: torch.Generator) -> None:
    last = name.rsplit(".", 1)[-1]
    if parameter.ndim >= 2:
        fan_out, fan_in = parameter.shape[0], math.prod(parameter.shape[1:])
        bound = math.sqrt(6.0 / (fan_in + fan_out))
        parameter.uniform_(-bound, bound, generator=generator)
    elif last.endswith("bias"):
        parameter.zero_()
    elif last in _ONES:
        parameter.fill_(1.0)
    else:
        parameter.uniform_(-_SMALL, _SMALL, generator=generator)
