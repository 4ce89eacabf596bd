"""What the recipes have in common. Everything here is ours [I]: the report names no target, mask or weight."""

from __future__ import annotations

from dataclasses import replace

from twlv.pretrain.objective.config import Reading, Use
from twlv.pretrain.objective.targets.displacement import Displacement
from twlv.pretrain.objective.targets.image_teacher import ImageTeacher
from twlv.pretrain.objective.targets.pixels import Pixels
from twlv.pretrain.objective.targets.remembered import Remembered
from twlv.pretrain.objective.targets.video_teacher import VideoTeacher
from twlv.pretrain.train.recipe import Recipe

PIXELS = Use(target=Pixels(), weight=0.25)
MOTION = Use(target=Displacement(), weight=0.25)


def appearance(teacher: str, *, steps: int = 4) -> tuple[Use, ...]:
    """A frozen image teacher, half on the encoder's visible tokens and half on what the predictor fills in.

    It looks at the first frame of ``steps`` of the clip's steps.
    """
    target = ImageTeacher(teacher=teacher, steps=steps)
    return (
        Use(target=target, place="visible", head="norm_linear", weight=0.5),
        Use(target=target, weight=0.5),
    )


MOTION_HALF = Reading(channels=(0.0, 0.5))
APPEARANCE_HALF = Reading(channels=(0.5, 1.0))
"""Of the encoder's channels, so that neither target can take the other's room. At small scale both targets on
all channels gave the same looks and more of directions (``docs/results/pretrain``)."""


def halves(motion: Displacement, teacher: str, *, steps: int) -> tuple[Use, ...]:
    """Motion and appearance side by side, for pools of clips that come back unchanged.

    The displacement is asked of visible tokens and of masked ones, and only of the first half of the channels
    (whose predictor must read ``MOTION_HALF``); the image teacher of visible tokens and of the second half.
    """
    seen = Remembered(of=ImageTeacher(teacher=teacher, steps=steps))
    moved = Remembered(of=motion)
    return (
        Use(target=moved, name="motion"),
        Use(target=moved, name="motion_visible", place="visible", head="norm_linear", reads=MOTION_HALF),
        Use(target=seen, name="appearance", place="visible", head="norm_linear", reads=APPEARANCE_HALF),
    )


def dynamics(teacher: str) -> tuple[Use, ...]:
    """A frozen video teacher: by default the encoder that the recipe's own stage 0 has made."""
    return (Use(target=VideoTeacher(teacher=teacher), weight=1.0),)


def diversified(*, image_teacher: str, video_teacher: str) -> tuple[Use, ...]:
    """Pixels, motion, appearance, dynamics: a TWLV-I-style objective."""
    return (PIXELS, MOTION, *appearance(image_teacher), *dynamics(video_teacher))


def stage_0(recipe: Recipe, *, steps: int) -> Recipe:
    """The run before a recipe, which makes its video teacher: pixels and motion only, so nothing of others."""
    share = steps / recipe.train.steps
    train = replace(recipe.train, steps=steps, warmup_steps=max(1, round(share * recipe.train.warmup_steps)))
    objective = replace(recipe.objective, uses=(PIXELS, MOTION))
    return replace(recipe, name=f"{recipe.name}_stage_0", objective=objective, train=train, notes="")


def backbone_of(name: str) -> str:
    """Where a recipe looks for what another has made: ``runs/NAME/backbone``."""
    return f"runs/{name}/backbone"
