"""The conformance suite: it passes what is sound and names what is broken, one broken backbone per check."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
import torch

from twlv import backbones
from twlv.backbones.check import check_backbone
from twlv.backbones.hashing import tensors_sha256
from twlv.contracts import Tokens
from twlv.types import BackboneCard

CARD = BackboneCard(
    name="toy.v1",
    dim=3,
    num_params=9,
    num_frames=4,
    image_size_px=16,
    patch=(2, 8, 8),
    mean=(0.5, 0.5, 0.5),
    std=(0.25, 0.25, 0.25),
    weights="toy",
    weights_sha256="0" * 64,
    licence="Apache-2.0",
)


class Sound:
    """Tubelet means, weighted in time. Everything below breaks one thing of it."""

    def __init__(self, **card: Any) -> None:
        self.weights = {"w": torch.eye(3)}
        given = {"weights_sha256": tensors_sha256(self.weights), **card}
        self._card = dataclasses.replace(CARD, **given)

    @property
    def card(self) -> BackboneCard:
        return self._card

    def admit(self, frames: torch.Tensor) -> None:
        count = frames.shape[1]
        if frames.shape[2] != 3:
            raise ValueError(f"three colours, got {frames.shape[2]}")
        if count != 4 and not (self.card.flexible_frames and (count == 1 or count % 2 == 0)):
            raise ValueError(f"four frames, got {count}")

    def encode(self, frames: torch.Tensor) -> Tokens:
        self.admit(frames)
        return Tokens(patches=self.patches(frames))

    def patches(self, frames: torch.Tensor) -> torch.Tensor:
        if frames.shape[1] == 1:
            frames = frames.repeat(1, 2, 1, 1, 1)
        b, t, c, h, w = frames.shape
        pooled = frames.reshape(b, t // 2, 2, c, h // 8, 8, w // 8, 8).mean((2, 5, 7))
        weights = torch.arange(1.0, t // 2 + 1)[:, None, None, None]
        return (pooled * weights).permute(0, 1, 3, 4, 2).contiguous()


class SoundImage(Sound):
    """Frame by frame, and an exact mean over frames."""

    def __init__(self, **card: Any) -> None:
        super().__init__(
            **{"modality": "image", "pool": "cls", "patch": (1, 8, 8), "flexible_frames": True, **card}
        )

    def admit(self, frames: torch.Tensor) -> None:
        if frames.shape[2] != 3:
            raise ValueError("three colours")

    def encode(self, frames: torch.Tensor) -> Tokens:
        self.admit(frames)
        b, t, c, h, w = frames.shape
        patches = frames.reshape(b, t, c, h // 8, 8, w // 8, 8).mean((4, 6)).permute(0, 1, 3, 4, 2)
        return Tokens(patches=patches, cls=patches.mean((2, 3)).sort(dim=1).values.mean(1))


@pytest.mark.parametrize("backbone", [Sound(), Sound(flexible_frames=True), SoundImage()])
def test_sound_backbones_pass(backbone: Sound) -> None:
    report = check_backbone(backbone)
    assert report.passed, str(report)
    assert not report.failed
    assert str(report).startswith("toy.v1: ")


Break = Callable[[Sound, Tokens, torch.Tensor], Tokens]


def _broken(change: Break, base: type[Sound] = Sound, **card: Any) -> Sound:
    class Broken(base):  # type: ignore[misc,valid-type]
        def encode(self, frames: torch.Tensor) -> Tokens:
            return change(self, super().encode(frames), frames)

    return Broken(**card)


def _patches(change: Callable[[torch.Tensor], torch.Tensor]) -> Break:
    return lambda backbone, tokens, frames: Tokens(patches=change(tokens.patches), cls=tokens.cls)


def _noise(_: Sound, tokens: Tokens, frames: torch.Tensor) -> Tokens:
    own = torch.Generator()
    own.seed()
    return Tokens(patches=tokens.patches + torch.rand(1, generator=own))


def _dropout(_: Sound, tokens: Tokens, frames: torch.Tensor) -> Tokens:
    torch.rand(1)
    return tokens


def _running(backbone: Sound, tokens: Tokens, frames: torch.Tensor) -> Tokens:
    """A norm in training mode: repeating one clip settles, another one moves it."""
    last = getattr(backbone, "last", None)
    backbone.last = frames.sum()  # type: ignore[attr-defined]
    seen = 1.0 if last is None or torch.equal(last, frames.sum()) else 1.1
    return Tokens(patches=tokens.patches * seen)


def _scribble(_: Sound, tokens: Tokens, frames: torch.Tensor) -> Tokens:
    frames.mul_(2)
    return tokens


def _precision(_: Sound, tokens: Tokens, frames: torch.Tensor) -> Tokens:
    torch.set_float32_matmul_precision("medium")
    return tokens


def _constant(_: Sound, tokens: Tokens, frames: torch.Tensor) -> Tokens:
    return Tokens(patches=tokens.patches * 0 + torch.arange(2.0)[None, :, None, None, None])


def _first_frame(_: Sound, tokens: Tokens, frames: torch.Tensor) -> Tokens:
    return Tokens(patches=tokens.patches, cls=frames[:, 0].mean((2, 3)))


def _counted(_: Sound, tokens: Tokens, frames: torch.Tensor) -> Tokens:
    count = torch.arange(1.0, frames.shape[1] + 1)[:, None, None, None]
    return Tokens(patches=tokens.patches * count, cls=tokens.cls)


class Blind(Sound):
    """A video model by its card, which does not see time."""

    def patches(self, frames: torch.Tensor) -> torch.Tensor:
        return super().patches(frames.mean(1, keepdim=True).expand_as(frames).contiguous())


class Anything(Sound):
    """Refuses nothing."""

    def admit(self, frames: torch.Tensor) -> None:
        return

    def patches(self, frames: torch.Tensor) -> torch.Tensor:
        return super().patches(frames[:, :4, :3])


class Obscure(Sound):
    def admit(self, frames: torch.Tensor) -> None:
        if frames.shape[2] != 3:
            raise RuntimeError("shape '[2, 2, 2, 4, 2]' is invalid")


class NoImage(Sound):
    def patches(self, frames: torch.Tensor) -> torch.Tensor:
        return super().patches(frames.repeat(1, 4, 1, 1, 1) if frames.shape[1] == 1 else frames)


class Lost(Sound):
    def __init__(self) -> None:
        super().__init__()
        self.weights["w"] = torch.zeros(3, 3)


BROKEN: list[tuple[str, str, Sound]] = [
    ("card", "dim is 0", Sound(dim=0)),
    ("card", "is not a sha256", Sound(weights_sha256="")),
    ("card", "not for pixels in [0, 1]", Sound(mean=(123.0, 117.0, 104.0))),
    ("card", "no multiple of the patch", Sound(image_size_px=20)),
    ("encodes", "RuntimeError: boom", _broken(lambda *_: (_ for _ in ()).throw(RuntimeError("boom")))),
    ("shapes", "expected (B, T', H', W', D)", _broken(_patches(lambda p: p.flatten(1, 3)))),
    ("shapes", "expected (B, T', H', W', D)", _broken(_patches(lambda p: p.repeat(1, 1, 1, 1, 2)))),
    ("shapes", "no cls vector", Sound(pool="cls")),
    ("shapes", "cls (2, 4)", _broken(lambda s, t, f: Tokens(patches=t.patches, cls=torch.zeros(len(f), 4)))),
    ("numbers", "bfloat16", _broken(_patches(lambda p: p.bfloat16()))),
    ("numbers", "not finite", _broken(_patches(lambda p: p / 0))),
    ("no gradients", "requires a gradient", _broken(_patches(lambda p: p.requires_grad_()))),
    ("deterministic", "in eval mode", _broken(_noise)),
    ("stateless", "another clip between", _broken(_running)),
    ("batch invariance", "in a batch differ", _broken(_patches(lambda p: p - p.mean(0)))),
    ("content", "the same vector", _broken(_constant)),
    ("time reversal", "say modality='image'", Blind()),
    ("time reversal", "must be exactly blind", _broken(_first_frame, SoundImage)),
    ("time reversal", "place in time", _broken(_counted, SoundImage)),
    ("input untouched", "changed the frames", _broken(_scribble)),
    ("globals untouched", "random state moved", _broken(_dropout)),
    ("globals untouched", "matmul precision: highest -> medium", _broken(_precision)),
    ("weights", "the card says", Lost()),
    ("wrong channels", "are accepted", Anything()),
    ("wrong channels", "RuntimeError", Obscure()),
    ("wrong frames", "5 frames are accepted", Anything()),
    ("single image", "expected one finite time step", NoImage(flexible_frames=True)),
]


@pytest.mark.parametrize(("check", "seen", "backbone"), BROKEN, ids=[f"{c}-{s}" for c, s, _ in BROKEN])
def test_each_check_catches_a_broken_backbone(check: str, seen: str, backbone: Sound) -> None:
    try:
        report = check_backbone(backbone)
    finally:
        torch.set_float32_matmul_precision("highest")
    found = {failed.name: failed.seen for failed in report.failed}
    assert check in found, str(report)
    assert seen in found[check]
    assert not report.passed


def test_every_check_has_its_broken_backbone() -> None:
    names = {check.name for check in check_backbone(Sound()).checks}
    assert names == {check for check, _, _ in BROKEN}


def test_what_does_not_apply_is_said() -> None:
    class Closed(SoundImage):
        weights = None  # type: ignore[assignment]

        def __init__(self) -> None:
            self._card = dataclasses.replace(SoundImage().card, weights_sha256="1" * 64)

    found = {check.name: check.status for check in check_backbone(Closed()).checks}
    assert found["weights"] == found["wrong frames"] == "not_applicable"
    early = {check.name: check.status for check in check_backbone(Sound(dim=0)).checks}
    assert early["shapes"] == "not_applicable"


def test_a_users_module_function_is_checked_like_any_other(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_toy.py").write_text(
        "from twlv.backbones.random_weights import random_backbone\n"
        "def load(dtype):\n"
        "    config = dict(width=12, depth=1, num_heads=2, mlp_width=12, num_frames=4, image_size_px=32)\n"
        "    return random_backbone(kind='video_transformer', config=config, dtype=dtype)\n"
    )
    monkeypatch.chdir(tmp_path)
    report = check_backbone(backbones.load("my_toy:load"))
    assert report.passed, str(report)
