"""What every room needs of files: to write them whole or not at all, to hash them, to know where they go."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeAlias

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})
"""Endings of pictures, which may be the frames of a video."""

STALE_SECONDS = 24 * 3600.0
"""A temporary file older than this belongs to nobody."""


Content: TypeAlias = str | bytes | Callable[[BinaryIO], None]
"""A text (UTF-8), bytes, or a function that writes into the file."""


def write_atomic(target: Path, content: Content, *, scratch: Path | None = None, tag: str = "w") -> None:
    """Write through another file, fsync, and rename: readers see the old state or the new one.

    The other file is in ``scratch`` (None: hidden, beside the target). Another writer may take it for a
    left-over and remove it (``sweep``); then it is written again.
    """

    def replace(temporary: Path) -> bool:
        temporary.replace(target)
        return True

    _commit(target, content, replace, scratch=scratch, tag=tag)


def create_once(target: Path, content: Content, *, scratch: Path | None = None, tag: str = "w") -> bool:
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

    return _commit(target, content, link, scratch=scratch, tag=tag)


def sweep(scratch: Path, tag: str) -> None:
    """Remove temporary files that a killed writer of the same ``tag`` left, and very old ones of any tag."""
    now = time.time()
    for path in _entries(scratch):
        with contextlib.suppress(FileNotFoundError):
            if path.name.startswith(f"{tag}.") or now - path.stat().st_mtime > STALE_SECONDS:
                path.unlink()


def file_sha256(path: Path) -> str:
    """Sha256 (hex) of a file's bytes. Raises OSError."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def cache_folder() -> Path:
    """Where things go when nobody names a place: ``$TWLV_CACHE``, else ``~/.cache/twlv``."""
    base = os.environ.get("TWLV_CACHE")
    return Path(base) if base else Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "twlv"


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
    target: Path, content: Content, publish: Callable[[Path], bool], *, scratch: Path | None, tag: str
) -> bool:
    attempts = 3
    while True:
        attempts -= 1
        temporary = _temporary(target, content, scratch=scratch, tag=tag)
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


def _temporary(target: Path, content: Content, *, scratch: Path | None, tag: str) -> Path:
    name = f"{tag}.{uuid.uuid4().hex[:12]}.{target.name[:40]}.tmp"
    path = target.with_name(f".{name}") if scratch is None else scratch / name
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("xb") as handle:
            if callable(content):
                content(handle)
            else:
                handle.write(content.encode() if isinstance(content, str) else content)
            handle.flush()
            os.fsync(handle.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def _entries(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(folder.iterdir())
