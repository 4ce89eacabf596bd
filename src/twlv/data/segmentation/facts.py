"""What is known of the three usual sets of action segmentation, as MS-TCN's authors distribute their labels."""

from __future__ import annotations

import re
from dataclasses import dataclass

from twlv.errors import ManifestError, UnknownName


@dataclass(frozen=True, kw_only=True)
class SetFacts:
    """Facts of one set. ``fps`` is the rate of its labels.

    ``sample_rate``: a label is predicted for every so many frames, and each is written so often, in all
    published code. ``background``: classes that are no segments. GTEA alone has one; SIL of Breakfast and the
    start and end of 50Salads are scored as actions. ``subject``: the part of an id that names the person.
    """

    name: str
    num_classes: int
    num_videos: int
    num_splits: int
    fps: float
    sample_rate: int = 1
    background: tuple[str, ...] = ()
    subject: str

    def subject_of(self, video: str) -> str:
        """The person in a video. ManifestError if its id is not of this set's form."""
        found = re.match(self.subject, video)
        if found is None:
            raise ManifestError(f"video '{video}' has no name of a video of {self.name} ({self.subject}...)")
        return found[1]


FACTS = {
    facts.name: facts
    for facts in (
        SetFacts(
            name="50salads",
            num_classes=19,
            num_videos=50,
            num_splits=5,
            fps=30.0,
            sample_rate=2,
            subject=r"rgb-(\d+)-",
        ),
        SetFacts(
            name="gtea",
            num_classes=11,
            num_videos=28,
            num_splits=4,
            fps=15.0,
            background=("background",),
            subject=r"(S\d+)_",
        ),
        SetFacts(name="breakfast", num_classes=48, num_videos=1712, num_splits=4, fps=15.0, subject=r"(P\d+)_"),
    )
}
"""By name, in lower case."""


def facts_of(name: str) -> SetFacts:
    """The facts of a set, upper or lower case. UnknownName if there is none of this name."""
    if name.lower() not in FACTS:
        raise UnknownName("data set of action segmentation", name, FACTS)
    return FACTS[name.lower()]
