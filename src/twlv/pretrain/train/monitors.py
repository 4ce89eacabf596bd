"""Numbers that say, while a run goes on, whether it learns what it is meant to, and whether it collapses.

Axes: n clips, D width.
"""

from __future__ import annotations

import numpy as np

from twlv.metrics.separability import Pairs, group_folds, held_out
from twlv.pretrain.train.probe_set import ProbeSet, Seen
from twlv.types import DoubleArray, IntArray

NEIGHBOURS = 10
FOLDS = 4


def monitors(seen: Seen, probe: ProbeSet) -> dict[str, float]:
    """All monitors by name; chance is 1/4 for ``knn_appearance``, 1/8 for ``knn_direction``, 1/2 for
    ``motion_direction_auc``.
    """
    return {
        "effective_rank": effective_rank(seen.forward),
        "feature_std": float(seen.forward.std(axis=0).mean()),
        "knn_appearance": leave_one_out(seen.forward, probe.looks),
        "knn_direction": leave_one_out(seen.forward, probe.directions),
        "motion_direction_auc": direction_auc(seen, probe),
    }


def effective_rank(rows: DoubleArray) -> float:
    """exp of the entropy of the normalised singular values of centred rows (n, D) (Roy and Vetterli, 2007).

    From 1, where all rows differ along one line (or not at all), to at most min(n - 1, D).
    """
    values = np.linalg.svd(rows - rows.mean(axis=0), compute_uv=False)
    total = values.sum()
    if total <= 1e-12 * max(1.0, float(np.abs(rows).max())):
        return 1.0
    shares = values[values > 0] / total
    return float(np.exp(-(shares * np.log(shares)).sum()))


def leave_one_out(rows: DoubleArray, labels: IntArray) -> float:
    """Share of rows that most of their 10 nearest others (cosine) have the label of; ties go to the nearer."""
    unit = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    similarity = unit @ unit.T
    np.fill_diagonal(similarity, -np.inf)
    order = np.argsort(-similarity, axis=1, kind="stable")[:, : min(NEIGHBOURS, len(rows) - 1)]
    votes = labels[order]
    right = [_winner(row) == label for row, label in zip(votes, labels, strict=True)]
    return float(np.mean(right))


def direction_auc(seen: Seen, probe: ProbeSet) -> float:
    """Held-out LDA of clips whose object goes up against the same frames in the other order; .5 is chance."""
    moves = probe.vertical != 0
    up = np.where((probe.vertical > 0)[:, None], seen.forward, seen.backward)[moves]
    down = np.where((probe.vertical > 0)[:, None], seen.backward, seen.forward)[moves]
    folds = group_folds(np.arange(len(up)), FOLDS, seed=0)
    return held_out(Pairs.of(down, up), folds).score("auc")


def _winner(votes: IntArray) -> int:
    counts = np.bincount(votes)
    best = np.flatnonzero(counts == counts.max())
    return int(next(vote for vote in votes if vote in best))
