"""The page over HTTP, made anew when a result has come or changed. For this machine only, unless asked."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from twlv.errors import TwlvError, UsageError
from twlv.report.html import html
from twlv.report.page import assemble
from twlv.report.page.points import read_points
from twlv.results import load
from twlv.types import Json
from twlv.version import __version__

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What is served: result files or folders, maps of points, and how to show them."""

    paths: tuple[Path, ...] = ()
    points: tuple[Path, ...] = ()
    paper: bool = False
    mix: bool = False

    def version(self) -> str:
        """Changes whenever a file comes, goes or is written anew."""
        seen = [f"{path}|{state}" for path, state in _states([*self.paths, *self.points])]
        return hashlib.sha256("\n".join(seen).encode()).hexdigest()[:16]

    def page(self, version: str) -> str:
        """The page; what cannot be shown now (no results yet, a broken file) is said on it.

        A folder that is empty shows the report's own rows if they are asked for, else nothing but that.
        """
        try:
            results = load(self.paths) if self.paths else ()
            maps = [read_points(path) for path in self.points]
            return html(results, paper=self.paper, mix=self.mix, points=maps, live=version)
        except TwlvError as error:
            return assemble(_nothing(str(error)), title="Nothing to show yet", live=version)


def _states(paths: Sequence[Path]) -> Iterator[tuple[str, str]]:
    for path in paths:
        files = sorted(path.glob("*.json")) if path.is_dir() else [path]
        for file in files:
            try:
                found = file.stat()
            except OSError:
                yield str(file), "gone"
            else:
                yield str(file), f"{found.st_mtime_ns} {found.st_size}"


def _nothing(problem: str) -> dict[str, Json]:
    empty: dict[str, Json] = {name: [] for name in ("grids", "footnotes", "meanings", "figures", "records")}
    return {
        **empty,
        "schema": 1,
        "version": __version__,
        "num_results": 0,
        "paper": False,
        "problems": [problem],
        "failed": [],
    }


@dataclass
class Cached:
    """The last page with its version, so that a browser that asks again costs nothing."""

    shown: Shown
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _version: str = ""
    _page: bytes = b""

    def page(self) -> bytes:
        """The page of the files as they are now."""
        with self._lock:
            version = self.shown.version()
            if version != self._version:
                self._page, self._version = self.shown.page(version).encode(), version
            return self._page


def server(shown: Shown, *, host: str = "127.0.0.1", port: int = 0) -> ThreadingHTTPServer:
    """A server that is bound and not yet running; ``serve_forever`` runs it.

    Raises:
        UsageError: the address or port cannot be had.
    """
    cached = Cached(shown=shown)
    handler = type("Handler", (_Handler,), {"cached": cached, "open_to_all": not _is_loopback(host)})
    try:
        return ThreadingHTTPServer((host, port), handler)
    except (OSError, OverflowError) as error:
        raise UsageError(f"--serve: cannot listen on {host} port {port}: {error}; try --port 0") from error


def serve(shown: Shown, *, host: str, port: int, say: Callable[[str], None]) -> None:
    """Serve until interrupted; ``say`` is told the address."""
    with server(shown, host=host, port=port) as running:
        address = f"http://{host}:{running.server_address[1]}/"
        say(f"{address} shows the report and renews it; Ctrl-C ends it")
        if not _is_loopback(host):
            say("anybody who reaches this address can read these results")
        try:
            running.serve_forever()
        except KeyboardInterrupt:
            say("ended")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in LOOPBACK


class _Handler(BaseHTTPRequestHandler):
    """Two addresses: the page, and its version. Nothing is read from the request but its path and its Host."""

    cached: Cached
    open_to_all: bool
    server_version, sys_version = "twlv", ""

    def do_GET(self) -> None:
        """Answer a request."""
        if not self._may_ask():
            self._answer(403, "text/plain", b"this server answers to localhost only\n")
        elif self.path == "/":
            self._answer(200, "text/html", self.cached.page())
        elif self.path == "/version":
            state = {"version": self.cached.shown.version()}
            self._answer(200, "application/json", json.dumps(state).encode())
        else:
            self._answer(404, "text/plain", b"there is only /\n")

    def _may_ask(self) -> bool:
        """A page of another site that points its own name at this machine is refused."""
        return self.open_to_all or urlsplit(f"//{self.headers.get('Host', '')}").hostname in LOOPBACK

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing of each request."""
