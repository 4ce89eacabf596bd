"""Edit distance between the runs of predictions and truths, all videos of a batch in one table.

A row of the table of Wagner and Fischer (1974) needs a minimum over the cells to its left:
D[i, j] = min over k <= j of (T[k] + j - k), with T the best of the row above. With T[k] - k that is a running
minimum, so one step of the loop does a whole row of every video.

Axis letters: V videos, S runs.
"""

from __future__ import annotations

import numpy as np

from twlv.metrics.segmentation_runs import Runs
from twlv.types import DoubleArray, IntArray

_AT_ONCE = 256  # videos of one table; they are sorted by length, so that few rows are padding


def edit_scores(predicted: Runs, true: Runs) -> DoubleArray:
    """1 - distance / longer number of runs, in [0, 1], (V,); NaN where neither has a run.

    The distance counts inserted, dropped and replaced runs, one each; only the order of labels matters.
    """
    longer = np.maximum(predicted.counts, true.counts)
    score: DoubleArray = np.full(len(longer), np.nan)
    np.divide(edit_distances(predicted, true), longer, out=score, where=longer > 0)
    return 1 - score


def edit_distances(predicted: Runs, true: Runs) -> IntArray:
    """Levenshtein distance between the labels of the runs of each video, (V,)."""
    order = np.lexsort((true.counts, predicted.counts))
    found = np.zeros(len(order), dtype=np.int64)
    for start in range(0, len(order), _AT_ONCE):
        videos = order[start : start + _AT_ONCE]
        found[videos] = _distances(_padded(predicted, videos, -1), _padded(true, videos, -2))
    return found


def _padded(runs: Runs, videos: IntArray, filler: int) -> tuple[IntArray, IntArray]:
    """Labels (videos, longest), short ones filled up, and the number of each video's own."""
    counts = runs.counts[videos]
    table = np.full((len(videos), int(counts.max(initial=0))), filler, dtype=np.int64)
    column = np.arange(table.shape[1])
    own = column < counts[:, None]
    table[own] = runs.labels[(runs.offsets[videos][:, None] + column)[own]]
    return table, counts


def _distances(first: tuple[IntArray, IntArray], second: tuple[IntArray, IntArray]) -> IntArray:
    """Distances between two padded tables; the rows of ``first`` are sorted by length."""
    (a, a_counts), (b, b_counts) = first, second
    column = np.arange(b.shape[1] + 1)
    row = np.repeat(column[None], len(b), axis=0)  # before the first label of a: j insertions
    found = b_counts.copy()
    for i in range(a.shape[1]):
        going = int(np.searchsorted(a_counts, i, side="right"))  # those before have no label left
        above = row[going:]
        best = above + 1
        replaced = above[:, :-1] + (a[going:, i, None] != b[going:])
        np.minimum(best[:, 1:], replaced, out=best[:, 1:])
        row[going:] = np.minimum.accumulate(best - column, axis=1) + column
        ended = slice(going, int(np.searchsorted(a_counts, i + 1, side="right")))
        found[ended] = row[np.arange(len(b))[ended], b_counts[ended]]
    return found
