"""Every way to name a backbone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

import twlv
from twlv import backbones
from twlv.backbones.loaded import LoadedBackbone
from twlv.errors import UnknownName, UsageError, WeightsError
from twlv.nn import precision

Frames = Callable[..., torch.Tensor]

TINY_SHA256 = "df6574c51433b916d634f17001ea0350a8369b52d594aadba8d7bf20ea5444ca"


@pytest.fixture
def tiny() -> LoadedBackbone:
    found = backbones.load("twlv1_vit_t.random", device="cpu", dtype="float32")
    assert isinstance(found, LoadedBackbone)
    return found


def test_random_weights_are_the_same_bits_for_ever(tiny: LoadedBackbone) -> None:
    assert tiny.card.weights_sha256 == TINY_SHA256
    torch.manual_seed(123)
    torch.rand(5)
    state = torch.random.get_rng_state()
    again = backbones.load("twlv1_vit_t.random", device="cpu", dtype="float32")
    assert again.card == tiny.card
    assert torch.equal(state, torch.random.get_rng_state())


def test_the_public_name_is_the_same_function() -> None:
    assert twlv.load is backbones.load
    assert twlv.DEFAULT_BACKBONE == backbones.DEFAULT_BACKBONE


def test_what_encode_gives_back(tiny: LoadedBackbone, frames: Frames) -> None:
    tokens = tiny.encode(frames(1, 2, 3, 32, 32))
    assert tokens.patches.shape == (1, 1, 2, 2, 192)
    assert tokens.patches.dtype == torch.float32
    assert not tokens.patches.is_inference()
    head = torch.nn.Linear(192, 2)
    head(tokens.patches).sum().backward()  # a head can be trained on them
    assert head.weight.grad is not None


def test_float32_is_fast_within_and_nothing_is_left_set(
    tiny: LoadedBackbone, frames: Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "_medium_is_exact", lambda: True)
    seen = []
    tiny._module.register_forward_pre_hook(lambda *_: seen.append(torch.get_float32_matmul_precision()))
    tiny.encode(frames(1, 2, 3, 32, 32))
    assert seen == ["medium"]
    assert torch.get_float32_matmul_precision() == "highest"


def test_bfloat16_is_recorded_and_agrees(tiny: LoadedBackbone, frames: Frames) -> None:
    fast = backbones.load("twlv1_vit_t.random", device="cpu", dtype="bfloat16")
    assert (tiny.card.dtype, fast.card.dtype) == ("float32", "bfloat16")
    assert fast.card.weights_sha256 == tiny.card.weights_sha256
    clip = frames(1, 4, 3, 64, 64)
    one, two = tiny.encode(clip).patches, fast.encode(clip).patches
    assert two.dtype == torch.float32
    assert not torch.equal(one, two)
    assert torch.nn.functional.cosine_similarity(one, two, dim=-1).min() > 0.999


def test_unknown_names_say_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"did you mean .*twlv1_vit_b.random"):
        backbones.load("twlv1_vitb.random")
    with pytest.raises(UnknownName, match="hf:org/name"):
        backbones.load("no_such_folder/")


def test_an_architecture_needs_weights(tiny: LoadedBackbone) -> None:
    with pytest.raises(UsageError, match=r"say weights=PATH, or take one of twlv1_vit_b.random"):
        backbones.load("twlv1_vit_b")
    with pytest.raises(UsageError, match="already says which weights"):
        backbones.load("twlv1_vit_t.random", weights="x.safetensors")
    with pytest.raises(WeightsError, match="no such file"):
        backbones.load("twlv1_vit_t", weights="absent.safetensors")


def test_weights_of_ones_own(tiny: LoadedBackbone, tmp_path: Path, frames: Frames) -> None:
    folder = backbones.save(tmp_path / "saved", tiny)
    bare = tmp_path / "bare.safetensors"
    save_file({name: tensor.clone() for name, tensor in tiny.weights.items()}, bare)
    for weights in (folder, str(folder), folder / "model.safetensors", bare):
        found = backbones.load("twlv1_vit_t", weights=weights, device="cpu", dtype="float32")
        assert found.card.weights_sha256 == tiny.card.weights_sha256
        clip = frames(1, 2, 3, 32, 32)
        assert torch.equal(found.encode(clip).patches, tiny.encode(clip).patches)
    assert (found.card.name, found.card.licence) == ("twlv1_vit_t.local", "unknown")
    with pytest.raises(WeightsError, match=r"of another shape"):
        backbones.load("twlv1_vit_s", weights=bare)
    with pytest.raises(WeightsError, match=r"width 192.*twlv1_vit_s is a video_transformer of width 384"):
        backbones.load("twlv1_vit_s", weights=folder)
    with pytest.raises(WeightsError, match=r"holds a video_transformer, but a vivit was asked for"):
        backbones.load("vivit_b", weights=folder)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((1, 2, 4, 32, 32), "3 colour channels"),
        ((1, 3, 3, 32, 32), "one frame, or a multiple of 2"),
        ((2, 3, 32, 32), r"\(B, T, C, H, W\), got shape"),
        ((1, 2, 3, 33, 32), "33 x 32"),
        ((0, 2, 3, 32, 32), "got shape"),
    ],
)
def test_frames_that_do_not_fit(tiny: LoadedBackbone, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        tiny.encode(torch.zeros(shape))
    with pytest.raises(UsageError, match="normalised with the card's mean and std"):
        tiny.encode(torch.zeros(1, 2, 3, 32, 32, dtype=torch.uint8))


MODULE = """
import torch
from twlv.contracts import Tokens
from twlv.types import BackboneCard

CALLS = []

class Mean:
    card = BackboneCard(name="mine.v1", dim=3, num_params=1, num_frames=4, image_size_px=8,
                        patch=(1, 8, 8), mean=(0.0,) * 3, std=(1.0,) * 3,
                        weights="none", weights_sha256="0" * 64, licence="mine")
    def encode(self, frames):
        return Tokens(patches=frames.mean((3, 4))[:, :, None, None, :])

def load(device):
    CALLS.append(device)
    return Mean()

def load_any(**keywords):
    CALLS.append(keywords)
    return Mean()

def no_arguments():
    return Mean()

def wrong():
    return torch.nn.Identity()
"""


@pytest.fixture
def users_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    (tmp_path / "users_backbone.py").write_text(MODULE)
    (tmp_path / "users_broken.py").write_text("import a_package_that_is_absent\n")
    monkeypatch.chdir(tmp_path)
    before = list(sys.path)
    yield "users_backbone"
    assert sys.path == before
    sys.modules.pop("users_backbone", None)


def test_a_users_own_function(users_module: str) -> None:
    found = backbones.load(f"{users_module}:load", device="cpu")
    assert found.card.name == "mine.v1"
    backbones.load(f"{users_module}:load_any", weights="w", dtype="float32")
    assert sys.modules[users_module].CALLS == ["cpu", {"weights": "w", "device": "auto", "dtype": "float32"}]
    assert backbones.load(f"{users_module}:no_arguments").card.dim == 3


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("users_backbone:absent", "no function 'absent'"),
        ("users_backbone:wrong", "returned a Identity"),
        ("users_absent:load", "no module 'users_absent'"),
        ("users_backbone.sub:load", "no module 'users_backbone.sub'"),
        (":load", "no module"),
    ],
)
def test_a_users_mistakes(users_module: str, target: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        backbones.load(target)


def test_a_users_own_missing_import_is_not_hidden(users_module: str) -> None:
    with pytest.raises(UsageError, match=r"raised ModuleNotFoundError: .*a_package_that_is_absent.* line 1"):
        backbones.load("users_broken:load")
    with pytest.raises(UsageError, match="takes no weights"):
        backbones.load(f"{users_module}:load", weights="w")
