"""Fixtures shared by every room's tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# One thread: the suite runs in parallel processes, and sums come out in one order.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of large real data beside the checkout (or ``TWLV_SHARED``); skips where it is absent."""
    default = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("TWLV_SHARED", default))
    if not (folder / "data" / "manifest.csv").is_file():
        pytest.skip(f"real-data folder absent: no {folder}/data/manifest.csv (set TWLV_SHARED)")
    return folder
