"""Rendering leaves this process as many threads as it had, though its own workers take one each."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

COUNT = "import torch; print(torch.get_num_threads())"
RENDER = """
import sys
from pathlib import Path
from twlv.data.synth import make_set, settings_for

settings = settings_for("reversal", num_train=12, num_val=12, num_frames=4, size_px=32)
make_set(Path(sys.argv[1]), settings, workers=2)
"""


def test_a_process_that_has_rendered_still_computes_on_all_its_threads(tmp_path: Path) -> None:
    """In a new process: a thread count that nobody asked for yet is taken from whoever set it last."""
    assert _said(RENDER + COUNT, tmp_path / "set") == _said(COUNT, tmp_path)


def _said(script: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder)],
        env={"OMP_NUM_THREADS": "2", "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()
