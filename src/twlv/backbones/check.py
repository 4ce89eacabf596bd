"""The conformance suite: one set of checks over anybody's backbone (``twlv doctor backbone NAME``).

Axes: B batch, T frames, C colours, H W pixels, T' H' W' token grid, D width.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch

from twlv.backbones.check_card import card_faults
from twlv.backbones.hashing import tensors_sha256
from twlv.contracts import Backbone, Tokens
from twlv.errors import TwlvError
from twlv.types import BackboneCard

Status: TypeAlias = Literal["passed", "failed", "not_applicable"]

BATCH_TOLERANCE = {"float32": 1e-4, "bfloat16": 2e-2}
"""Largest relative difference between a clip encoded alone and in a batch: kernels may round otherwise."""

_NO_CHANGE = 1e-6  # relative; below it two vectors are the same up to rounding
_STEPS = 4  # time steps of a test clip, where the frame count is free


@dataclass(frozen=True, kw_only=True)
class Check:
    """One property: its name, whether it holds, and what was seen."""

    name: str
    status: Status
    seen: str


@dataclass(frozen=True, kw_only=True)
class ConformanceReport:
    """All checks of one backbone, in the order in which they ran."""

    backbone: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return not self.failed

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if check.status == "failed")

    def __str__(self) -> str:
        marks = {"passed": "ok", "failed": "FAILED", "not_applicable": "n/a"}
        lines = [f"  {marks[check.status]:<7} {check.name:<22} {check.seen}" for check in self.checks]
        count = sum(check.status == "passed" for check in self.checks)
        total = f"{count} passed, {len(self.failed)} failed of {len(self.checks)}"
        return "\n".join([f"{self.backbone}: {total}", *lines])


@dataclass(frozen=True, kw_only=True, eq=False)
class _Trial:
    """A backbone, two random clips (B = 2, T, C, H, W), and the tokens it gave for them."""

    backbone: Backbone
    clips: torch.Tensor
    tokens: Tokens
    settings: Mapping[str, object]  # of torch, before the first call

    @property
    def card(self) -> BackboneCard:
        return self.backbone.card

    def encode(self, frames: torch.Tensor) -> Tokens:
        return self.backbone.encode(frames.clone())

    def vector(self, tokens: Tokens) -> torch.Tensor:
        """The clip vectors (B, D) that the card's ``pool`` names."""
        if self.card.pool == "cls" and tokens.cls is not None:
            return tokens.cls
        return tokens.patches.mean(dim=(1, 2, 3))


class _Fault(Exception):  # noqa: N818 - a finding
    """A check that does not hold; its text is what was seen."""


class _NotApplicable(Exception):  # noqa: N818 - not an error
    """A check that says nothing about this backbone; its text says why."""


def check_backbone(backbone: Backbone) -> ConformanceReport:
    """Run every check on two clips of seeded noise. Nothing is raised: what breaks is a failed check."""
    card_check = _run("card", lambda: _card(backbone))
    checks = [card_check]
    trial: list[_Trial] = []
    if card_check.status == "passed":
        checks.append(_run("encodes", lambda: _first(backbone, trial)))
    for name, check in _CHECKS.items():
        if trial:
            checks.append(_run(name, lambda check=check: check(trial[0])))  # type: ignore[misc]
        else:
            checks.append(Check(name=name, status="not_applicable", seen="not reached"))
    return ConformanceReport(backbone=str(backbone.card.name), checks=tuple(checks))


def _run(name: str, check: Callable[[], str]) -> Check:
    try:
        return Check(name=name, status="passed", seen=check())
    except _NotApplicable as reason:
        return Check(name=name, status="not_applicable", seen=str(reason))
    except _Fault as fault:
        return Check(name=name, status="failed", seen=str(fault))
    except Exception as error:  # noqa: BLE001 - a stranger's code: whatever it raises is the finding
        return Check(name=name, status="failed", seen=f"{type(error).__name__}: {error}")


def _card(backbone: Backbone) -> str:
    faults = card_faults(backbone.card)
    if faults:
        raise _Fault("; ".join(faults))
    return f"{backbone.card.num_params / 1e6:.1f}M parameters, width {backbone.card.dim}"


def _first(backbone: Backbone, trial: list[_Trial]) -> str:
    card = backbone.card
    count = _STEPS * card.patch[0] if card.flexible_frames else card.num_frames
    shape = (2, count, 3, card.image_size_px, card.image_size_px)
    clips = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    settings = _settings()
    tokens = backbone.encode(clips.clone())
    trial.append(_Trial(backbone=backbone, clips=clips, tokens=tokens, settings=settings))
    return f"frames {tuple(clips.shape)}"


def _shapes(trial: _Trial) -> str:
    card, tokens = trial.card, trial.tokens
    b, t, _, h, w = trial.clips.shape
    expected = (b, t // card.patch[0], h // card.patch[1], w // card.patch[2], card.dim)
    if tuple(tokens.patches.shape) != expected:
        raise _Fault(f"patches {tuple(tokens.patches.shape)}, expected (B, T', H', W', D) = {expected}")
    if tokens.cls is not None and tuple(tokens.cls.shape) != (b, card.dim):
        raise _Fault(f"cls {tuple(tokens.cls.shape)}, expected (B, D) = {(b, card.dim)}")
    if card.pool == "cls" and tokens.cls is None:
        raise _Fault("the card says pool='cls', but there is no cls vector")
    return f"patches {expected}" + (", cls" if tokens.cls is not None else "")


def _numbers(trial: _Trial) -> str:
    for name, tensor in _tensors(trial.tokens).items():
        if tensor.dtype != torch.float32:
            raise _Fault(f"{name} is {tensor.dtype}, not float32")
        if not bool(torch.isfinite(tensor).all()):
            raise _Fault(f"{name} has {int((~torch.isfinite(tensor)).sum())} values that are not finite")
    return "float32, all finite"


def _no_gradients(trial: _Trial) -> str:
    for name, tensor in _tensors(trial.tokens).items():
        if tensor.requires_grad:
            raise _Fault(f"{name} requires a gradient; encode in inference mode")
    return "no graph is kept"


def _deterministic(trial: _Trial) -> str:
    _same(trial.tokens, trial.encode(trial.clips), "the same clips encoded twice differ; is it in eval mode?")
    return "twice the same, bit for bit"


def _stateless(trial: _Trial) -> str:
    other = torch.randn(trial.clips.shape, generator=torch.Generator().manual_seed(1)) * 3
    trial.encode(other)
    _same(trial.tokens, trial.encode(trial.clips), "encoding another clip between changed the result")
    return "what was encoded before does not matter"


def _batch(trial: _Trial) -> str:
    tolerance = BATCH_TOLERANCE[trial.card.dtype]
    alone = torch.cat([trial.encode(clip[None]).patches for clip in trial.clips])
    vectors = torch.cat([trial.vector(trial.encode(clip[None])) for clip in trial.clips])
    error = max(_difference(alone, trial.tokens.patches), _difference(vectors, trial.vector(trial.tokens)))
    if error > tolerance:
        raise _Fault(f"a clip alone and in a batch differ by {error:.2g} of its norm; allowed {tolerance:g}")
    return f"alone or in a batch: relative difference {error:.1g}"


def _content(trial: _Trial) -> str:
    first, second = trial.vector(trial.tokens)
    if _difference(first, second) < _NO_CHANGE:
        raise _Fault("two different clips have the same vector")
    return f"two clips differ by {_difference(first, second):.2g} of the norm"


def _time(trial: _Trial) -> str:
    if trial.clips.shape[1] == 1:
        raise _NotApplicable("one frame only")
    turned = trial.encode(trial.clips.flip(1))
    change = _difference(trial.vector(turned), trial.vector(trial.tokens))
    if trial.card.modality == "video":
        if change < _NO_CHANGE:
            raise _Fault(
                "time reversal does not change the vector; if it is an image model, say modality='image'"
            )
        return f"time reversal changes the vector by {change:.2g} of its norm"
    if not torch.equal(trial.vector(turned), trial.vector(trial.tokens)):
        raise _Fault(
            f"an image model, but time reversal changes the vector by {change:.2g}; it must be exactly blind"
        )
    if not torch.allclose(turned.patches.flip(1), trial.tokens.patches, rtol=1e-4, atol=1e-5):
        raise _Fault("an image model, but a frame's patch tokens depend on its place in time")
    return "an image model: exactly blind to the order of frames"


def _input(trial: _Trial) -> str:
    frames = trial.clips.clone()
    trial.backbone.encode(frames)
    if not torch.equal(frames, trial.clips):
        raise _Fault("encode changed the frames it was given")
    return "the frames are left as they were"


def _globals(trial: _Trial) -> str:
    random = torch.random.get_rng_state()
    trial.encode(trial.clips)
    now = _settings()
    changed = [
        f"{name}: {value} -> {now[name]}" for name, value in trial.settings.items() if now[name] != value
    ]
    if not torch.equal(random, torch.random.get_rng_state()):
        changed.append("the global random state moved")
    if changed:
        raise _Fault("; ".join(changed))
    return "random state and torch settings are left as they were"


def _settings() -> dict[str, object]:
    return {
        "grad enabled": torch.is_grad_enabled(),
        "default dtype": torch.get_default_dtype(),
        "matmul precision": torch.get_float32_matmul_precision(),
        "threads": torch.get_num_threads(),
    }


def _weights(trial: _Trial) -> str:
    weights = getattr(trial.backbone, "weights", None)
    if not isinstance(weights, Mapping):
        raise _NotApplicable("the backbone does not show its weights (a mapping 'weights' of tensors)")
    seen = tensors_sha256(weights)
    if seen != trial.card.weights_sha256:
        raise _Fault(f"sha256 of the weights {seen[:12]}..., the card says {trial.card.weights_sha256[:12]}...")
    return f"sha256 {seen[:12]}... is the card's"


def _channels(trial: _Trial) -> str:
    return _refused(trial, torch.cat([trial.clips, trial.clips[:, :, :1]], dim=2), "four colour channels")


def _frames(trial: _Trial) -> str:
    count = trial.clips.shape[1]
    if trial.card.flexible_frames and trial.card.patch[0] == 1:
        raise _NotApplicable("takes any number of frames")
    return _refused(trial, torch.cat([trial.clips, trial.clips[:, :1]], dim=1), f"{count + 1} frames")


def _refused(trial: _Trial, frames: torch.Tensor, what: str) -> str:
    try:
        trial.encode(frames)
    except (TwlvError, ValueError) as error:
        if str(error):
            return f"{what} are refused: {error}"
        raise _Fault(f"{what} are refused without a message") from error
    except Exception as error:
        raise _Fault(
            f"{what} end in {type(error).__name__}: {error}; raise a ValueError that says why"
        ) from error
    raise _Fault(f"{what} are accepted; the card does not allow them")


def _image(trial: _Trial) -> str:
    if not trial.card.flexible_frames:
        raise _NotApplicable(f"takes {trial.card.num_frames} frames")
    patches = trial.encode(trial.clips[:, :1]).patches
    if patches.shape[1] != 1 or not bool(torch.isfinite(patches).all()):
        raise _Fault(f"one frame gives patches {tuple(patches.shape)}, expected one finite time step")
    return "one frame is one time step"


_CHECKS: Mapping[str, Callable[[_Trial], str]] = {
    "shapes": _shapes,
    "numbers": _numbers,
    "no gradients": _no_gradients,
    "deterministic": _deterministic,
    "stateless": _stateless,
    "batch invariance": _batch,
    "content": _content,
    "time reversal": _time,
    "input untouched": _input,
    "globals untouched": _globals,
    "weights": _weights,
    "wrong channels": _channels,
    "wrong frames": _frames,
    "single image": _image,
}


def _tensors(tokens: Tokens) -> dict[str, torch.Tensor]:
    return {"patches": tokens.patches} | ({} if tokens.cls is None else {"cls": tokens.cls})


def _same(one: Tokens, other: Tokens, otherwise: str) -> None:
    for name, tensor in _tensors(one).items():
        if not torch.equal(tensor, _tensors(other)[name]):
            raise _Fault(
                f"{otherwise} ({name}, by {_difference(_tensors(other)[name], tensor):.2g} of the norm)"
            )


def _difference(one: torch.Tensor, other: torch.Tensor) -> float:
    """Norm of the difference over the norm."""
    return float((one - other).norm() / other.norm().clamp_min(1e-30))
