"""The helpers of fake.py and long_videos.py, which importlib mode does not put on the path."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


def _beside(name: str) -> ModuleType:
    """A module in this folder."""
    known = f"twlv_tests_tasks_{name}"
    if known not in sys.modules:
        spec = importlib.util.spec_from_file_location(known, Path(__file__).with_name(f"{name}.py"))
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[known] = module
        spec.loader.exec_module(module)
    return sys.modules[known]


@pytest.fixture(scope="session")
def fake() -> ModuleType:
    return _beside("fake")


@pytest.fixture(scope="session")
def long_videos() -> ModuleType:
    return _beside("long_videos")
