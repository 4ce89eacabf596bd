"""VideoMAE's weights, as transformers names them, in our own ViT: the same tokens, several times faster.

A pretrained checkpoint ends in a norm of every token. A fine-tuned one has none there; its ``fc_norm``
normalises the mean of the tokens, which then is the clip's vector (card: ``pool="mean_norm"``). Without that
norm a probe of a fine-tuned checkpoint would see another vector than its own classifier did.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch

from twlv.backbones import hf
from twlv.backbones.own import config_json
from twlv.errors import WeightsError
from twlv.nn.vit import VitConfig
from twlv.types import Json

_ACTIVATIONS: Mapping[str, Literal["gelu", "gelu_tanh"]] = {
    "gelu": "gelu",
    "gelu_pytorch_tanh": "gelu_tanh",
    "gelu_new": "gelu_tanh",
}
_FC_NORM_EPS = 1e-5  # torch's default: transformers builds fc_norm without an eps
_BLOCK = {
    "attention.output.dense": "attention.proj",
    "intermediate.dense": "mlp.fc1",
    "output.dense": "mlp.fc2",
    "layernorm_before": "norm1",
    "layernorm_after": "norm2",
}


def vit_json(config: Mapping[str, Json], *, fc_norm: bool = False) -> dict[str, Json]:
    """Our configuration for one of ``VideoMAEConfig``. ``fc_norm``: the checkpoint has that norm.

    Raises:
        WeightsError: an activation that we do not have, or a picture that is not square.
    """
    settings = hf.config_of("VideoMAEConfig", config)
    if settings.hidden_act not in _ACTIVATIONS:
        raise WeightsError(f"VideoMAE with activation '{settings.hidden_act}' is not supported")
    patch = hf.square(settings.patch_size, "patch_size")
    pooled: Literal["pooled", "none"] = "pooled" if fc_norm else "none"
    return config_json(
        VitConfig(
            width=settings.hidden_size,
            depth=settings.num_hidden_layers,
            num_heads=settings.num_attention_heads,
            mlp_width=settings.intermediate_size,
            patch=(settings.tubelet_size, patch, patch),
            num_frames=settings.num_frames,
            image_size_px=hf.square(settings.image_size, "image_size"),
            position="sincos_flat",
            activation=_ACTIVATIONS[settings.hidden_act],
            norm_eps=settings.layer_norm_eps,
            final_norm=pooled if settings.use_mean_pooling else "tokens",
            final_norm_eps=_FC_NORM_EPS if settings.use_mean_pooling and fc_norm else None,
            qkv_bias=settings.qv_bias,
        )
    )


def convert(state: Mapping[str, torch.Tensor], *, depth: int) -> dict[str, torch.Tensor]:
    """Rename and merge the tensors of ``VideoMAEModel`` (with or without the prefix ``videomae.``).

    Both namings of the biases are read: ``attention.attention.q_bias`` / ``v_bias`` (files, and
    transformers 4) and ``query.bias`` / ``value.bias`` (transformers 5). There is no key bias; ours is 0.
    Tensors that are not of the encoder keep their names, so that strict loading names them.

    Raises:
        WeightsError: a tensor of a block is missing.
    """
    left = {name.removeprefix("videomae."): tensor for name, tensor in state.items()}
    made: dict[str, torch.Tensor] = {}
    try:
        for index in range(depth):
            source, target = f"encoder.layer.{index}", f"blocks.{index}"
            made.update(_attention(left, f"{source}.attention.attention", f"{target}.attention.qkv"))
            for theirs, ours in _BLOCK.items():
                for part in ("weight", "bias"):
                    made[f"{target}.{ours}.{part}"] = left.pop(f"{source}.{theirs}.{part}")
        for part in ("weight", "bias"):
            made[f"patch_embed.{part}"] = left.pop(f"embeddings.patch_embeddings.projection.{part}")
    except KeyError as error:
        raise WeightsError(f"the VideoMAE weights have no tensor {error.args[0]}") from error
    for norm in ("layernorm", "fc_norm"):
        for part in ("weight", "bias"):
            if f"{norm}.{part}" in left:
                made[f"norm.{part}"] = left.pop(f"{norm}.{part}")
    return {**made, **left}


def _attention(left: dict[str, torch.Tensor], source: str, target: str) -> dict[str, torch.Tensor]:
    weights = [left.pop(f"{source}.{part}.weight") for part in ("query", "key", "value")]
    made = {f"{target}.weight": torch.cat(weights)}
    query = left.pop(f"{source}.query.bias", left.pop(f"{source}.q_bias", None))
    value = left.pop(f"{source}.value.bias", left.pop(f"{source}.v_bias", None))
    if query is not None and value is not None:
        made[f"{target}.bias"] = torch.cat([query, torch.zeros_like(query), value])
    return made
