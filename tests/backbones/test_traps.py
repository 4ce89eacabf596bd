"""Silent traps of models that are loaded here, each by what goes wrong without an error."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import VideoMAEConfig, VideoMAEModel, VivitConfig, VivitModel

from twlv import backbones
from twlv.backbones.hashing import tensors_sha256
from twlv.backbones.own import KIND
from twlv.backbones.table import TABLE
from twlv.backbones.videomae import convert, vit_json
from twlv.errors import UsageError
from twlv.nn.position import flat_table, interpolate_table
from twlv.nn.strict import load_strictly

from .conftest import SMALL, SmallBackbone

Frames = Callable[..., torch.Tensor]

VIDEOMAE: dict[str, Any] = {
    "hidden_size": 24,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "image_size": 32,
    "num_frames": 4,
    "use_mean_pooling": False,
}
IMAGENET = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}


def vivit_folder(folder: Path, **changes: Any) -> Path:
    VivitModel(VivitConfig(**SMALL["vivit"], **changes), add_pooling_layer=False).save_pretrained(folder)
    preparation = {"size": {"shortest_edge": 32}, "crop_size": {"height": 32, "width": 32}, **IMAGENET}
    (folder / "preprocessor_config.json").write_text(json.dumps(preparation))
    return folder


# ---------------------------------------------------------------- of every model


def test_trap_15_weights_are_frozen_and_dropout_is_off(tmp_path: Path, frames: Frames) -> None:
    """A checkpoint whose configuration drops half of everything: two passes are equal all the same."""
    dropping = {"hidden_dropout_prob": 0.5, "attention_probs_dropout_prob": 0.5}
    backbone = backbones.load(f"hf:{vivit_folder(tmp_path, **dropping)}", device="cpu", dtype="float32")
    assert any(isinstance(part, torch.nn.Dropout) and part.p == 0.5 for part in backbone._module.modules())
    clip = frames()
    with torch.enable_grad():
        one, two = backbone.encode(clip.clone().requires_grad_()), backbone.encode(clip)
    assert torch.equal(one.patches, two.patches)
    assert not one.patches.requires_grad
    assert not any(part.training for part in backbone._module.modules())
    assert not any(parameter.requires_grad for parameter in backbone._module.parameters())
    assert tensors_sha256(backbone.weights) == backbone.card.weights_sha256


def test_no_processor_class_and_no_torchvision_are_needed(
    tmp_path: Path, frames: Frames, monkeypatch: pytest.MonkeyPatch, no_network: None
) -> None:
    """Video processors of transformers want torchvision; ours reads the file itself, and asks no hub."""
    from transformers.image_processing_base import ImageProcessingMixin

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a processor was built")

    monkeypatch.setattr(ImageProcessingMixin, "__init__", refuse)
    monkeypatch.setattr(ImageProcessingMixin, "from_pretrained", refuse)
    monkeypatch.setitem(sys.modules, "torchvision", None)
    backbone = backbones.load(f"hf:{vivit_folder(tmp_path)}", device="cpu")
    assert backbone.card.mean == pytest.approx(IMAGENET["image_mean"])
    assert backbone.encode(frames()).patches.shape == (2, 2, 2, 2, 24)


# ---------------------------------------------------------------- VideoMAE


def test_videomae_is_normalised_as_its_files_say_not_as_its_processor_does_by_default() -> None:
    names = [name for name in TABLE if name.startswith("videomae")]
    assert len(names) >= 2
    for name in names:
        assert TABLE[name].card.mean == (0.485, 0.456, 0.406)
        assert TABLE[name].card.std == (0.229, 0.224, 0.225)


@torch.inference_mode()
def test_videomae_on_other_frame_counts_interpolates_its_positions(frames: Frames) -> None:
    """The library refuses 8 frames; told ``num_frames`` 8 it counts on, past what the weights have seen."""
    theirs = VideoMAEModel(VideoMAEConfig(**VIDEOMAE)).eval()
    parts = KIND.assemble(vit_json(VIDEOMAE))
    state = theirs.state_dict()
    load_strictly(parts.module, convert(state, depth=2), source="test")
    clip = frames(1, 8, 3, 32, 32)
    with pytest.raises((ValueError, RuntimeError)):
        theirs(clip)
    network: Any = parts.module
    embedded, grid = network.embed(clip)
    assert grid == (4, 2, 2)
    positions = embedded - network.patch_embed(clip).flatten(1, 3)
    table = flat_table((2, 2, 2), 24)
    expected = interpolate_table(table, (2, 2, 2), grid).float()
    torch.testing.assert_close(positions[0], expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(positions[0, :4], table[:4].float(), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(positions[0, -4:], table[-4:].float(), atol=1e-5, rtol=1e-5)
    counting = VideoMAEModel(VideoMAEConfig(**{**VIDEOMAE, "num_frames": 8})).eval()
    counting.load_state_dict(state)
    counted = counting(clip).last_hidden_state
    assert not torch.allclose(parts.run(network, clip)[0].flatten(1, 3), counted, atol=1e-2)


@torch.inference_mode()
def test_videomae_keeps_the_epsilon_of_its_norms(frames: Frames) -> None:
    """The library's default is 1e-12, the original's 1e-6; one large enough to be seen is carried over."""
    assert vit_json(VIDEOMAE)["norm_eps"] == VideoMAEConfig().layer_norm_eps == 1e-12
    config = {**VIDEOMAE, "layer_norm_eps": 0.1}
    theirs = VideoMAEModel(VideoMAEConfig(**config)).eval()
    parts = KIND.assemble(vit_json(config))
    load_strictly(parts.module, convert(theirs.state_dict(), depth=2), source="test")
    patches, _ = parts.run(parts.module, frames())
    torch.testing.assert_close(patches.flatten(1, 3), theirs(frames()).last_hidden_state, rtol=1e-4, atol=1e-5)


# ---------------------------------------------------------------- ViViT


def test_vivit_refuses_other_frame_counts_and_sizes(small: SmallBackbone, frames: Frames) -> None:
    """``interpolate_pos_encoding`` of the library handles sizes only; nothing is interpolated here."""
    for shape in ((1, 6, 3, 32, 32), (1, 4, 3, 48, 48)):
        with pytest.raises(UsageError, match=r"takes (clips of 4 frames|pictures of 32 x 32 px)"):
            small("vivit").encode(frames(*shape))
