"""What is said of boxes on key frames beside their score: sentences, classes, sizes, a few frames to draw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from twlv.metrics.frame_ap import SIZES, frame_ap
from twlv.metrics.frame_boxes import FrameBoxes
from twlv.tasks.key_frame_scores import Judged, detections_of, truth_of
from twlv.tasks.key_frames import KeyFrameTable, boxes_of
from twlv.types import Json, Sample

if TYPE_CHECKING:
    from twlv.heads.stal.train import Fitted

_SHOWN_FRAMES, _SHOWN_BOXES = 8, 20
_GUESSES = 16


def notes(known: KeyFrameTable, asked: KeyFrameTable, judged: Judged, fitted: Fitted) -> Iterator[str]:
    """What a reader must know: missing key frames, rows that do not count, people without a query."""
    if known.missing:
        yield f"{len(known.missing)} training key frames have no embedding and were not trained on"
    if asked.missing:
        count = len(asked.missing)
        yield f"{count} test key frames have no embedding: their people count and nobody found them"
    if len(_videos(judged.frames)) == 1:
        yield "all test key frames are of one video: the interval is over key frames, and too narrow"
    scores = judged.scores
    if nobody := int((scores.num_truth == 0).sum()):
        yield f"{nobody} of {len(scores.labels)} evaluated classes have nobody in the test and no AP"
    if scores.left.truth_no_area:
        yield f"{scores.left.truth_no_area} annotated boxes have no area: they count and cannot be found"
    if fitted.unmatched:
        yield (
            f"{fitted.unmatched} people of training key frames had no query, counted over all epochs: their "
            "pictures hold more than num_queries"
        )
    if shared := _videos(known.samples) & _videos(judged.frames):
        yield f"{len(shared)} videos stand in both train and test, for example '{min(shared)}'"


def details(
    known: KeyFrameTable, asked: KeyFrameTable, judged: Judged, fitted: Fitted, *, seed: int
) -> dict[str, Json]:
    """The details of an Outcome; ``docs/results.md`` has the forms that the report page draws."""
    classes, scores = asked.features.dataset.classes, judged.scores
    names = [classes[label] for label in scores.labels]
    trained = np.sum([boxes_of(sample).labels.sum(axis=0) for sample in known.samples], axis=0)
    config = fitted.decoder.config
    return {
        "chance_fap_50": chance(known, judged, seed=seed),
        "recall_50": 100 * scores.recall,
        "per_class": {
            name: 100 * float(ap) for name, ap in zip(names, scores.ap, strict=True) if np.isfinite(ap)
        },
        "class_frequency": {
            name: {"train": int(trained[label]), "test": int(count)}
            for name, label, count in zip(names, scores.labels, scores.num_truth, strict=True)
        },
        "by_size": {
            name: {"fap_50": _percent(value), "boxes": count, "least_share": SIZES[name][0]}
            for name, (value, count) in scores.by_size.items()
        },
        "key_frames": [*key_frames(judged, classes)],
        "decoder": {
            "parameters": sum(p.numel() for p in fitted.decoder.parameters()),
            "grid": [*config.grid],
            "key_step": config.key_step,
        },
        "num_key_frames": {"train": len(known), "test": len(judged.frames)},
        "train_tokens": known.where,
        "train_losses": [{**fitted.losses[0]}, {**fitted.losses[-1]}],
        "detections": len(judged.detections),
    }


def chance(known: KeyFrameTable, judged: Judged, *, seed: int) -> float | None:
    """The score of guessing: random boxes of training people, each with every class as often as in training."""
    random = np.random.default_rng(seed)
    people = [boxes_of(sample) for sample in known.samples]
    boxes = np.concatenate([target.xyxy for target in people])
    if not len(boxes):
        return None
    often = np.concatenate([target.labels for target in people]).mean(axis=0)
    shape = (len(judged.frames), _GUESSES)
    scores = often * random.uniform(0.999, 1.0, (*shape, 1))
    rows = detections_of(
        boxes[random.integers(len(boxes), size=shape)], scores.astype(np.float32), judged.scores.labels
    )
    found = frame_ap(rows, truth_of(judged.frames), labels=judged.scores.labels)
    return _percent(found.mean_ap)


def key_frames(judged: Judged, classes: Sequence[str]) -> Iterator[Json]:
    """A few test key frames with people, evenly spread over the test, and the surest detections there."""
    having = [i for i, sample in enumerate(judged.frames) if len(boxes_of(sample).xyxy)]
    places = np.linspace(0, len(having) - 1, _SHOWN_FRAMES).round().astype(int)
    for place in sorted(set(places.tolist())) if having else []:
        index = having[place]
        sample = judged.frames[index]
        yield {
            "video_id": sample.video_id,
            "time_seconds": boxes_of(sample).time_seconds,
            "truth": [*_truth(sample, classes)],
            "predictions": [*_predictions(judged.detections, index, classes)],
        }


def _truth(sample: Sample, classes: Sequence[str]) -> Iterator[Json]:
    target = boxes_of(sample)
    for corners, labels in zip(target.xyxy, target.labels, strict=True):
        named: list[Json] = [classes[label] for label in np.flatnonzero(labels).tolist()]
        yield {"box": _rounded(corners), "labels": named}


def _predictions(detections: FrameBoxes, frame: int, classes: Sequence[str]) -> Iterator[Json]:
    rows = np.flatnonzero(detections.frame == frame)[:_SHOWN_BOXES]
    for row in rows:
        score = 0.0 if detections.score is None else float(detections.score[row])
        yield {
            "box": _rounded(detections.xyxy[row]),
            "label": classes[int(detections.label[row])],
            "score": round(score, 4),
        }


def _rounded(corners: np.ndarray) -> list[Json]:
    return [round(float(corner), 4) for corner in corners]


def _percent(value: float) -> float | None:
    return 100 * value if np.isfinite(value) else None


def _videos(samples: Sequence[Sample]) -> set[str]:
    return {sample.path for sample in samples}
