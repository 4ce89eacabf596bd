"""Every error that twlv raises on purpose.

::

    TwlvError                      anything below; the command line prints it without a traceback
    +-- UsageError                 bad arguments, unknown names, settings that contradict one another  (exit 2)
    |   +-- UnknownName            with the nearest known names
    |   +-- MissingExtra           an optional package is not installed; says the install command
    +-- InputError                 a file that is not what it should be                                 (exit 2)
    |   +-- VideoError             a video that cannot be read; ``reason`` is one short word
    |   +-- ManifestError          an annotation or manifest line that cannot be used
    |   +-- WeightsError           weights that do not fit the card or the architecture
    |   +-- StoreError             a store that is damaged, or made with other settings
    |   +-- FeatureError           embeddings that cannot be used (NaN, mixed width, wrong level)
    |   +-- ResultError            a result file that cannot be read or compared
    +-- CoverageError              done, but fewer videos than asked (exit 3); carries the coverage
    +-- EmbedError                 some videos of a Python call failed; carries what was computed
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twlv.types import Coverage, Embedding


class TwlvError(Exception):
    """Base of all errors that twlv raises on purpose."""

    exit_status = 1


class UsageError(TwlvError):
    """Bad arguments, unknown names, or settings that contradict one another."""

    exit_status = 2


class UnknownName(UsageError):  # noqa: N818 - reads as a sentence where it is raised
    """A name that nobody knows, with the nearest known ones."""

    def __init__(self, kind: str, name: str, known: Iterable[str], *, hint: str = "") -> None:
        names = sorted(known)
        near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
        shown = f"did you mean {', '.join(near)}?" if near else f"known: {', '.join(names)}"
        joint = " " if near or hint.startswith("(") else "; "
        super().__init__(f"unknown {kind} '{name}'; {shown}" + (joint + hint if hint else ""))
        self.near = near


class MissingExtra(UsageError):  # noqa: N818
    """An optional package is not installed."""

    def __init__(self, package: str, extra: str, *, needed_for: str) -> None:
        super().__init__(
            f"{needed_for} needs the package '{package}', which is not installed; "
            f'type: pip install "twlv[{extra}]" -c constraints.txt'
        )


class InputError(TwlvError):
    """A file or value that is not what it should be: what, where, what was seen, what to do."""

    exit_status = 2


class VideoError(InputError):
    """A video that cannot be read.

    ``reason`` is one of ``not_found``, ``empty``, ``not_a_video``, ``no_video_stream``, ``no_frames``,
    ``truncated``, ``corrupt``, ``unsupported``, ``out_of_range``; the message says what was seen.
    """

    def __init__(self, path: str, reason: str, seen: str) -> None:
        super().__init__(f"{path}: {reason}: {seen}")
        self.path = path
        self.reason = reason
        self.seen = seen


class ManifestError(InputError):
    """A manifest or annotation file that cannot be used; names the file and the line."""


class WeightsError(InputError):
    """Weights that do not fit the card or the architecture."""


class StoreError(InputError):
    """A store that is damaged, or was made with other settings."""


class FeatureError(InputError):
    """Embeddings that cannot be used: not finite, of mixed width, or of another level."""


class ResultError(InputError):
    """A result file that cannot be read, or results that must not be compared."""


class CoverageError(TwlvError):
    """The work is done, but on fewer videos than asked."""

    exit_status = 3

    def __init__(self, message: str, coverage: Coverage) -> None:
        super().__init__(message)
        self.coverage = coverage


class EmbedError(TwlvError):
    """Some videos failed. ``embeddings`` holds all that succeeded, ``failed`` the reasons by video id."""

    def __init__(self, message: str, embeddings: list[Embedding], failed: Mapping[str, str]) -> None:
        super().__init__(message)
        self.embeddings = embeddings
        self.failed = failed
