"""Detections in AVA's form against annotations in AVA's form: frame AP, and what looks wrong in the files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from twlv.data.boxes.notes import notes_of_detections, notes_of_scores, notes_of_truth
from twlv.data.boxes.rows import LATEST, MICROSECONDS, BoxRows
from twlv.errors import InputError
from twlv.metrics.frame_ap import FrameScores, frame_ap
from twlv.metrics.frame_boxes import FrameBoxes, FrameRules
from twlv.types import DoubleArray, IntArray, Json


@dataclass(frozen=True, kw_only=True)
class BoxReport:
    """The score of a file of detections. ``actions`` are the evaluated ones, id to name, in order."""

    rules: str
    num_videos: int
    num_frames: int
    actions: Mapping[int, str]
    scores: FrameScores
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Json]:
        """As one JSON document; fractions, not percent; null where there is no AP."""
        scores = self.scores
        return {
            "rules": self.rules,
            "num_videos": self.num_videos,
            "num_frames": self.num_frames,
            "num_classes": len(self.actions),
            "num_people_labels": int(scores.num_truth.sum()),
            "num_detections": int(scores.num_detections.sum()),
            "frame_map": _plain(scores.mean_ap),
            "recall": scores.recall,
            "by_size": {name: {"map": _plain(ap), "num": num} for name, (ap, num) in scores.by_size.items()},
            "per_class": [
                {
                    "id": number,
                    "name": name,
                    "ap": _plain(float(scores.ap[index])),
                    "num_truth": int(scores.num_truth[index]),
                    "num_detections": int(scores.num_detections[index]),
                }
                for index, (number, name) in enumerate(self.actions.items())
            ],
            "not_counted": asdict(scores.left),
            "num_tied": scores.num_tied,
            "notes": list(self.notes),
        }


def score_boxes(
    detections: BoxRows,
    truth: BoxRows,
    *,
    actions: Mapping[int, str],
    rules: FrameRules,
    excluded: BoxRows | None = None,
) -> BoxReport:
    """Score detections on the ``actions`` (id to name) that are evaluated.

    ``excluded`` lists key frames (rows of two columns) of which the official rules know nothing. The eighth
    column of detections is the score, 1 where it is missing, as the official script has it.

    Raises:
        InputError: no annotated box; detections, but none of them on an annotated key frame.
    """
    if not len(truth):
        raise InputError(f"{truth.path}: no annotated box")
    numbers = _Numbers(detections, truth, *([excluded] if excluded else []))
    real, found = numbers.boxes(truth, None), numbers.boxes(detections, np.nan_to_num(detections.last, nan=1.0))
    frames = numbers.frames(truth)
    _check_frames(found, frames, detections, truth)
    scores = frame_ap(
        found,
        real,
        labels=np.array(list(actions), dtype=np.int64),
        frames=frames,
        excluded=None if excluded is None else numbers.frames(excluded),
        rules=rules,
    )
    silent = len(frames) - int(np.isin(frames, found.frame).sum())
    return BoxReport(
        rules=rules.name,
        num_videos=len(truth.videos),
        num_frames=len(frames),
        actions=actions,
        scores=scores,
        notes=(
            *notes_of_truth(truth, actions),
            *notes_of_detections(detections, truth, silent),
            *notes_of_scores(scores, actions, rules),
        ),
    )


class _Numbers:
    """Key frames of several files as integers from 0, equal where video and time are."""

    def __init__(self, *files: BoxRows) -> None:
        self.videos = {
            name: index for index, name in enumerate(dict.fromkeys(n for f in files for n in f.videos))
        }
        keys = [self._key(file, *file.frames.T) for file in files]
        self.known = np.unique(np.concatenate(keys))

    def boxes(self, rows: BoxRows, score: DoubleArray | None) -> FrameBoxes:
        frame = self._number(self._key(rows, rows.video, rows.time_us))
        return FrameBoxes(frame=frame, label=rows.action, xyxy=rows.xyxy, score=score)

    def frames(self, rows: BoxRows) -> IntArray:
        """The key frames of a file, those with nobody too."""
        return self._number(self._key(rows, *rows.frames.T))

    def _key(self, rows: BoxRows, video: IntArray, time_us: IntArray) -> IntArray:
        ids = np.array([self.videos[name] for name in rows.videos], dtype=np.int64)
        return ids[video] * (LATEST * MICROSECONDS + 1) + time_us

    def _number(self, keys: IntArray) -> IntArray:
        """Rows of one frame stand together in most files, so runs of them are looked up once."""
        first = np.append(True, keys[1:] != keys[:-1])[: len(keys)]
        found: IntArray = np.searchsorted(self.known, keys[first])[np.cumsum(first) - 1]
        return found


def _check_frames(found: FrameBoxes, frames: IntArray, detections: BoxRows, truth: BoxRows) -> None:
    if not len(found) or np.isin(found.frame, frames).any():
        return
    ours, theirs = (f"{rows.videos[0]} at {rows.time_us[0] / MICROSECONDS:g} s" for rows in (detections, truth))
    raise InputError(
        f"{detections.path}: none of {len(found)} detections is on an annotated key frame; the first is of "
        f"{ours}, the first annotated one {theirs}: compare video ids and timestamps"
    )


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else value
