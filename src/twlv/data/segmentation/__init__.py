"""Action segmentation: labels of every frame, splits, stored features, and the score of predictions.

``facts`` of the usual sets; ``annotations`` a folder of labels, from ``labels`` and ``splits``; ``features``;
``score``. Loads no torch.
"""

from twlv.data.segmentation.annotations import SegmentationSet, read_segmentation
from twlv.data.segmentation.facts import FACTS, SetFacts, facts_of
from twlv.data.segmentation.features import find_features, read_features
from twlv.data.segmentation.score import SegmentationReport, score_segmentation

__all__ = [
    "FACTS",
    "SegmentationReport",
    "SegmentationSet",
    "SetFacts",
    "facts_of",
    "find_features",
    "read_features",
    "read_segmentation",
    "score_segmentation",
]
