"""Pure functions from arrays to numbers; numpy only.

``top_k`` accuracy, mean per class, confusion; ``interval`` how far to trust them. Fractions, not percent.
"""

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
    "accuracy",
    "cluster_bootstrap",
    "confusion",
    "mean_per_class",
    "per_class",
    "top_classes",
    "truth_rank",
    "wilson",
]
