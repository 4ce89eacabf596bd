"""What is said of a segmentation beside its scores: sentences, and the record of every split."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from twlv.tasks.segmentation_scores import METRICS, Answered, Counting, Missing, spread, values
from twlv.tasks.segmentation_table import LabelledVideos
from twlv.types import Json


def notes(
    splits: Sequence[Answered], classes: Sequence[str], counting: Counting, missing: Missing
) -> Iterator[str]:
    """What a reader must know: spread over splits, missing videos, what is in no score, time not covered."""
    if len(splits) > 1:
        wide = spread(splits, missing)
        said = ", ".join(f"{name} {wide[name]:.2f}" for name in METRICS[:3])
        yield f"mean over {len(splits)} splits; standard deviation over them: {said}"
    names = ", ".join(classes[index] for index in counting.background)
    yield f"classes that are no segments: {names}" if names else "every class is scored as an action"
    for split in splits:
        where = f"{split.name}: " if split.name else ""
        yield from (f"{where}{text}" for text in _split_notes(split, missing))


def _split_notes(split: Answered, missing: Missing) -> Iterator[str]:
    absent = {"train": split.train.missing, "test": split.test.missing}
    fate = {
        "train": "were not trained on",
        "test": "count as answered by nothing" if missing == "wrong" else "are left out of every score",
    }
    for half, samples in absent.items():
        if samples:
            yield f"{len(samples)} {half} videos have no usable embedding ({_few(samples)}) and {fate[half]}"
    scores = split.counts(missing).pooled()
    if scores.num_edit < scores.num_videos:
        yield (
            f"Edit is the mean over {scores.num_edit} of {scores.num_videos} videos; the others have no "
            "segment, true or predicted"
        )
    if both := {v.video_id for v in split.train.videos} & {v.video_id for v in split.test.videos}:
        yield f"{len(both)} videos stand in both train and test, for example '{min(both)}'"
    groups = [{video.sample.group for video in half.videos} - {""} for half in (split.train, split.test)]
    if shared := groups[0] & groups[1]:
        yield f"{len(shared)} groups stand in both train and test, for example '{min(shared)}'"
    for half, videos in (("train", split.train), ("test", split.test)):
        yield from _time_notes(half, videos)


def _time_notes(half: str, videos: LabelledVideos) -> Iterator[str]:
    """Time that labels and clips do not share, where it is more than a second; videos of one step."""
    left = np.array([video.steps.leftover_seconds for video in videos.videos])
    for sign, what in ((1, "labels go on after the last clip"), (-1, "clips go on after the last label")):
        if (late := sign * left > 1.0).any():
            worst = videos.videos[int(np.argmax(sign * left))].video_id
            yield (
                f"{late.sum()} {half} videos: {what}, by up to {np.max(sign * left):.2f} s ('{worst}'); "
                + ("there the last clip holds" if sign > 0 else "these are not used")
            )
    if short := [video.video_id for video in videos.videos if len(video.steps) == 1]:
        yield f"{len(short)} {half} videos have one step and are read as two equal ones, such as '{short[0]}'"


def _few(samples: Sequence[object]) -> str:
    ids = [f"'{getattr(sample, 'video_id', sample)}'" for sample in samples]
    return ", ".join(ids[:3]) + (", ..." if len(ids) > 3 else "")


def record(
    splits: Sequence[Answered], classes: Sequence[str], counting: Counting, missing: Missing
) -> dict[str, Json]:
    """For the details of an Outcome: every split by itself, the spread, the baseline, what was counted."""
    return {
        "num_classes": len(classes),
        "background": [*(classes[index] for index in counting.background)],
        "splits": [_split_record(split, missing) for split in splits],
        "standard_deviation": dict(spread(splits, missing)),
        "commonest_class_accuracy": float(np.mean([_commonest(split, len(classes)) for split in splits])),
    }


def _split_record(split: Answered, missing: Missing) -> dict[str, Json]:
    scores = split.counts(missing).pooled()
    return {
        "split": split.name,
        **{name: None if np.isnan(value) else value for name, value in values(scores).items()},
        "test_videos": scores.num_videos,
        "edit_videos": scores.num_edit,
        "test_missing": [*(sample.video_id for sample in split.test.missing[:50])],
        "train_videos": len(split.train),
        "train_missing": len(split.train.missing),
        "unusable": {**split.train.unusable, **split.test.unusable},
        "leftover_train": split.train.leftover,
        "leftover_test": split.test.leftover,
        "epochs": len(split.losses),
        "train_loss_first_epoch": split.losses[0],
        "train_loss": split.losses[-1],
        "learning_rate_last_epoch": split.rates[-1],
    }


def _commonest(split: Answered, num_classes: int) -> float:
    """Accuracy in percent of the commonest class of the training frames, on the decoded test videos."""
    train = np.concatenate([video.labels for video in split.train.videos])
    test = np.concatenate([video.labels for video in split.test.videos])
    return 100 * float(np.mean(test == np.bincount(train, minlength=num_classes).argmax()))
