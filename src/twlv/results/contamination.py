"""The report's dagger: was the backbone pretrained on the data set it is measured on?

Names of data sets are free text, so they are compared after normalisation through a table of aliases, and by
what a collection contains: Kinetics-710 is a merger of Kinetics-400, 600 and 700, and so on. A false dagger
costs a footnote, a missing one hides a leak, so doubtful cases count as overlap:

- the Kinetics sets count as overlapping one another: each re-release keeps most videos of the one before it;
- a name that begins with a known one ("kinetics400_mini") is taken for a part of it.

Unlike the report, which puts no dagger on Kinetics-400 although most of its models (its own too) were
pretrained on Kinetics-710, this rule has no exception.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

KINETICS = frozenset({"kinetics400", "kinetics600", "kinetics700"})

ALIASES = {
    "kinetics": ("kinetics", "minikinetics", "kinetics200"),
    "kinetics400": ("kinetics400", "k400", "tinykinetics400"),
    "kinetics600": ("kinetics600", "k600"),
    "kinetics700": ("kinetics700", "k700", "kinetics7002020", "k7002020"),
    "kinetics710": ("kinetics710", "k710", "kinetics650k"),
    "ssv1": ("somethingsomethingv1", "somethingsomething1", "ssv1", "sthsthv1", "sthv1"),
    "ssv2": (
        "somethingsomethingv2",
        "somethingsomething2",
        "somethingsomething",
        "ssv2",
        "ss2",
        "sthsthv2",
        "sthv2",
    ),
    "momentsintime": ("momentsintime", "mit", "mitv1", "mitv2", "mit339", "mit305", "moments"),
    "diving48": ("diving48", "dv48", "d48"),
    "epickitchens": (
        "epickitchens",
        "epickitchen",
        "epic",
        "ek",
        "ek55",
        "ek100",
        "epickitchens55",
        "epickitchens100",
    ),
    "imagenet1k": ("imagenet", "imagenet1k", "in1k", "ilsvrc", "ilsvrc2012", "imagenet2012"),
    "imagenet21k": ("imagenet21k", "imagenet22k", "in21k", "in22k"),
    "imagenetvid": ("imagenetvid",),
    "activitynet": ("activitynet", "anet", "activitynetv13", "anet13", "activitynet13"),
    "thumos14": ("thumos", "thumos14", "thumos2014"),
    "ava": ("ava", "avav22", "avav21", "avaactions"),
    "avakinetics": ("avakinetics",),
    "hacs": ("hacs", "hacsclips", "hacssegments"),
    "ucf101": ("ucf101", "ucf10124"),
    "hmdb51": ("hmdb51", "hmdb", "jhmdb"),
    "jester": ("jester",),
    "charades": ("charades", "charadessta"),
    "50salads": ("50salads", "salads50"),
    "gtea": ("gtea",),
    "breakfast": ("breakfast", "breakfastactions"),
    "howto100m": ("howto100m", "howto360k", "howto"),
    "videomix2m": ("videomix2m",),
    "kmash": ("kmash", "kmash2m"),
}
"""Normalised spellings of each set: lower case, letters and digits only."""

CONTAINS = {
    "kinetics": KINETICS,
    "kinetics400": KINETICS,
    "kinetics600": KINETICS,
    "kinetics700": KINETICS,
    "kinetics710": KINETICS,
    "imagenet21k": frozenset({"imagenet1k", "imagenet21k"}),
    "avakinetics": KINETICS | {"ava"},
    "videomix2m": KINETICS | {"ssv2", "howto100m"},
    "kmash": KINETICS | {"ssv2", "momentsintime", "activitynet", "hacs"},
}
"""Sets that hold others. VideoMix2M as V-JEPA describes it, K-Mash as InternVideo2 does."""

_BY_ALIAS = {alias: name for name, aliases in ALIASES.items() for alias in aliases}


def canonical_name(name: str) -> str:
    """The data set that a name stands for: ``K-400`` is ``kinetics400``; an unknown one is normalised."""
    tokens = re.findall(r"[a-z]+|[0-9]+", name.lower())
    for end in range(len(tokens), 0, -1):
        known = _BY_ALIAS.get("".join(tokens[:end]))
        if known is not None and (end == len(tokens) or _is_a_part(name, tokens[:end])):
            return known
    return "".join(tokens)


def exact_name(name: str) -> str | None:
    """The data set that a name stands for as a whole, or None: parts and unknown names have none."""
    return _BY_ALIAS.get("".join(re.findall(r"[a-z0-9]+", name.lower())))


def _is_a_part(name: str, tokens: list[str]) -> bool:
    """Whether a longer name begins with these tokens as a word: ``k400`` in ``k400_mini``, not in ``k400x``.

    Aliases of three letters are too common as words (``mit_indoor``) and must be the whole name.
    """
    spelling = r"[^a-z0-9]*".join(map(re.escape, tokens))
    return len("".join(tokens)) > 3 and bool(re.match(rf"[^a-z0-9]*{spelling}[^a-z0-9]", name.lower()))


def contents(name: str) -> frozenset[str]:
    """The sets whose videos a set holds, itself included."""
    known = canonical_name(name)
    return CONTAINS.get(known, frozenset({known}))


def overlapping(pretrained_on: Iterable[str], dataset: str) -> tuple[str, ...]:
    """Those of ``pretrained_on`` that share videos with ``dataset``, in their order and spelling."""
    held = contents(dataset)
    if held == {""}:
        return ()
    return tuple(name for name in pretrained_on if contents(name) & held)
