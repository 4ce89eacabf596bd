"""The conformance suite: one set of checks over anybody's backbone (``twlv doctor backbone NAME``).

Axes: B batch, T frames, C colours, H W pixels, T' H' W' token grid, D width.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch

from twlv.backbones.check_card import card_faults
from twlv.backbones.check_encode import CHECKS, Fault, NotApplicable, Trial, torch_settings
from twlv.contracts import Backbone

Status: TypeAlias = Literal["passed", "failed", "not_applicable"]


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


def check_backbone(backbone: Backbone) -> ConformanceReport:
    """Run every check on two clips of seeded noise. Nothing is raised: what breaks is a failed check."""
    card_check = _run("card", lambda: _card(backbone))
    checks = [card_check]
    trial: list[Trial] = []
    if card_check.status == "passed":
        checks.append(_run("encodes", lambda: _first(backbone, trial)))
    for name, check in CHECKS.items():
        if trial:
            checks.append(_run(name, lambda check=check: check(trial[0])))  # type: ignore[misc]
        else:
            checks.append(Check(name=name, status="not_applicable", seen="not reached"))
    return ConformanceReport(backbone=str(backbone.card.name), checks=tuple(checks))


def _run(name: str, check: Callable[[], str]) -> Check:
    try:
        return Check(name=name, status="passed", seen=check())
    except NotApplicable as reason:
        return Check(name=name, status="not_applicable", seen=str(reason))
    except Fault as fault:
        return Check(name=name, status="failed", seen=str(fault))
    except Exception as error:  # noqa: BLE001 - a stranger's code: whatever it raises is the finding
        return Check(name=name, status="failed", seen=f"{type(error).__name__}: {error}")


def _card(backbone: Backbone) -> str:
    faults = card_faults(backbone.card)
    if faults:
        raise Fault("; ".join(faults))
    return f"{backbone.card.num_params / 1e6:.1f}M parameters, width {backbone.card.dim}"


def _first(backbone: Backbone, trial: list[Trial]) -> str:
    card = backbone.card
    count = _STEPS * card.patch[0] if card.flexible_frames else card.num_frames
    shape = (2, count, 3, card.image_size_px, card.image_size_px)
    clips = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    settings = torch_settings()
    tokens = backbone.encode(clips.clone())
    trial.append(Trial(backbone=backbone, clips=clips, tokens=tokens, settings=settings))
    return f"frames {tuple(clips.shape)}"
