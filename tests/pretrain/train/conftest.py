"""One finished tiny run, shared by the tests that look at what a run leaves."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

if str(Path(__file__).parent) not in sys.path:  # importlib mode does not add a test's folder
    sys.path.insert(0, str(Path(__file__).parent))
from pretrain_tiny import tiny

from twlv.pretrain.train.loop import Finished, train


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """Ten steps with drop path, checkpoints every 2 (2 kept), monitors every 5."""
    recipe = tiny(steps=10, checkpoint_every=2, drop_path=0.2, monitor_clips=32, monitor_every=5)
    return train(recipe, tmp_path_factory.mktemp("run") / "whole")
