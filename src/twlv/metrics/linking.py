"""Detections of single frames joined to tubes, frame after frame, as the action tubelet detector does.

Of each frame and label the surest detections remain that overlap little; the tubes of a label, the surest
first, go on with the surest of them that overlaps their last box; what is left begins a tube. A tube ends after
a few frames without a detection; frames between its detections get boxes between theirs. The rule is that of
Kalogeiton et al. 2017 (ACT_utils.py); their code links tubelets of several frames, this one frames, so it
averages nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from twlv.metrics.frame_boxes import FrameBoxes
from twlv.metrics.frame_matching import intersection_over_union
from twlv.metrics.tubes import Tube
from twlv.types import DoubleArray


@dataclass(frozen=True, kw_only=True)
class Linking:
    """Defaults are those of the action tubelet detector.

    ``most`` detections of a frame and label, none of which overlaps a surer one by more than ``most_overlap``.
    A tube goes on where they overlap by ``least_overlap`` or more, and ends after ``misses`` frames without
    one. It counts with ``least_frames`` frames and a mean score of ``least_score`` or more.
    """

    most: int = 10
    most_overlap: float = 0.3
    least_overlap: float = 0.2
    misses: int = 5
    least_frames: int = 15
    least_score: float = 0.01


@dataclass
class _Growing:
    frames: list[int]
    boxes: list[DoubleArray]
    scores: list[float] = field(default_factory=list)

    @property
    def mean(self) -> float:
        return float(np.mean(self.scores))


def link(video: str, detections: FrameBoxes, settings: Linking = Linking()) -> list[Tube]:
    """Tubes of one video, of which ``detections.frame`` numbers the frames. Corners in pixels, with scores."""
    return [
        tube
        for label in np.unique(detections.label).tolist()
        for tube in _of_label(video, label, detections.keep(detections.label == label), settings)
    ]


def _of_label(video: str, label: int, found: FrameBoxes, settings: Linking) -> list[Tube]:
    growing: list[_Growing] = []
    done: list[_Growing] = []
    for frame, boxes in _by_frame(found, settings).items():
        done += [tube for tube in growing if frame - tube.frames[-1] > settings.misses]
        growing = [tube for tube in growing if frame - tube.frames[-1] <= settings.misses]
        free = list(boxes)
        for tube in sorted(growing, key=lambda tube: -tube.mean):
            own = [item for item in free if _overlap(tube.boxes[-1], item[0]) >= settings.least_overlap]
            if own:
                _add(tube, frame, *own[0])
                free = [item for item in free if item is not own[0]]
        growing += [_Growing(frames=[frame], boxes=[box], scores=[score]) for box, score in free]
    finished = [_tube(video, label, tube) for tube in (*done, *growing)]
    return [t for t in finished if len(t.xyxy) >= settings.least_frames and t.score >= settings.least_score]


def _by_frame(found: FrameBoxes, settings: Linking) -> Mapping[int, list[tuple[DoubleArray, float]]]:
    """The detections that remain of each frame, frames rising, the surest first."""
    scores = np.zeros(len(found)) if found.score is None else found.score
    kept: dict[int, list[tuple[DoubleArray, float]]] = defaultdict(list)
    for row in np.lexsort((-scores, found.frame)).tolist():
        mine, box = kept[int(found.frame[row])], found.xyxy[row]
        if len(mine) < settings.most and all(
            _overlap(box, other) <= settings.most_overlap for other, _ in mine
        ):
            mine.append((box, float(scores[row])))
    return kept


def _overlap(first: DoubleArray, second: DoubleArray) -> float:
    return float(intersection_over_union(first[None], second[None])[0])


def _add(tube: _Growing, frame: int, box: DoubleArray, score: float) -> None:
    tube.frames.append(frame)
    tube.boxes.append(box)
    tube.scores.append(score)


def _tube(video: str, label: int, growing: _Growing) -> Tube:
    """Frames without a detection get boxes on the line between their neighbours."""
    frames = np.arange(growing.frames[0], growing.frames[-1] + 1)
    known = np.stack(growing.boxes)
    xyxy = np.stack([np.interp(frames, growing.frames, known[:, side]) for side in range(4)], axis=1)
    return Tube(video=video, label=label, first_frame=int(frames[0]), xyxy=xyxy, score=growing.mean)
