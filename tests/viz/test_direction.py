"""Forward against reversed: the in-sample picture, the held-out one, and stores that are no pair."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from twlv.errors import UsageError
from twlv.store import Store
from twlv.viz import direction_picture, read_points, require_pair

Pair = Callable[..., tuple[Store, Store]]


def drawn(pair: tuple[Store, Store], **changes: Any) -> Any:
    return direction_picture(*(read_points(store) for store in pair), **changes)


def test_noise_separates_in_sample_and_not_held_out(make_pair: Pair) -> None:
    made = drawn(make_pair(60, dim=100, noise=2.0))
    columns = made.document["points"]
    x, labels = np.array(columns["x"]), np.array(columns["labels"])
    d = (x[labels == "reversed"].mean() - x[labels == "forward"].mean()) / x.std()
    assert d > 1.2
    assert 0.3 < made.document["numbers"]["auc"] < 0.7


def test_a_direction_shows_in_both_panels(make_pair: Pair) -> None:
    made = drawn(make_pair(60, signal=3.0))
    assert made.document["numbers"]["auc"] > 0.9
    left, right = made.figure.axes
    assert "in-sample" in left.get_title(loc="left")
    assert "held out" in right.get_title(loc="left")
    assert "N = 60 videos, d = 16" in made.figure.get_suptitle()


def test_both_halves_share_their_bins(make_pair: Pair) -> None:
    made = drawn(make_pair(60, signal=3.0))
    for axes, column in zip(made.figure.axes, ("x", "held_out"), strict=True):
        bars = [patch for patch in axes.patches if hasattr(patch, "get_width")]
        half = len(bars) // 2
        assert [bar.get_x() for bar in bars[:half]] == [bar.get_x() for bar in bars[half:]]
        values = made.document["points"][column]
        assert bars[0].get_x() <= min(values)
        assert bars[half - 1].get_x() + bars[half - 1].get_width() >= max(values) - 1e-9
        assert sum(bar.get_height() * bar.get_width() for bar in bars[:half]) == pytest.approx(1)


def test_a_backbone_that_is_blind_to_order_is_said_to_be(make_pair: Pair) -> None:
    made = drawn(make_pair(noise=0.0))
    assert made.document["numbers"]["auc"] == 0.5
    assert made.document["numbers"]["paired_accuracy"] == 0.5
    assert "blind to the order of frames" in made.document["notes"][-1]
    assert set(made.document["points"]["x"]) == {0.0}


def test_no_version_of_a_video_is_judged_by_its_twin(make_pair: Pair) -> None:
    columns = drawn(make_pair()).document["points"]
    folds = dict(zip(columns["ids"], columns["fold"], strict=True))
    assert [folds[i] for i in columns["ids"]] == columns["fold"]
    assert len(set(columns["fold"])) == 5


def test_the_same_seed_draws_the_same(make_pair: Pair) -> None:
    pair = make_pair(signal=1.0)
    assert drawn(pair).document == drawn(pair).document
    assert drawn(pair, seed=1).document["points"]["fold"] != drawn(pair).document["points"]["fold"]


def test_stores_that_are_no_pair_are_refused(make_pair: Pair) -> None:
    forward, backward = make_pair()
    require_pair(forward, backward)
    with pytest.raises(UsageError, match=r"STORE is reversed, the other\s+forward"):
        require_pair(backward, forward)
    with pytest.raises(UsageError, match="--frame-order reversed"):
        require_pair(forward, forward)
    other = Store(backward.path, replace(backward.spec, num_frames=16))
    with pytest.raises(UsageError, match=r"differ in .*num_frames"):
        require_pair(forward, other)


def test_other_videos_and_one_group_are_refused(make_pair: Pair, tmp_path: Path) -> None:
    one, other = (read_points(store) for store in make_pair())
    with pytest.raises(UsageError, match="different videos"):
        direction_picture(one, other.take(np.arange(5)))
    with pytest.raises(UsageError, match="two groups"):
        direction_picture(*(replace(half, groups=("g",) * len(half)) for half in (one, other)))
