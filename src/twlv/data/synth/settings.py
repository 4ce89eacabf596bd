"""What a set is made from: the kinds there are, and the settings that decide every pixel and label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from twlv.data.synth.encoding import ENCODINGS, Format
from twlv.errors import UnknownName, UsageError
from twlv.video.synthetic import DIFFICULTIES

VERSION = "1"
"""Of what is drawn and how it is annotated. Bumped by whatever changes a pixel or a label of a set."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large a kind's sets are by default: videos in either split, frames of a video."""

    num_train: int
    num_val: int
    num_frames: int = 16


KINDS: Mapping[str, Size] = {
    "recognition-appearance": Size(num_train=2000, num_val=1000),
    "recognition-motion": Size(num_train=2000, num_val=1000),
    "recognition-both": Size(num_train=2000, num_val=1000),
    "reversal": Size(num_train=2000, num_val=1000),
    "speed": Size(num_train=1500, num_val=500),
    "order": Size(num_train=2400, num_val=1200),
    "dots": Size(num_train=800, num_val=400),
    "untrimmed": Size(num_train=40, num_val=20, num_frames=480),
    "boxes": Size(num_train=500, num_val=200),
    "pretrain": Size(num_train=2000, num_val=0),
}
"""Every kind of set, with its default size. Frames of ``untrimmed`` are an average: lengths vary."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that decides a set; make it with ``settings_for``, which checks it.

    ``num_train`` and ``num_val`` count files (both clips of a ``reversal`` pair). ``combinations``: ``unseen``
    keeps some combinations of looks for validation, ``any`` draws both splits alike. ``level`` is only
    for ``pretrain`` (see ``video.synthetic.LEVELS``).
    """

    kind: str
    num_train: int
    num_val: int
    num_frames: int
    seed: int = 0
    difficulty: str = "default"
    combinations: Literal["unseen", "any"] = "unseen"
    level: int = 5
    size_px: int = 112
    fps: int = 8
    format: Format = "mp4"

    @property
    def counts(self) -> dict[str, int]:
        """Split -> number of files."""
        return {"train": self.num_train, "val": self.num_val}

    @property
    def duration_seconds(self) -> float:
        """Length of a video (of ``untrimmed``: on average)."""
        return self.num_frames / self.fps


def settings_for(
    kind: str,
    *,
    num_train: int | None = None,
    num_val: int | None = None,
    num_frames: int | None = None,
    seed: int = 0,
    difficulty: str = "default",
    combinations: Literal["unseen", "any"] = "unseen",
    level: int = 5,
    size_px: int = 112,
    fps: int = 8,
    format: Format = "mp4",  # noqa: A002 - the name of the flag
) -> Settings:
    """Checked settings; None takes the kind's default (``KINDS``).

    Raises:
        UnknownName: the kind, with the nearest ones; the difficulty, combinations or the format.
        UsageError: a size that is not positive, half a pair, a single frame.
    """
    if kind not in KINDS:
        raise UnknownName("kind", kind, KINDS)
    size = KINDS[kind]
    settings = Settings(
        kind=kind,
        num_train=size.num_train if num_train is None else num_train,
        num_val=size.num_val if num_val is None else num_val,
        num_frames=size.num_frames if num_frames is None else num_frames,
        seed=seed,
        difficulty=difficulty,
        combinations=combinations,
        level=level,
        size_px=size_px,
        fps=fps,
        format=format,
    )
    check(settings)
    return settings


def check(settings: Settings) -> None:
    """Refuse what no set can be made from; see ``settings_for``."""
    for name, seen, known in (
        ("kind", settings.kind, KINDS),
        ("difficulty", settings.difficulty, DIFFICULTIES),
        ("combinations", settings.combinations, ("unseen", "any")),
        ("format", settings.format, ENCODINGS),
    ):
        if seen not in known:
            raise UnknownName(name, seen, known)
    _check_counts(settings)
    if settings.num_frames < 2:
        raise UsageError(
            f"a video of {settings.num_frames} frames shows no motion and is its own reverse; "
            "num_frames must be 2 or more"
        )
    if settings.size_px < 16:
        raise UsageError(f"size_px must be 16 or more, got {settings.size_px}: objects would be dots")
    if settings.fps < 1:
        raise UsageError(f"fps must be 1 or more, got {settings.fps}")
    if settings.seed < 0:
        raise UsageError(f"seed must be 0 or more, got {settings.seed}")


def _check_counts(settings: Settings) -> None:
    for split, count in settings.counts.items():
        least = 0 if (settings.kind, split) == ("pretrain", "val") else 1
        if count < least:
            raise UsageError(f"{split} must be {least} or more videos, got {count}")
        if settings.kind == "reversal" and count % 2:
            raise UsageError(
                f"{split}: {count} videos are not whole pairs; a forward clip and its reverse are two files, "
                f"give {count + 1}"
            )


def check_classes(settings: Settings, num_classes: int) -> None:
    """Refuse a split with fewer videos than classes: some class would have none. Raises UsageError."""
    for split, count in settings.counts.items():
        if count < num_classes:
            raise UsageError(
                f"{split}: {count} videos for the {num_classes} classes of kind '{settings.kind}' "
                f"({settings.difficulty}); give {num_classes} or more"
            )
