"""Frozen means frozen: evaluation mode throughout, and the weights the same before and after."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from twlv.backbones.hashing import tensors_sha256
from twlv.contracts import Backbone
from twlv.errors import FeatureError


def networks(model: Backbone) -> Mapping[str, nn.Module]:
    """The networks of a backbone by name: itself, or its attributes, each once. Empty if it has none."""
    if isinstance(model, nn.Module):
        return {"": model}
    held = getattr(model, "__dict__", {})
    found: dict[str, nn.Module] = {}
    for name, value in held.items():
        if isinstance(value, nn.Module) and not any(value is other for other in found.values()):
            found[name] = value
    return found


def weights_hash(model: Backbone) -> str:
    """Sha256 over every tensor of the state of its networks, buffers too. It reads all weights."""
    tensors: dict[str, torch.Tensor] = {}
    for name, network in networks(model).items():
        state = network.state_dict(prefix=f"{name}.")
        tensors |= {key: value for key, value in state.items() if isinstance(value, torch.Tensor)}
    return tensors_sha256(tensors)


def require_evaluation_mode(model: Backbone) -> None:
    """Raises FeatureError if any layer is in training mode: dropout and batch statistics would be active."""
    for name, network in networks(model).items():
        training = next((inner for inner, part in network.named_modules() if part.training), None)
        if training is not None:
            where = ".".join(part for part in (name, training) if part) or "the backbone"
            raise FeatureError(
                f"{model.card.name} is not frozen: {where} is in training mode; call eval() on it and on "
                "all that it holds"
            )


def require_unchanged(model: Backbone, before: str) -> None:
    """Raises FeatureError if the weights no longer have the hash ``before``."""
    after = weights_hash(model)
    if after != before:
        raise FeatureError(
            f"{model.card.name} is not frozen: its weights changed while it encoded (sha256 {before[:12]} "
            f"before, {after[:12]} after); encode() must not train it, nor update statistics"
        )
