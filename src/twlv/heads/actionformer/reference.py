"""Weights of the reference (ActionFormer's release, the report authors' code) as ours. Strict."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from twlv.errors import WeightsError
from twlv.heads.actionformer.config import ActionFormerConfig
from twlv.heads.actionformer.network import ActionFormer
from twlv.nn.strict import require_places

_RULES = (
    (r"^module\.", ""),
    (r"^backbone\.proj\.(\d+)\.conv\.", r"project.\1."),
    (r"^backbone\.embd\.(\d+)\.conv\.", r"embed.\1.conv."),
    (r"^backbone\.embd_norm\.(\d+)\.", r"embed.\1.norm."),
    (r"^backbone\.(stem|branch)\.", r"\1."),
    (r"\.ln1\.", ".norm_attention."),
    (r"\.ln2\.", ".norm_mlp."),
    (r"\.attn\.(query|key|value)_conv\.conv\.", r".attention.\1.conv."),
    (r"\.attn\.(query|key|value)_norm\.", r".attention.\1.norm."),
    (r"\.attn\.(query|key|value)\.", r".attention.\1.linear."),
    (r"\.attn\.proj\.", ".attention.out."),
    (r"\.mlp\.0\.", ".expand."),
    (r"\.mlp\.3\.", ".contract."),
    (r"\.drop_path_attn\.scale$", ".attention_branch.scale"),
    (r"\.drop_path_mlp\.scale$", ".mlp_branch.scale"),
    (r"^neck\.fpn_norms\.", "neck.norms."),
    (r"^neck\.lateral_convs\.(\d+)\.conv\.", r"neck.lateral.\1."),
    (r"^neck\.fpn_convs\.(\d+)\.conv\.", r"neck.smooth.\1."),
    (r"^cls_head\.head\.(\d+)\.conv\.", r"classes.hidden.\1.conv."),
    (r"^cls_head\.norm\.(\d+)\.", r"classes.hidden.\1.norm."),
    (r"^cls_head\.cls_head\.conv\.", "classes.last."),
    (r"^reg_head\.head\.(\d+)\.conv\.", r"distances.hidden.\1.conv."),
    (r"^reg_head\.norm\.(\d+)\.", r"distances.hidden.\1.norm."),
    (r"^reg_head\.offset_head\.conv\.", "distances.last."),
)
_SCALE = re.compile(r"^(?:module\.)?reg_head\.scale\.(\d+)\.scale$")


def our_name(name: str) -> str:
    """Our name of a parameter of the reference, but for the scales of the distances, which we keep as one."""
    for pattern, ours in _RULES:
        name = re.sub(pattern, ours, name)
    return name


def from_reference(state: Mapping[str, Tensor], config: ActionFormerConfig) -> ActionFormer:
    """A network with the weights of a reference checkpoint: its ``state_dict_ema``, ``module.`` or not.

    Raises:
        WeightsError: a parameter that is missing, unknown, or of another shape; a value that is not finite.
    """
    model = ActionFormer(config)
    wanted = model.state_dict()
    given: dict[str, Tensor] = {}
    scales: dict[int, Tensor] = {}
    for name, value in state.items():
        place = _SCALE.match(name)
        if place:
            scales[int(place[1])] = value.reshape(())
        else:
            given[our_name(name)] = value
    if sorted(scales) == list(range(len(config.ranges))):
        given["distance_scales"] = torch.stack([scales[level] for level in sorted(scales)])
    given = {name: _reshaped(value, wanted.get(name)) for name, value in given.items()}
    require_places(given, wanted, source="weights", of="the settings")
    for name, value in given.items():
        if not value.isfinite().all():
            raise WeightsError(f"{name}: holds values that are not finite")
    model.load_state_dict(given)
    return model


def _reshaped(value: Tensor, wanted: Tensor | None) -> Tensor:
    """The value in the shape of its place, if they differ by axes of length 1 alone."""
    same = wanted is not None and [n for n in value.shape if n > 1] == [n for n in wanted.shape if n > 1]
    return value.reshape(wanted.shape) if wanted is not None and same else value
