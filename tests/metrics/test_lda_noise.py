"""The noise table: what LDA makes of vectors that hold no direction, in sample and held out.

The reference drew its own noise, so rows agree within the luck of the draw: four standard errors of a share of
the 2 n points.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from twlv.metrics.lda import fit_lda
from twlv.metrics.separability import Pairs, group_folds, held_out, in_sample_projection

ROWS = json.loads((Path(__file__).parents[1] / "reference" / "lda_noise.json").read_text())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['n_videos']}x{row['d']}")
def test_noise_is_separated_in_sample_as_the_reference_found_and_not_held_out(row: dict[str, float]) -> None:
    n, width = int(row["n_videos"]), int(row["d"])
    forward, backward = np.random.default_rng([n, width]).standard_normal((2, n, width))
    shown = in_sample_projection(forward, backward)
    middle = (shown[:n].mean() + shown[n:].mean()) / 2
    svd = _share(shown[:n] - middle, shown[n:] - middle)
    fitted = fit_lda(forward, backward)
    shrunk = _share(fitted.decide(forward), fitted.decide(backward))
    found = held_out(Pairs.of(forward, backward), group_folds(np.arange(n), 5, seed=0)).scores()
    assert max(svd, 1 - svd) == pytest.approx(row["in_sample_svd"], abs=_luck(row["in_sample_svd"], n))
    assert shrunk == pytest.approx(row["in_sample_shrunk"], abs=_luck(row["in_sample_shrunk"], n))
    assert found["accuracy"] == pytest.approx(0.5, abs=_luck(0.5, n))
    assert row["held_out_shrunk"] == pytest.approx(0.5, abs=_luck(0.5, n))


def _share(zero: np.ndarray, one: np.ndarray) -> float:
    return float((np.mean(zero < 0) + np.mean(one > 0)) / 2)


def _luck(share: float, n: int) -> float:
    return 4 * float(np.sqrt(max(share * (1 - share), 0.01) / (2 * n)))
