"""What is compared: named sets of targets, and ways for two of them to share the encoder. All of it is ours."""

from __future__ import annotations

from dataclasses import dataclass, replace

from twlv.errors import UnknownName
from twlv.pretrain.objective.config import PredictorConfig, Reading, Use
from twlv.pretrain.objective.targets.displacement import Displacement
from twlv.pretrain.objective.targets.image_teacher import ImageTeacher
from twlv.pretrain.objective.targets.pixels import Pixels
from twlv.pretrain.objective.targets.remembered import Remembered

TEACHER = "efficientnet_lite0.imagenet"
SHARED = PredictorConfig(width=64, depth=2, num_heads=2)

A = Use(target=Pixels(), name="A")
B = Use(target=Remembered(of=Displacement(downsample=1)), name="B")
SHARP = Use(target=Remembered(of=Displacement(downsample=1, temperature=0.05)), name="B")
"""As B, with matches told apart more sharply. On 64 clips the loss of a perfect answer (the entropy of the
matches) was 0.77 of the best constant's at temperature 0.15 and 0.49 at 0.05; that of an image teacher is 0."""

_TEACHER = Remembered(of=ImageTeacher(teacher=TEACHER, steps=2, input_px=96))
C = Use(target=_TEACHER, name="C", place="visible", head="norm_linear")


@dataclass(frozen=True, kw_only=True)
class Variant:
    """Targets as an objective uses them; none: the encoder stays as it was drawn."""

    name: str
    about: str
    uses: tuple[Use, ...]
    predictors: tuple[PredictorConfig, ...] = (SHARED,)


def variants() -> dict[str, Variant]:
    """All, by name, in the order in which they should be run."""
    return {made.name: made for made in (*_sets(), *_levers())}


def variant(name: str) -> Variant:
    """The one of that name. Raises UnknownName."""
    known = variants()
    if name not in known:
        raise UnknownName("variant", name, tuple(known))
    return known[name]


def _sets() -> tuple[Variant, ...]:
    return (
        Variant(name="none", about="random weights", uses=()),
        Variant(name="A", about="pixels", uses=(A,)),
        Variant(name="B", about="displacement by matching, masked tokens", uses=(B,)),
        Variant(name="C", about="image teacher, visible tokens", uses=(C,)),
        Variant(name="B+C", about="equal weights", uses=(B, C)),
    )


def _levers() -> tuple[Variant, ...]:
    own = replace(SHARED, reads=Reading(channels=(0.0, 0.5)))
    apart = replace(C, reads=Reading(channels=(0.5, 1.0)))
    equal = (replace(B, balance="gradient"), replace(C, balance="gradient"))
    return (
        Variant(
            name="B+C-subspaces", about="B reads one half of the channels, C the other", uses=(B, apart),
            predictors=(own,),
        ),
        Variant(name="B+C-depth", about="C reads block 2 of 4", uses=(B, replace(C, reads=Reading(block=2)))),
        Variant(name="B4+C", about="B counts four times", uses=(replace(B, weight=4.0), C)),
        Variant(name="B+C-balance", about="gradients of one length", uses=equal),
        Variant(name="B+C-both", about="C half on visible, half on masked tokens", uses=(B, *_both())),
        Variant(name="B-sharp", about="matching at temperature 0.05", uses=(SHARP,)),
        Variant(name="B+C-sharp", about="matching at temperature 0.05, equal weights", uses=(SHARP, C)),
        Variant(name="A+B", about="equal weights", uses=(A, B)),
        Variant(name="A+B+C", about="equal weights", uses=(A, B, C)),
    )  # fmt: skip


def _both() -> tuple[Use, Use]:
    masked = Use(target=_TEACHER, name="C_masked", weight=0.5)
    return replace(C, weight=0.5), masked
