"""What must be true of ``encode``: one function a property, which says what it saw or raises a ``Fault``.

Axes: B batch, T frames, C colours, H W pixels, T' H' W' token grid, D width.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

from twlv.backbones.hashing import tensors_sha256
from twlv.contracts import Backbone, Tokens
from twlv.errors import TwlvError
from twlv.types import BackboneCard

BATCH_TOLERANCE = {"float32": 1e-4, "bfloat16": 2e-2}
"""Largest relative difference between a clip encoded alone and in a batch: kernels may round otherwise."""


_NO_CHANGE = 1e-6  # relative; below it two vectors are the same up to rounding


@dataclass(frozen=True, kw_only=True, eq=False)
class Trial:
    """A backbone, two random clips (B = 2, T, C, H, W), and the tokens it gave for them."""

    backbone: Backbone
    clips: torch.Tensor
    tokens: Tokens
    settings: Mapping[str, object]  # of torch, before the first call

    @property
    def card(self) -> BackboneCard:
        """What is promised."""
        return self.backbone.card

    def encode(self, frames: torch.Tensor) -> Tokens:
        """The tokens of a copy: what ``encode`` does to its input is a check of its own."""
        return self.backbone.encode(frames.clone())

    def vector(self, tokens: Tokens) -> torch.Tensor:
        """The clip vectors (B, D) that the card's ``pool`` names."""
        if self.card.pool != "mean" and tokens.cls is not None:
            return tokens.cls
        return tokens.patches.mean(dim=(1, 2, 3))


class Fault(Exception):  # noqa: N818 - a finding
    """A check that does not hold; its text is what was seen."""


class NotApplicable(Exception):  # noqa: N818 - not an error
    """A check that says nothing about this backbone; its text says why."""


def _shapes(trial: Trial) -> str:
    card, tokens = trial.card, trial.tokens
    b, t, _, h, w = trial.clips.shape
    expected = (b, t // card.patch[0], h // card.patch[1], w // card.patch[2], card.dim)
    if tuple(tokens.patches.shape) != expected:
        raise Fault(f"patches {tuple(tokens.patches.shape)}, expected (B, T', H', W', D) = {expected}")
    if tokens.cls is not None and tuple(tokens.cls.shape) != (b, card.dim):
        raise Fault(f"cls {tuple(tokens.cls.shape)}, expected (B, D) = {(b, card.dim)}")
    if card.pool != "mean" and tokens.cls is None:
        raise Fault(f"the card says pool='{card.pool}', but there is no cls vector")
    return f"patches {expected}" + (", cls" if tokens.cls is not None else "")


def _numbers(trial: Trial) -> str:
    for name, tensor in _tensors(trial.tokens).items():
        if tensor.dtype != torch.float32:
            raise Fault(f"{name} is {tensor.dtype}, not float32")
        if not bool(torch.isfinite(tensor).all()):
            raise Fault(f"{name} has {int((~torch.isfinite(tensor)).sum())} values that are not finite")
    return "float32, all finite"


def _no_gradients(trial: Trial) -> str:
    for name, tensor in _tensors(trial.tokens).items():
        if tensor.requires_grad:
            raise Fault(f"{name} requires a gradient; encode in inference mode")
    return "no graph is kept"


def _deterministic(trial: Trial) -> str:
    _same(trial.tokens, trial.encode(trial.clips), "the same clips encoded twice differ; is it in eval mode?")
    return "twice the same, bit for bit"


def _stateless(trial: Trial) -> str:
    other = torch.randn(trial.clips.shape, generator=torch.Generator().manual_seed(1)) * 3
    trial.encode(other)
    _same(trial.tokens, trial.encode(trial.clips), "encoding another clip between changed the result")
    return "what was encoded before does not matter"


def _batch(trial: Trial) -> str:
    tolerance = BATCH_TOLERANCE[trial.card.dtype]
    alone = torch.cat([trial.encode(clip[None]).patches for clip in trial.clips])
    vectors = torch.cat([trial.vector(trial.encode(clip[None])) for clip in trial.clips])
    error = max(_difference(alone, trial.tokens.patches), _difference(vectors, trial.vector(trial.tokens)))
    if error > tolerance:
        raise Fault(f"a clip alone and in a batch differ by {error:.2g} of its norm; allowed {tolerance:g}")
    return f"alone or in a batch: relative difference {error:.1g}"


def _content(trial: Trial) -> str:
    first, second = trial.vector(trial.tokens)
    if _difference(first, second) < _NO_CHANGE:
        raise Fault("two different clips have the same vector")
    return f"two clips differ by {_difference(first, second):.2g} of the norm"


def _time(trial: Trial) -> str:
    if trial.clips.shape[1] == 1:
        raise NotApplicable("one frame only")
    turned = trial.encode(trial.clips.flip(1))
    change = _difference(trial.vector(turned), trial.vector(trial.tokens))
    if trial.card.modality == "video":
        if change < _NO_CHANGE:
            raise Fault(
                "time reversal does not change the vector; if it is an image model, say modality='image'"
            )
        return f"time reversal changes the vector by {change:.2g} of its norm"
    if not torch.equal(trial.vector(turned), trial.vector(trial.tokens)):
        raise Fault(
            f"an image model, but time reversal changes the vector by {change:.2g}; it must be exactly blind"
        )
    if not torch.allclose(turned.patches.flip(1), trial.tokens.patches, rtol=1e-4, atol=1e-5):
        raise Fault("an image model, but a frame's patch tokens depend on its place in time")
    return "an image model: exactly blind to the order of frames"


def _input(trial: Trial) -> str:
    frames = trial.clips.clone()
    trial.backbone.encode(frames)
    if not torch.equal(frames, trial.clips):
        raise Fault("encode changed the frames it was given")
    return "the frames are left as they were"


def _globals(trial: Trial) -> str:
    random = torch.random.get_rng_state()
    trial.encode(trial.clips)
    now = torch_settings()
    changed = [
        f"{name}: {value} -> {now[name]}" for name, value in trial.settings.items() if now[name] != value
    ]
    if not torch.equal(random, torch.random.get_rng_state()):
        changed.append("the global random state moved")
    if changed:
        raise Fault("; ".join(changed))
    return "random state and torch settings are left as they were"


def torch_settings() -> dict[str, object]:
    """Settings of the whole process that ``encode`` must leave as they are."""
    return {
        "grad enabled": torch.is_grad_enabled(),
        "default dtype": torch.get_default_dtype(),
        "matmul precision": torch.get_float32_matmul_precision(),
        "threads": torch.get_num_threads(),
    }


def _weights(trial: Trial) -> str:
    weights = getattr(trial.backbone, "weights", None)
    if not isinstance(weights, Mapping):
        raise NotApplicable("the backbone does not show its weights (a mapping 'weights' of tensors)")
    seen = tensors_sha256(weights)
    if seen != trial.card.weights_sha256:
        raise Fault(f"sha256 of the weights {seen[:12]}..., the card says {trial.card.weights_sha256[:12]}...")
    return f"sha256 {seen[:12]}... is the card's"


def _channels(trial: Trial) -> str:
    return _refused(trial, torch.cat([trial.clips, trial.clips[:, :, :1]], dim=2), "four colour channels")


def _frames(trial: Trial) -> str:
    count = trial.clips.shape[1]
    if trial.card.flexible_frames and trial.card.patch[0] == 1:
        raise NotApplicable("takes any number of frames")
    return _refused(trial, torch.cat([trial.clips, trial.clips[:, :1]], dim=1), f"{count + 1} frames")


def _refused(trial: Trial, frames: torch.Tensor, what: str) -> str:
    try:
        trial.encode(frames)
    except (TwlvError, ValueError) as error:
        if str(error):
            return f"{what} are refused: {error}"
        raise Fault(f"{what} are refused without a message") from error
    except Exception as error:
        raise Fault(
            f"{what} end in {type(error).__name__}: {error}; raise a ValueError that says why"
        ) from error
    raise Fault(f"{what} are accepted; the card does not allow them")


def _image(trial: Trial) -> str:
    if not trial.card.flexible_frames:
        raise NotApplicable(f"takes {trial.card.num_frames} frames")
    patches = trial.encode(trial.clips[:, :1]).patches
    if patches.shape[1] != 1 or not bool(torch.isfinite(patches).all()):
        raise Fault(f"one frame gives patches {tuple(patches.shape)}, expected one finite time step")
    return "one frame is one time step"


CHECKS: Mapping[str, Callable[[Trial], str]] = {
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
            raise Fault(
                f"{otherwise} ({name}, by {_difference(_tensors(other)[name], tensor):.2g} of the norm)"
            )


def _difference(one: torch.Tensor, other: torch.Tensor) -> float:
    """Norm of the difference over the norm."""
    return float((one - other).norm() / other.norm().clamp_min(1e-30))
