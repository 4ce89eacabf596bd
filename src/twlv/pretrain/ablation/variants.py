"""What is compared: named sets of targets, and ways for two of them to share the encoder. All of it is ours.

A pixels; B displacement, exact as the clips are rendered, of masked tokens and of visible ones; C an image
teacher on visible tokens; D what a frozen encoder makes of the clip that A and B have trained before (stage 0).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from twlv.errors import UnknownName
from twlv.pretrain.objective.config import PredictorConfig, Reading, Use
from twlv.pretrain.objective.targets.displacement import Displacement
from twlv.pretrain.objective.targets.image_teacher import ImageTeacher
from twlv.pretrain.objective.targets.pixels import Pixels
from twlv.pretrain.objective.targets.remembered import Remembered
from twlv.pretrain.objective.targets.video_teacher import VideoTeacher

TEACHER = "efficientnet_lite0.imagenet"
STAGE_0 = "stage 0"
"""Stands for the folder of the encoder that ``run`` trains before a variant with D."""

SHARED = PredictorConfig(width=64, depth=2, num_heads=2)
FIRST, SECOND = Reading(channels=(0.0, 0.5)), Reading(channels=(0.5, 1.0))

A = Use(target=Pixels(), name="A", weight=0.25)


def moved(target: Displacement) -> tuple[Use, Use]:
    """B, asked of masked tokens and of visible ones."""
    kept = Remembered(of=target)
    return Use(target=kept, name="B"), Use(target=kept, name="B_visible", place="visible", head="norm_linear")


B = moved(Displacement(source="best", downsample=1))
MATCHED = moved(Displacement(source="matching", downsample=1, temperature=0.05))
"""As B, by matching pictures. On 64 clips the loss of a perfect answer (the entropy of the matches) was 0.49 of
the best constant's at temperature 0.05 and 0.77 at 0.15, so that little is left to learn."""

C = Use(
    target=Remembered(of=ImageTeacher(teacher=TEACHER, steps=2, input_px=192)),
    name="C",
    place="visible",
    head="norm_linear",
)
D = Use(target=Remembered(of=VideoTeacher(teacher=STAGE_0, blocks=2)), name="D")


@dataclass(frozen=True, kw_only=True)
class Variant:
    """Targets as an objective uses them; none: the encoder stays as it was drawn."""

    name: str
    about: str
    uses: tuple[Use, ...]
    predictors: tuple[PredictorConfig, ...] = (SHARED,)

    @property
    def has_stage_0(self) -> bool:
        """Whether an encoder must be trained before."""
        return D in self.uses

    def with_stage_0(self, folder: str) -> tuple[Use, ...]:
        """The uses, D with the encoder of that folder."""
        known = replace(D, target=Remembered(of=VideoTeacher(teacher=folder, blocks=2)))
        return tuple(known if use == D else use for use in self.uses)


def variants() -> dict[str, Variant]:
    """All, by name, in the order in which they should be run."""
    return {made.name: made for made in (*_sets(), *_levers())}


def variant(name: str) -> Variant:
    """The one of that name. Raises UnknownName."""
    known = variants()
    if name not in known:
        raise UnknownName("variant", name, tuple(known))
    return known[name]


def halves(name: str, about: str, *uses: Use) -> Variant:
    """What is predicted, and B, read the first half of the channels; C the second."""
    own = {"B_visible": FIRST, "C": SECOND}
    return Variant(
        name=name,
        about=about,
        uses=tuple(replace(use, reads=own[use.name]) if use.name in own else use for use in uses),
        predictors=(replace(SHARED, reads=FIRST),),
    )


def _sets() -> tuple[Variant, ...]:
    return (
        Variant(name="none", about="random weights", uses=()),
        Variant(name="A", about="pixels", uses=(A,)),
        Variant(name="B", about="displacement", uses=B),
        Variant(name="C", about="image teacher", uses=(C,)),
        Variant(name="A+B", about="both read all channels", uses=(A, *B)),
        halves("C+D", "D in one half of the channels, C in the other", C, D),
        halves("A+B+C", "A and B in one half of the channels, C in the other", A, *B, C),
        halves("A+B+C+D", "A, B and D in one half of the channels, C in the other", A, *B, C, D),
    )


def _levers() -> tuple[Variant, ...]:
    equal = tuple(replace(use, balance="gradient") for use in (*B, C))
    return (
        Variant(name="B+C", about="both read all channels", uses=(*B, C)),
        halves("B+C-halves", "B in one half of the channels, C in the other", *B, C),
        Variant(name="B+C-balance", about="all channels, gradients of one length", uses=equal),
        Variant(name="B+4C", about="all channels, C counts four times", uses=(*B, replace(C, weight=4.0))),
        Variant(name="B+C-depth", about="C reads block 2 of 4", uses=(*B, replace(C, reads=Reading(block=2)))),
        halves("B+C-matching", "as halves, displacement by matching", *MATCHED, C),
    )
