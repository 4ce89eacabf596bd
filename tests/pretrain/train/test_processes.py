"""Runs in processes of their own: killed ones, and several that share one run."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from pretrain_tiny import losses, shared_run, tiny

from twlv.pretrain.train import checkpoint
from twlv.pretrain.train.loop import Finished, train

SCRIPT = Path(__file__).parent / "pretrain_tiny.py"
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def test_after_kill_9_the_losses_are_those_of_an_uninterrupted_run(finished: Finished, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, str(SCRIPT), str(tmp_path), "slow"], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if int(line) >= 6:
                child.kill()
                break
    assert child.returncode == -9
    reached = len(losses(tmp_path))
    assert reached < 10
    kept = checkpoint.latest(tmp_path / "checkpoints")
    assert kept is not None
    assert checkpoint.read(kept).step in (4, 6)
    train(tiny(steps=10, checkpoint_every=2, drop_path=0.2), tmp_path, resume=True)
    assert losses(tmp_path) == losses(finished.folder.path)


def test_two_processes_have_the_losses_of_one(tmp_path: Path) -> None:
    """On gloo, with copied and with shared-out weights; the latter go on from a checkpoint halfway."""
    children = together(tmp_path / "two")
    try:
        shared_run(tmp_path / "one", "ddp")
        assert [child.wait(timeout=90) for child in children] == [0, 0]
    finally:
        for child in children:
            child.kill()
            child.wait()
    one = losses(tmp_path / "one")
    for kind in ("ddp", "fsdp"):
        two = losses(tmp_path / "two" / kind)
        assert len(one) == len(two) == 4
        for (_, loss, parts, norm), (_, other, other_parts, other_norm) in zip(one, two, strict=True):
            assert other == pytest.approx(loss, rel=1e-5)
            assert other_parts == pytest.approx(parts, rel=1e-5)
            assert other_norm == pytest.approx(norm, rel=1e-4)


def together(out: Path) -> list[subprocess.Popen[bytes]]:
    """Two processes as torchrun starts them, with a second port for a second group."""
    with socket.socket() as free, socket.socket() as other:
        free.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        port, second = str(free.getsockname()[1]), str(other.getsockname()[1])
    shared = {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    return [
        subprocess.Popen(
            [sys.executable, str(SCRIPT), str(out), "shared", second],
            env={**ENVIRONMENT, **shared, "RANK": str(rank), "LOCAL_RANK": str(rank)},
        )
        for rank in range(2)
    ]
