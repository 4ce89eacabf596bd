"""Where the videos and images lie in a tar file: scanned once, kept beside it.

Only headers are read, nothing is unpacked and nothing is run. Members are known by the endings of videos and
images; captions, labels and pickles are never opened.
"""

from __future__ import annotations

import io
import json
import logging
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from twlv.data.rows import VIDEO_SUFFIXES
from twlv.errors import InputError
from twlv.files import PICTURE_SUFFIXES, write_atomic
from twlv.types import IntArray

VERSION = 1
LARGEST = {"video": 1 << 30, "image": 1 << 26}
"""Bytes of the largest video and image that are read."""

LONGEST_HEADER = 1 << 20
"""A header that says it is longer is not read."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, eq=False)
class TarIndex:
    """``offset`` and ``size`` (n,) in bytes of the members ``names``; ``refused`` are (name, reason)."""

    names: tuple[str, ...]
    offset: IntArray
    size: IntArray
    refused: tuple[tuple[str, str], ...] = ()


def kind_of(name: str) -> str:
    """``video``, ``image`` or nothing, by the ending."""
    ending = Path(name).suffix.lower()
    return "video" if ending in VIDEO_SUFFIXES else "image" if ending in PICTURE_SUFFIXES else ""


def tar_index(path: Path) -> TarIndex:
    """The index of a tar file: read from beside it, or made and left there if the folder can be written.

    It is made again when the size or the time of the tar file has changed. Raises InputError.
    """
    try:
        stat = path.stat()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    stamp = [VERSION, stat.st_size, stat.st_mtime_ns]
    beside = path.with_name(f"{path.name}.index.json")
    found = _load(beside, stamp)
    if found is None:
        found = scan(path)
        try:
            write_atomic(beside, _content(found, stamp))
        except OSError as error:
            _log.warning("%s: its index is not kept (%s) and will be made again", path, error.strerror)
    return found


def scan(path: Path) -> TarIndex:
    """Read all headers of a tar file. Raises InputError for what is no tar file, or a compressed one."""
    listing = _Listing()
    try:
        with path.open("rb") as file:
            for member in _members(path, file, listing):
                listing.add(member)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    return TarIndex(
        names=tuple(listing.names),
        offset=np.array(listing.offset, dtype=np.int64),
        size=np.array(listing.size, dtype=np.int64),
        refused=tuple(listing.refused),
    )


@dataclass
class _Listing:
    names: list[str] = field(default_factory=list)
    offset: list[int] = field(default_factory=list)
    size: list[int] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)

    def add(self, member: tarfile.TarInfo) -> None:
        kind = kind_of(member.name)
        if not kind or member.isdir():
            return
        reason = _fault(member, kind)
        if reason:
            self.refused.append((ascii(member.name)[1:-1], reason))
            return
        self.names.append(member.name)
        self.offset.append(member.offset_data)
        self.size.append(member.size)


def _fault(member: tarfile.TarInfo, kind: str) -> str:
    """Why a member is not used, or nothing."""
    name = member.name
    if name.startswith("/") or ".." in name.split("/") or "\\" in name or not name.isprintable():
        return "a name that is no relative path"
    if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or member.issparse():
        return "a link, a device or a sparse file"
    if not 0 < member.size <= LARGEST[kind]:
        return f"{member.size} bytes; 1 to {LARGEST[kind]} are read"
    return ""


class _HeadersOnly(io.RawIOBase):
    """A file of which only short pieces can be read: a header cannot ask for all memory."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= LONGEST_HEADER:
            raise tarfile.ReadError(f"a header of {size} bytes")
        return self._file.read(size)

    def seek(self, place: int, whence: int = 0) -> int:
        return self._file.seek(place, whence)

    def tell(self) -> int:
        return self._file.tell()


def _members(path: Path, file: BinaryIO, listing: _Listing) -> Iterator[tarfile.TarInfo]:
    """Members that lie wholly inside the file. A damaged tail ends the list and is noted as refused."""
    length = path.stat().st_size
    place = -1
    try:
        with tarfile.open(fileobj=_HeadersOnly(file), mode="r:") as tar:
            while (member := tar.next()) is not None:
                if member.offset_data <= place:
                    raise tarfile.ReadError("a header that leads backwards")
                if member.offset_data + member.size > length:
                    raise tarfile.ReadError(f"{member.name!a} ends behind the end of the file")
                place = member.offset_data
                vars(tar)["members"] = []  # or it keeps them all
                yield member
            file.seek(tar.offset)
            _check_end(file.read(tarfile.BLOCKSIZE))
    except (tarfile.TarError, ValueError, OverflowError, RecursionError) as error:
        if place < 0:
            raise InputError(f"{path}: not a tar file ({error}); shards are uncompressed tar files") from None
        listing.refused.append((path.name, f"truncated or damaged behind byte {place}: {error}"))


def _check_end(block: bytes) -> None:
    if block != bytes(tarfile.BLOCKSIZE):
        raise tarfile.ReadError("no end mark" if not block else "a header that cannot be read")


# ---------------------------------------------------------------- on disk


def _content(index: TarIndex, stamp: list[int]) -> str:
    fields = {"names": index.names, "offset": index.offset.tolist(), "size": index.size.tolist()}
    return json.dumps({"stamp": stamp, **fields, "refused": index.refused}) + "\n"


def _load(path: Path, stamp: list[int]) -> TarIndex | None:
    """A kept index, or None if there is none that fits."""
    try:
        kept = json.loads(path.read_bytes())
        if kept["stamp"] != stamp:
            return None
        index = TarIndex(
            names=tuple(str(name) for name in kept["names"]),
            offset=np.array(kept["offset"], dtype=np.int64),
            size=np.array(kept["size"], dtype=np.int64),
            refused=tuple((str(name), str(reason)) for name, reason in kept["refused"]),
        )
        if not _is_inside(index, stamp[1]):
            raise ValueError("places outside the shard")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        _log.warning("%s: a damaged index (%s); it is made again", path, error)
        return None
    return index


def _is_inside(index: TarIndex, length: int) -> bool:
    """Whether all members lie inside a file of this length and are no larger than allowed."""
    offset, size = index.offset, index.size
    if not offset.shape == size.shape == (len(index.names),):
        return False
    within = (offset >= 0) & (size > 0) & (size <= max(LARGEST.values())) & (offset <= length - size)
    return bool(within.all())
