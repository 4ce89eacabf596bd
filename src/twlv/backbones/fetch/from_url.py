"""One file from a publisher's address: it goes on where it was interrupted, and shows how far it is."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from twlv.errors import UsageError, WeightsError

Progress: TypeAlias = Callable[[int, int], None]
"""Called with the bytes that are here and those of the whole file (0: the server does not say)."""

_BLOCK = 1 << 20
_SECONDS = 60.0
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def download(url: str, target: Path, progress: Progress) -> None:
    """Fetch ``url`` into ``target``. What has come is kept in ``target.part`` until all is there.

    Raises:
        UsageError: an address that is not https.
        WeightsError: the server says no, cannot be reached, or stops early, from where the same call goes on.
    """
    _require_https(url)
    part, tag = target.with_name(target.name + ".part"), target.with_name(target.name + ".part.etag")
    target.parent.mkdir(parents=True, exist_ok=True)
    here = part.stat().st_size if part.is_file() else 0
    headers = {"User-Agent": "twlv"}
    if here and tag.is_file():  # only of the same file: If-Range makes the server send all of another one
        headers |= {"Range": f"bytes={here}-", "If-Range": tag.read_text(encoding="utf-8")}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=_SECONDS) as answer:
            _require_https(answer.geturl())
            _receive(answer, part, tag, progress)
    except urllib.error.HTTPError as error:
        raise WeightsError(f"{url}: the server answers {error.code} {error.reason}") from error
    except (OSError, http.client.HTTPException) as error:
        raise WeightsError(
            f"{url}: {error}. {_kept(part)} bytes are here; the same command goes on from there"
        ) from error
    part.replace(target)
    tag.unlink(missing_ok=True)


def _receive(answer: Any, part: Path, tag: Path, progress: Progress) -> None:
    goes_on = answer.status == http.client.PARTIAL_CONTENT
    begin = part.stat().st_size if goes_on else 0
    length = int(answer.headers.get("Content-Length") or 0)
    total = begin + length if length else 0
    if answer.headers.get("ETag"):
        tag.write_text(answer.headers["ETag"], encoding="utf-8")
    with part.open("ab" if goes_on else "wb") as file:
        while block := answer.read(_BLOCK):
            file.write(block)
            progress(file.tell(), total)
    if total and part.stat().st_size != total:
        raise OSError(f"the connection ended after {part.stat().st_size} of {total} bytes")


def _kept(part: Path) -> int:
    return part.stat().st_size if part.is_file() else 0


def _require_https(url: str) -> None:
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise UsageError(f"weights are fetched over https only, not from {url}")
