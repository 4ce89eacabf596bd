"""Annotated and detected segments of long videos: their files, and a score of anybody's detections.

``read_truth`` an ActivityNet or THUMOS14 annotation file; ``read_detections`` a result file;
``score_detections`` both together, with what looks wrong in them and the score of random detections beside;
``read_segments_dataset`` an annotation file with its videos as a ``Dataset``.
"""

from twlv.data.segments.dataset import read_segments_dataset
from twlv.data.segments.detections import read_detections
from twlv.data.segments.score import score_detections
from twlv.data.segments.truth import SegmentTruth, VideoSegments, read_truth

__all__ = [
    "SegmentTruth",
    "VideoSegments",
    "read_detections",
    "read_segments_dataset",
    "read_truth",
    "score_detections",
]
