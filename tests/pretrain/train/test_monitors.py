"""Monitors on embeddings whose answer is known."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from pretrain_tiny import tiny

from twlv.errors import MissingExtra
from twlv.pretrain.train import checkpoint
from twlv.pretrain.train.config import MONITORS
from twlv.pretrain.train.log import rows
from twlv.pretrain.train.loop import train
from twlv.pretrain.train.monitors import direction_auc, effective_rank, leave_one_out
from twlv.pretrain.train.probe_set import ProbeSet, Seen, embed, render_probe_set


@pytest.fixture(scope="module")
def probe() -> ProbeSet:
    return render_probe_set(64, num_frames=4, size_px=16)


def test_effective_rank_counts_equal_directions() -> None:
    random = np.random.default_rng(0)
    basis, _ = np.linalg.qr(random.standard_normal((50, 6)) - 0.0)
    centred = basis - basis.mean(axis=0)
    orthonormal, _ = np.linalg.qr(centred)
    rows_ = orthonormal @ np.linalg.qr(random.standard_normal((20, 6)))[0].T
    assert effective_rank(rows_ + 3.0) == pytest.approx(6.0, abs=1e-6)


def test_effective_rank_of_a_collapse_is_one() -> None:
    random = np.random.default_rng(1)
    assert effective_rank(np.ones((40, 8))) == 1.0
    line = random.standard_normal((40, 1)) * random.standard_normal((1, 8))
    assert effective_rank(line) == pytest.approx(1.0, abs=1e-3)


def test_neighbours_do_not_count_the_row_itself() -> None:
    labels = np.arange(40) % 4
    perfect = np.eye(4)[labels] + 0.01 * np.random.default_rng(2).standard_normal((40, 4))
    assert leave_one_out(perfect, labels) == 1.0
    assert leave_one_out(np.random.default_rng(3).standard_normal((4000, 4)), np.arange(4000) % 4) < 0.35


def test_the_set_is_balanced_and_the_same_every_time(probe: ProbeSet) -> None:
    again = render_probe_set(64, num_frames=4, size_px=16)
    assert bool((again.frames == probe.frames).all())
    assert np.bincount(probe.looks * 8 + probe.directions).tolist() == [2] * 32
    assert sorted(set(probe.vertical.tolist())) == [-1, 0, 1]
    assert (probe.vertical == 0).sum() == 16


def test_the_direction_auc_hears_only_the_order_of_frames(probe: ProbeSet) -> None:
    random = np.random.default_rng(4)
    look = random.standard_normal((64, 6))
    assert direction_auc(Seen(forward=look, backward=look), probe) == 0.5
    moved = np.c_[look, probe.vertical + 0.1 * random.standard_normal(64)]
    other = np.c_[look, -probe.vertical + 0.1 * random.standard_normal(64)]
    assert direction_auc(Seen(forward=moved, backward=other), probe) > 0.95


def test_a_run_keeps_the_checkpoint_of_its_best_monitor(tmp_path: Path) -> None:
    recipe = tiny(steps=8, monitor_clips=32, monitor_every=3, checkpoint_every=2, keep=1, best="feature_std")
    train(recipe, tmp_path)
    seen = {r["step"]: r["monitors"] for r in rows(tmp_path / "log.jsonl") if r["kind"] == "monitors"}
    assert set(seen[3]) == set(MONITORS)
    best = max(seen, key=lambda step: seen[step]["feature_std"])
    kept = [checkpoint.read(place) for place in checkpoint.found(tmp_path / "checkpoints")]
    assert [state.step for state in kept] == sorted({best, 8})
    assert checkpoint.highest(tmp_path / "checkpoints", "feature_std") == seen[best]["feature_std"]


def test_a_collapse_stops_the_run(tmp_path: Path) -> None:
    recipe = tiny(steps=10, monitor_clips=32, monitor_every=1, least_rank=0.99)
    finished = train(recipe, tmp_path)
    assert finished.step == 3
    assert "effective rank" in finished.stopped
    assert rows(tmp_path / "log.jsonl")[-1]["kind"] == "stop"


def test_embeddings_are_of_normalised_clips_forward_and_backward(probe: ProbeSet) -> None:
    class Middle(torch.nn.Module):
        """Tokens (B, T, 1, 1, 1): the mean of each frame, times its place in time."""

        def forward(self, frames: torch.Tensor) -> torch.Tensor:
            times = torch.arange(frames.shape[1], dtype=torch.float32).view(1, -1, 1, 1, 1)
            return frames.mean(dim=(2, 3, 4), keepdim=True) * times

    config = tiny().objective
    seen = embed(Middle(), probe, config, torch.device("cpu"))
    pixels = probe.frames.double() / 255
    mean, std = (
        torch.tensor(values, dtype=torch.float64).view(3, 1, 1) for values in (config.mean, config.std)
    )
    levels = ((pixels - mean) / std).mean(dim=(2, 3, 4)).numpy()
    times = np.arange(4)
    np.testing.assert_allclose(seen.forward[:, 0], (levels * times).mean(axis=1), atol=1e-5)
    np.testing.assert_allclose(seen.backward[:, 0], (levels * times[::-1]).mean(axis=1), atol=1e-5)


def test_event_files_need_their_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(MissingExtra, match=r"twlv\[tensorboard\]"):
        train(tiny(steps=1, tensorboard=True), tmp_path)
