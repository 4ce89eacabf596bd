"""Inputs and weights of the reference runs. All of them follow from a text: none is stored."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from twlv.heads.asformer import ASFormer, ASFormerConfig, from_reference

STORED = Path(__file__).parents[2] / "reference" / "asformer.npz"
TINY = ASFormerConfig(width=12, num_classes=5, layers=5, channels=16)
THEIRS = (
    (".dilated.", ".feed_forward.layer.0."),
    (".attention.out.", ".att_layer.conv_out."),
    (".mix.", ".conv_1x1."),
    (".enter.", ".conv_1x1."),
    (".classify.", ".conv_out."),
    (".attention.query.", ".att_layer.query_conv."),
    (".attention.key.", ".att_layer.key_conv."),
    (".attention.value.", ".att_layer.value_conv."),
)


def drawn(text: str) -> np.random.RandomState:
    """numpy's old generator, whose numbers never change, seeded by a text."""
    return np.random.RandomState(zlib.crc32(text.encode()))


def gaussian(text: str, *shape: int) -> np.ndarray:
    return drawn(text).standard_normal(size=shape).astype(np.float32)


def their_name(name: str) -> str:
    """Our name of a tensor as the released code calls it (written apart from the code under test)."""
    for ours, theirs in THEIRS:
        name = name.replace(ours, theirs)
    return name


def reference_state(config: ASFormerConfig, tag: str) -> dict[str, torch.Tensor]:
    """Weights and biases uniform within 1.3 / sqrt(fan-in of the weight), each drawn by its own name."""
    with torch.device("meta"):
        shapes = {their_name(name): tuple(v.shape) for name, v in ASFormer(config).state_dict().items()}
    state = {}
    for name, shape in shapes.items():
        _, fan_in, kernel = shapes[name.rpartition(".")[0] + ".weight"]
        bound = 1.3 / np.sqrt(fan_in * kernel)
        values = drawn(f"{tag}:{name}").uniform(-bound, bound, size=shape)
        state[name] = torch.from_numpy(values.astype(np.float32))
    return state


@pytest.fixture(scope="session")
def golden() -> dict[str, np.ndarray]:
    with np.load(STORED) as stored:
        return dict(stored)


@pytest.fixture
def tiny_state() -> dict[str, torch.Tensor]:
    return reference_state(TINY, "tiny")


@pytest.fixture
def tiny(tiny_state) -> Callable[..., ASFormer]:
    """The small model of a kind: ``sliding``, ``full`` or ``query`` (sliding, the window of each query)."""

    def build(kind: str, *, gain: float = 1.0, **settings: str) -> ASFormer:
        scaled = ("query_conv", "key_conv")
        state = {n: v * gain if any(part in n for part in scaled) else v for n, v in tiny_state.items()}
        window = "query" if kind == "query" else "block"
        attention = "full" if kind == "full" else "sliding"
        return from_reference(state, attention=attention, window=window, **settings)

    return build


@pytest.fixture
def tiny_input() -> Callable[[int], torch.Tensor]:
    return lambda steps: torch.from_numpy(gaussian(f"tiny:x:{steps}", 1, 12, steps))


@pytest.fixture
def report_size() -> Callable[[str, int], ASFormer]:
    """A model of the report's size for a data set, with the weights that its name gives."""

    def build(name: str, num_classes: int) -> ASFormer:
        config = ASFormerConfig(width=768, num_classes=num_classes)
        return from_reference(reference_state(config, f"full:{name}"))

    return build


@pytest.fixture
def clip_features() -> Callable[..., torch.Tensor]:
    """Features (1, 768, steps) of a video: a vector of the class at each clip's centre, and noise; resized."""

    def build(name: str, video: str, labels: np.ndarray, num_classes: int, rate: int) -> torch.Tensor:
        fps, clip = (30.0, 1.0) if name == "50Salads" else (15.0, 0.5)
        stride = clip / 4
        num = int((len(labels) / fps - clip) / stride + 1e-9) + 1
        at = ((np.arange(num) * stride + clip / 2) * fps).astype(int)
        classes = gaussian(f"cls:{name}:768", num_classes, 768)
        features = classes[labels[at]] + gaussian(f"feat:{name}:{video}.txt:768", num, 768)
        columns = torch.from_numpy(features.T[None].copy())
        return torch.nn.functional.interpolate(columns, size=len(labels[::rate]), mode="linear")

    return build
