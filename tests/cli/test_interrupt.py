"""Ctrl-C: one line, exit code 130, and nothing lost but the video in flight."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

from twlv.store import Store

# A shell that starts the suite in the background hands SIGINT down as ignored: the child takes it back.
SLOW = """
import signal
import time
from twlv import backbones

signal.signal(signal.SIGINT, signal.default_int_handler)

class Slow:
    def __init__(self):
        self.fast = backbones.load("gradient_flow.fixed", device="cpu", dtype="float32")
        self.card = self.fast.card

    def encode(self, frames):
        time.sleep(0.2)
        return self.fast.encode(frames)

def load():
    return Slow()
"""


def test_an_interrupted_run_says_how_to_go_on_and_resumes(manifest: Path, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    words = [
        sys.executable,
        "-m",
        "twlv.cli.main",
        "embed",
        "manifest.csv",
        "--backbone",
        "slow:load",
        "--out",
        "store",
    ]
    running = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while len(list(tmp_path.glob("store/**/*.safetensors"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 130, errors
    assert errors.endswith("what was finished is kept: type the same command again to resume\n")
    assert "Traceback" not in errors

    kept = len(Store.open(tmp_path / "store"))
    assert 2 <= kept < 24
    again = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert again.returncode == 0, again.stderr
    assert f"{kept} were there already and were skipped; {24 - kept} are new" in again.stdout
