"""The benchmark of ASFormer measures one thread, whatever the environment asks for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[3] / "benchmarks"
CODE = """
import sys
sys.path.insert(0, sys.argv[1])
import segmentation, torch
print(segmentation.step("sliding", 12, None), "|", torch.get_num_threads())
"""


def test_trap_28_the_benchmark_sets_its_threads() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(BENCHMARKS)],
        env={**os.environ, "OMP_NUM_THREADS": "8"},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    cost, _, threads = done.stdout.partition("|")
    assert "CPU s" in cost
    assert threads.strip() == "1"
