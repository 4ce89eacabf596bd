"""Weights of ASFormer's released code, and of the report's, as a model of ours. Every tensor has a place."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch

from twlv.errors import WeightsError
from twlv.heads.asformer.config import ASFormerConfig, AttentionKind, PaddingRule, WindowRule
from twlv.heads.asformer.model import ASFormer
from twlv.nn.strict import few, require_places

_NAMES = (
    (r"\.feed_forward\.layer\.0\.", ".dilated."),
    (r"\.att_layer\.(query|key|value)_conv\.", r".attention.\1."),
    (r"\.att_layer\.conv_out\.", ".attention.out."),
    (r"(\.layers\.\d+)\.conv_1x1\.", r"\1.mix."),
    (r"^(encoder|decoders\.\d+)\.conv_1x1\.", r"\1.enter."),
    (r"^(encoder|decoders\.\d+)\.conv_out\.", r"\1.classify."),
)


def reference_name(name: str) -> str:
    """Our name of a tensor of theirs; a name that is not theirs stays as it is."""
    for pattern, ours in _NAMES:
        name = re.sub(pattern, ours, name)
    return name


def from_reference(
    state: Mapping[str, torch.Tensor],
    *,
    attention: AttentionKind = "sliding",
    window: WindowRule = "block",
    padding: PaddingRule = "refuse",
    channel_dropout: float = 0.3,
    source: str = "state dict",
) -> ASFormer:
    """The model of a state dict, in evaluation mode, on its device and in its precision.

    All sizes are read off the tensors. What they do not say must be given: the kind of attention (the
    report's weights for Breakfast use ``full``) and the window's rule.

    Raises:
        WeightsError: tensors that are missing, left over or of another shape; names them.
    """
    named = {reference_name(name): value for name, value in state.items()}
    if len(named) < len(state):
        raise WeightsError(f"{source}: two of its {len(state)} tensors have the same place")
    sizes = _sizes(named, source)
    config = ASFormerConfig(
        **sizes, attention=attention, window=window, padding=padding, channel_dropout=channel_dropout
    )
    with torch.device("meta"):
        model = ASFormer(config)
    require_places(named, model.state_dict(), source=source, of="an ASFormer")
    model.load_state_dict({name: value.detach().clone() for name, value in named.items()}, assign=True)
    return model.requires_grad_(True).eval()


def _sizes(named: Mapping[str, torch.Tensor], source: str) -> dict[str, int]:
    kept = ("encoder.enter.weight", "encoder.classify.weight", "encoder.layers.0.attention.query.weight")
    absent = [name for name in kept if name not in named or named[name].ndim != 3]
    if absent:
        raise WeightsError(f"{source}: no ASFormer: without {few(absent)}; it holds {few(named)}")
    channels, width, _ = named[kept[0]].shape
    inner = named[kept[2]].shape[0]
    if not inner or channels % inner:
        raise WeightsError(f"{source}: {channels} channels do not divide into queries of {inner}")
    return {
        "width": width,
        "num_classes": named[kept[1]].shape[0],
        "layers": _count(r"encoder\.layers\.(\d+)\.", named),
        "channels": channels,
        "decoders": _count(r"decoders\.(\d+)\.", named),
        "reduction": channels // inner,
    }


def _count(pattern: str, named: Mapping[str, torch.Tensor]) -> int:
    return len({found[1] for name in named if (found := re.match(pattern, name))})
