"""From a seed and a number to a scene."""

from __future__ import annotations

from twlv.video.synthetic.factors import DEFAULT, Factors, Fixed
from twlv.video.synthetic.scene import Scene

NOTHING = Fixed()


def draw(seed: int, index: int, *, factors: Factors = DEFAULT, fixed: Fixed = NOTHING) -> Scene:
    """Scene number ``index`` of the endless list that ``seed`` starts.

    The same on every machine, in any order of calls and in any process. Every factor is drawn independently of
    all others; ``fixed`` replaces some without changing the rest.
    """
    raise NotImplementedError
