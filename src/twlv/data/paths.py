"""Paths as people write them, and the ids that follow from them."""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path

from twlv.errors import InputError

_DRIVE = re.compile(r"^[A-Za-z]:(?=/)")


def resolve(written: str, root: Path) -> Path:
    """The file that a manifest means: under ``root``, or absolute as written.

    InputError if a relative path leaves the root through ``..``; links inside the root are followed.
    """
    written = posix(written)
    if is_absolute(written):
        return Path(written)
    inside = posixpath.normpath(written)
    if inside == ".." or inside.startswith("../"):
        raise InputError(f"path '{written}' leaves the root {root}; give the root it starts from with --root")
    return root / inside


def id_of(written: str, root: Path | None = None) -> str:
    """An id from a path: posix, relative, without ``..``; an absolute one is cut at ``root``."""
    written = posixpath.normpath(posix(written))
    if root is not None and is_absolute(written):
        base = posixpath.normpath(posix(os.path.abspath(root)))  # noqa: PTH100 - resolve() would follow links
        written = written.removeprefix(base + "/")
    written = _DRIVE.sub("", written).lstrip("/")
    return "/".join(part for part in written.split("/") if part not in ("..", "."))


def span_suffix(start_seconds: float, end_seconds: float) -> str:
    """``#2.5-4``: what tells two spans of one file apart."""
    return f"#{start_seconds:.10g}-{end_seconds:.10g}"


def posix(written: str) -> str:
    """Backslashes of another system as slashes."""
    return written.replace("\\", "/")


def is_absolute(written: str) -> bool:
    """Whether a posix or Windows path starts at a root or a drive."""
    return written.startswith("/") or bool(_DRIVE.match(written))
