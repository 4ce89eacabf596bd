"""Action segmentation: labels of every frame, splits, and the score of predictions.

``facts`` of the usual sets; ``annotations`` a folder of labels, from ``labels`` and ``splits``;
``score``; ``dataset`` such a folder, and ``table`` a file of segments, as a ``Dataset``. Loads no torch.
"""

from twlv.data.segmentation.annotations import SegmentationSet, read_segmentation
from twlv.data.segmentation.dataset import read_label_folder
from twlv.data.segmentation.facts import FACTS, SetFacts, facts_of
from twlv.data.segmentation.score import SegmentationReport, score_segmentation
from twlv.data.segmentation.table import read_segment_table

__all__ = [
    "FACTS",
    "SegmentationReport",
    "SegmentationSet",
    "SetFacts",
    "facts_of",
    "read_label_folder",
    "read_segment_table",
    "read_segmentation",
    "score_segmentation",
]
