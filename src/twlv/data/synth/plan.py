"""What a set will hold, before anything is rendered: its videos, its manifests, its other annotations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twlv.data.synth.balance import Split
from twlv.video.synthetic import Scene


@dataclass(frozen=True, kw_only=True)
class Video:
    """One file: ``columns`` stand in the manifests, ``frames`` renders uint8 (3, H, W) when it is called.

    ``scene`` draws what is shown, for whoever needs more of its truth (masks, flow); None for ``dots``.
    """

    video_id: str
    split: Split
    group: str
    frames: Callable[[], Iterable[Any]]
    columns: Mapping[str, str] = field(default_factory=dict)
    scene: Callable[[], Scene] | None = None


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """One manifest over the videos: the label is made of these columns, joined by ``-`` (none: no label).

    ``kind`` is what the labels are about (appearance, motion or empty). ``only`` keeps the videos with these
    values in these columns.
    """

    name: str = "manifest"
    label: tuple[str, ...] = ()
    kind: str = ""
    only: Mapping[str, str] = field(default_factory=dict)


def no_annotations(folder: Path) -> None:
    """Write nothing: the manifests say everything."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A whole set. ``annotate(folder)`` writes what does not fit a manifest."""

    videos: tuple[Video, ...]
    manifests: tuple[Manifest, ...]
    annotate: Callable[[Path], None] = no_annotations
