"""Opening files: one place where FFmpeg's errors become ``VideoError`` and where files are closed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import av.error

from twlv.errors import VideoError

_LISTS = frozenset({"concat", "dash", "hls", "imf", "rtsp", "sdp"})


@contextmanager
def open_stream(path: str, *, thread_count: int = 1) -> Iterator[tuple[Any, Any]]:
    """The container and its video stream, ready to decode; closed on leaving, whatever happens.

    The stream is the first that is not a cover picture. Only local files are opened, and nothing that a
    file refers to. Raises VideoError.
    """
    file = Path(path)
    _check_file(path, file)
    try:
        container = av.open(
            "file:" + str(file), options={"protocol_whitelist": "file"}, metadata_errors="ignore"
        )
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise VideoError(path, *_open_failure(file, error)) from None
    with container:
        name = container.format.name
        if _LISTS & set(name.split(",")):
            raise VideoError(path, "unsupported", f"a playlist ({name}), not a video; give the file it names")
        yield container, _video_stream(path, container, thread_count)


def _check_file(path: str, file: Path) -> None:
    try:
        size = file.stat().st_size
    except OSError as error:
        raise VideoError(path, "not_found", (error.strerror or "no such file").lower()) from None
    if file.is_dir():
        raise VideoError(path, "not_a_video", "a folder; a folder of frames needs its fps declared")
    if size == 0:
        raise VideoError(path, "empty", "0 bytes")


def _video_stream(path: str, container: Any, thread_count: int) -> Any:
    streams = container.streams.video
    if not streams:
        others = ", ".join(sorted({stream.type for stream in container.streams})) or "none"
        raise VideoError(path, "no_video_stream", f"streams in the file: {others}")
    pictures = av.stream.Disposition.attached_pic
    stream = next((s for s in streams if not s.disposition & pictures), streams[0])
    if stream.codec_context is None:
        raise VideoError(path, "unsupported", "no decoder for its video stream")
    stream.codec_context.thread_count = thread_count
    if thread_count != 1:
        stream.codec_context.thread_type = "AUTO"
    return stream


def _open_failure(file: Path, error: Exception) -> tuple[str, str]:
    """Reason and explanation of a file that FFmpeg does not open, judged by how the file begins."""
    try:
        with file.open("rb") as stream:
            head = stream.read(256)
    except OSError as failure:
        return "not_found", (failure.strerror or str(failure)).lower()
    if head[4:8] in {b"ftyp", b"moov", b"mdat", b"free", b"wide"}:
        return "truncated", "an mp4 or mov file without its index (moov); it was probably cut off"
    if head[:4] in {b"\x1aE\xdf\xa3", b"RIFF", b"OggS"} or head[:3] == b"FLV":
        return "corrupt", f"its header cannot be read ({describe(error)})"
    return "not_a_video", _impression(head)


def _impression(head: bytes) -> str:
    """What the first bytes of a file that is no video look like."""
    if head.lstrip()[:15].lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        return "an HTML or XML page, perhaps a failed download"
    if all(byte >= 32 or byte in b"\t\r\n\f" for byte in head):
        return f"text that begins {head[:24].decode('utf-8', 'replace')!r}"
    return f"no known container begins with the bytes {head[:8].hex(' ')}"


def describe(error: Exception) -> str:
    """FFmpeg's own words, without the path and without the log of other files that PyAV appends."""
    return str(getattr(error, "strerror", None) or error).strip().lower()
