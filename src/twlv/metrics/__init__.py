"""Pure functions from arrays to numbers; numpy only.

``top_k`` accuracy, mean per class, confusion; ``average_precision`` of several labels; ``segmentation`` of
labels of every frame; ``interval`` how far to trust them. Fractions, not percent.
"""

from twlv.metrics.average_precision import Labels, Ranking, average_precision, mean_average_precision
from twlv.metrics.interval import cluster_bootstrap, wilson
from twlv.metrics.top_k import (
    NO_ANSWER,
    accuracy,
    confusion,
    mean_per_class,
    per_class,
    top_classes,
    truth_rank,
)

__all__ = [
    "NO_ANSWER",
    "Labels",
    "Ranking",
    "accuracy",
    "average_precision",
    "cluster_bootstrap",
    "confusion",
    "mean_average_precision",
    "mean_per_class",
    "per_class",
    "top_classes",
    "truth_rank",
    "wilson",
]
