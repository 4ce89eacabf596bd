from __future__ import annotations

import pytest

from twlv.metrics.separability import SCORES
from twlv.report.meanings import meaning


@pytest.mark.parametrize("metric", [*SCORES, "auc_pairs", "auc_up_vs_down"])
def test_every_score_of_motion_direction_is_explained(metric: str) -> None:
    said = meaning(f"motion_direction/{metric}", unit="", higher_is_better=True, classes={"set": 8})
    assert "no description" not in said
    assert ("0.5 is chance" in said) == (metric != "d_prime")
    assert "1/C" not in said


def test_one_word_may_mean_two_things() -> None:
    said = [meaning(f"{task}/accuracy", unit="", higher_is_better=True, classes={}) for task in
            ("motion_direction", "segmentation")]  # fmt: skip
    assert "frames with the true label" not in said[0]
    assert "frames with the true label" in said[1]
