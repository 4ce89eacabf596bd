"""Files that appear whole or not at all, and ids that may name them."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from twlv.errors import StoreError

STALE_SECONDS = 24 * 3600.0
"""A temporary file older than this belongs to nobody."""

MAX_ID_CHARACTERS = 1024


def check_id(video_id: str) -> str:
    """The id itself, or StoreError: ids are relative posix names, so that they can become file names."""
    bad = ""
    if not video_id:
        bad = "is empty"
    elif len(video_id) > MAX_ID_CHARACTERS:
        bad = f"has {len(video_id)} characters (at most {MAX_ID_CHARACTERS})"
    elif "\0" in video_id:
        bad = "holds a NUL character"
    elif "\\" in video_id:
        bad = "holds a backslash"
    elif video_id.startswith("/") or video_id[1:3] == ":/":
        bad = "is an absolute path"
    elif ".." in video_id.split("/"):
        bad = "holds a '..' part"
    elif any("\ud800" <= character <= "\udfff" for character in video_id):
        bad = "is not valid unicode"
    if bad:
        raise StoreError(f"video id {video_id[:80]!r} {bad}; use a relative name such as 'train/clip_01'")
    return video_id


def digest(text: str) -> str:
    """16 hex digits of the sha256 of a text, for file names."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def write_atomic(target: Path, fill: Callable[[BinaryIO], None], *, scratch: Path, tag: str = "w") -> None:
    """Write through a file in ``scratch``, fsync, and rename: readers see the old state or the new one.

    Another writer may take our temporary file for a left-over and remove it; then it is written again.
    """

    def replace(temporary: Path) -> bool:
        temporary.replace(target)
        return True

    _commit(target, fill, replace, scratch=scratch, tag=tag)


def create_once(target: Path, fill: Callable[[BinaryIO], None], *, scratch: Path, tag: str = "w") -> bool:
    """As ``write_atomic``, but the first writer wins: False if the file was there already."""
    if target.exists():
        return False

    def link(temporary: Path) -> bool:
        try:
            os.link(temporary, target)
        except FileExistsError:
            return False
        except FileNotFoundError:
            raise
        except OSError:  # a file system without hard links: the last of the racing writers wins instead
            temporary.replace(target)
        return True

    return _commit(target, fill, link, scratch=scratch, tag=tag)


def sweep(scratch: Path, tag: str) -> None:
    """Remove temporary files that a killed writer of the same ``tag`` left, and very old ones of any tag."""
    now = time.time()
    for path in _entries(scratch):
        with contextlib.suppress(FileNotFoundError):
            if path.name.startswith(f"{tag}.") or now - path.stat().st_mtime > STALE_SECONDS:
                path.unlink()


def sync_folder(folder: Path) -> None:
    """Make a rename durable, where the system can open a folder."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _commit(
    target: Path, fill: Callable[[BinaryIO], None], publish: Callable[[Path], bool], *, scratch: Path, tag: str
) -> bool:
    attempts = 3
    while True:
        attempts -= 1
        temporary = _temporary(target, fill, scratch=scratch, tag=tag)
        try:
            published = publish(temporary)
        except FileNotFoundError:  # swept away by another writer with our tag
            if not attempts:
                raise
            continue
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(target.parent)
        return published


def _temporary(target: Path, fill: Callable[[BinaryIO], None], *, scratch: Path, tag: str) -> Path:
    scratch.mkdir(parents=True, exist_ok=True)
    path = scratch / f"{tag}.{uuid.uuid4().hex[:12]}.{target.name}.tmp"
    try:
        with path.open("xb") as handle:
            fill(handle)
            handle.flush()
            os.fsync(handle.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def _entries(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(folder.iterdir())
