"""Which of the annotated videos take part: the lists by which published numbers on ActivityNet differ.

``official`` all. ``filtered`` as the ActionFormer release: training videos whose longest segment is shorter
than 0.1 s are left out (37 of 10,024). ``only`` a list of ids, such as those of the annotations of Lin et al.
(BMN), which have 4,728 of the 4,926 validation videos. ``without`` a list of ids, such as OpenTAD's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from twlv.data.segments.documents import read_document
from twlv.data.segments.truth import VideoSegments
from twlv.errors import InputError

SHORTEST_SECONDS = 0.1
"""A training video needs a segment of this length: leaves the 9,987 of the release (its issue 57)."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """``variant``, and files of ids to take (``only``) or to leave out.

    A split that ``only`` names nothing of stays whole.
    """

    variant: Literal["official", "filtered"] = "official"
    only: Path | None = None
    without: Path | None = None

    @property
    def text(self) -> str:
        """What was chosen, in a word and the hashes of the lists; empty for all videos."""
        words: list[str] = [self.variant] if self.variant != "official" else []
        for name, path in (("only", self.only), ("without", self.without)):
            if path is not None:
                ids = json.dumps(sorted(read_ids(path)))
                words.append(f"{name} {hashlib.sha256(ids.encode()).hexdigest()[:12]}")
        return ", ".join(words)


def choose(
    videos: Mapping[str, VideoSegments], choice: Choice
) -> tuple[dict[str, VideoSegments], tuple[str, ...]]:
    """The videos that take part, and notes on how many do not.

    Raises:
        InputError: nothing is left, or a list names no video that is there.
    """
    kept, notes = dict(videos), []
    if choice.variant == "filtered":
        short = {name for name, video in videos.items() if video.subset == "training" and _is_short(video)}
        kept = {name: video for name, video in kept.items() if name not in short}
        notes.append(
            f"{len(short)} training videos are left out: no segment of theirs lasts {SHORTEST_SECONDS} s"
        )
    if choice.only is not None:
        ids = _known(choice.only, videos)
        named = {video.subset for name, video in videos.items() if name in ids}
        kept = {name: video for name, video in kept.items() if name in ids or video.subset not in named}
        for subset in sorted(named):
            count = sum(video.subset == subset for video in kept.values())
            notes.append(f"{count} videos of subset '{subset}' take part, by the list {choice.only.name}")
    if choice.without is not None:
        ids = _known(choice.without, videos)
        before = len(kept)
        kept = {name: video for name, video in kept.items() if name not in ids}
        notes.append(f"{before - len(kept)} videos are left out by the list {choice.without.name}")
    if not kept:
        raise InputError("no video is left of those that the annotation file has")
    return kept, tuple(notes)


def read_ids(path: Path) -> frozenset[str]:
    """Ids of a text file, one a line, or the keys of a JSON object (of its ``database`` if it has one).

    A leading ``v_``, as in the annotations of BMN, is taken away.
    """
    if path.name.lower().endswith((".json", ".json.gz")):
        document = read_document(path)
        inner = document.get("database")
        names = list(inner if isinstance(inner, dict) else document)
    else:
        names = path.read_text(encoding="utf-8-sig").split()
    return frozenset(name.removeprefix("v_") for name in names)


def _known(path: Path, videos: Mapping[str, VideoSegments]) -> frozenset[str]:
    ids = read_ids(path)
    found = frozenset(name for name in videos if name.removeprefix("v_") in ids)
    if not found:
        raise InputError(f"{path}: names no video of the annotations, which have '{next(iter(videos), '')}'")
    return found


def _is_short(video: VideoSegments) -> bool:
    return max((end - start for start, end in video.ends_seconds), default=0.0) < SHORTEST_SECONDS
