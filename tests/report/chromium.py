"""A headless Chromium driven over its DevTools protocol by the pipe it offers: no library, no port."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_SECONDS = 60.0
OWN = ("file:", "data:", "blob:", "about:", "http://127.0.0.1:")
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # a container's root may not make one
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)


def executable() -> str | None:
    """The browser's program, or None if there is none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Chromium:
    """One running browser. Messages are JSON with a zero byte behind each, in on file 3, out on file 4."""

    def __init__(self, program: str, home: Path) -> None:
        reads, self._write = os.pipe()
        self._read, writes = os.pipe()
        shell = f'exec "$0" "$@" 3<&{reads} 4>&{writes}'
        self._process = subprocess.Popen(
            ["bash", "-c", shell, program, *FLAGS, f"--user-data-dir={home}", "about:blank"],
            pass_fds=(reads, writes),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": str(home)},
        )
        os.close(reads)
        os.close(writes)
        self._rest, self._number = b"", 0
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Send a command and wait for its answer; events that come in between are kept."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = self._next(deadline)
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return dict(answer["result"])
            self.events.append(answer)

    def drain(self) -> None:
        """Take in the events that have come."""
        self.call("Browser.getVersion")

    def _next(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._read], [], [], max(0.0, deadline - time.monotonic()))
            got = os.read(self._read, 1 << 20) if ready else b""
            if not got:
                raise TimeoutError(f"the browser said nothing for {PATIENCE_SECONDS:.0f} s, or has gone")
            self._rest += got
        line, _, self._rest = self._rest.partition(b"\0")
        return dict(json.loads(line))

    def close(self) -> None:
        """End it."""
        try:
            self.call("Browser.close")
            self._process.wait(10)
        except (OSError, TimeoutError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        os.close(self._read)
        os.close(self._write)


class Page:
    """One tab, with the network off and every message of its console kept."""

    def __init__(self, browser: Chromium, *, width: int, height: int, phone: bool, offline: bool) -> None:
        self._browser = browser
        self._target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = browser.call("Target.attachToTarget", targetId=self._target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        if offline:
            self.call(
                "Network.emulateNetworkConditions",
                offline=True,
                latency=0,
                downloadThroughput=0,
                uploadThroughput=0,
            )
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone
        )

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command to this tab."""
        return self._browser.call(method, self._session, **parameters)

    def open(self, address: str) -> None:
        """Go there and wait until it has loaded."""
        self.call("Page.navigate", url=address)
        self.until("document.readyState === 'complete'")

    def run(self, script: str) -> Any:
        """The value of an expression; an exception in it is raised here."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"])[:2000])
        return answer["result"].get("value")

    def until(self, script: str) -> Any:
        """Wait until an expression is true; returns it."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (value := self.run(script)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"never became true: {script}")
            time.sleep(0.05)
        return value

    def press(self, key: str, *, shift: bool = False) -> None:
        """One key, pressed and let go, where the focus is."""
        codes = {"Tab": 9, "Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, " ": 32}
        event = {"key": key, "code": key, "modifiers": 8 * shift, "windowsVirtualKeyCode": codes.get(key, 0)}
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **event)
        self.call("Input.dispatchKeyEvent", type="keyUp", **event)

    def type(self, text: str) -> None:
        """Text where the focus is."""
        self.call("Input.insertText", text=text)

    def move(self, x: float, y: float) -> None:
        """The mouse to a point of the window."""
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def centre(self, selector: str, number: int = 0) -> tuple[float, float]:
        """The middle of an element, scrolled into the window."""
        found = self.run(
            f"(() => {{ const e = document.querySelectorAll({json.dumps(selector)})[{number}];"
            "e.scrollIntoView({block: 'center'}); const b = e.getBoundingClientRect();"
            "return [b.left + b.width / 2, b.top + b.height / 2]; })()"
        )
        return found[0], found[1]

    def click(self, selector: str, number: int = 0) -> None:
        """The mouse's left button on an element."""
        x, y = self.centre(selector, number)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def screenshot(self, path: Path, *, whole: bool = True) -> None:
        """A PNG of the page, or of the window."""
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))

    def downloads_into(self, folder: Path) -> None:
        """Where files go that the page gives away."""
        self._browser.call(
            "Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder), eventsEnabled=False
        )

    @property
    def complaints(self) -> list[str]:
        """Errors and warnings on the console, exceptions, and requests that left the page's own file."""
        self._browser.drain()
        return [text for event in self._browser.events if (text := self._complaint(event))]

    def _complaint(self, event: dict[str, Any]) -> str:
        method, found = event.get("method"), event.get("params", {})
        if event.get("sessionId") != self._session:
            return ""
        if method == "Runtime.exceptionThrown":
            return f"exception: {json.dumps(found['exceptionDetails'])[:800]}"
        if method == "Runtime.consoleAPICalled" and found["type"] in ("error", "warning", "assert"):
            return f"console: {json.dumps(found['args'])[:800]}"
        if method == "Log.entryAdded" and found["entry"]["level"] in ("error", "warning"):
            return f"log: {found['entry']['text']}"
        if method == "Network.requestWillBeSent":
            address = found["request"]["url"]
            return (
                ""
                if address.startswith(("file:", "data:", "blob:", "http://127.0.0.1:"))
                else f"request: {address}"
            )
        return ""

    def close(self) -> None:
        """Close the tab."""
        self._browser.call("Target.closeTarget", targetId=self._target)


@contextmanager
def page(
    browser: Chromium, *, width: int = 1280, height: int = 900, phone: bool = False, offline: bool = True
) -> Iterator[Page]:
    """A tab for a while."""
    tab = Page(browser, width=width, height=height, phone=phone, offline=offline)
    try:
        yield tab
    finally:
        tab.close()
