"""What a reader of a localization result must know, counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from twlv.errors import FeatureError
from twlv.tasks.localization_prepare import usable
from twlv.tasks.long_videos import LongVideos

if TYPE_CHECKING:
    from twlv.tasks.localization_fusion import External
    from twlv.tasks.localization_recipes import LocalizationRecipe
    from twlv.tasks.localization_scores import Judged
    from twlv.tasks.temporal_localization import TemporalLocalization


def notes_of(
    known: LongVideos,
    asked: LongVideos,
    *,
    judged: Judged,
    failed: Mapping[str, str],
    external: External | None,
    task: TemporalLocalization,
    settings: LocalizationRecipe,
) -> tuple[str, ...]:
    """Sentences, the gravest first."""
    lines: list[str] = []
    if task.select == "best_on_test":
        lines.append(
            "BEST ON TEST: the epoch with the highest test score is reported; this number is biased upwards, "
            "and is only to be compared with numbers chosen likewise"
        )
    if judged.scores.average <= judged.random.average:
        lines.append("the score is not above that of random detections")
    lines += _lost(known, asked, failed)
    lines += external.notes(asked.samples, len(judged.classes)) if external else []
    lines += _odd(known, judged)
    lines += _cut(known, asked, settings)
    return tuple(lines)


def check_clock(videos: LongVideos) -> None:
    """Whether annotations and embeddings are on one clock, as far as can be seen.

    Raises:
        FeatureError: most segments start after the embeddings of their video end.
    """
    late, total = 0, 0
    for video in videos.videos:
        total += len(video.labels)
        late += int((video.ends_seconds[:, 0] >= video.grid.end_seconds).sum())
    if late > total / 2:
        raise FeatureError(
            f"{late} of {total} annotated segments start after the embeddings of their video end: is the "
            "stride of the features right, and are the annotations in seconds?"
        )


def _lost(known: LongVideos, asked: LongVideos, failed: Mapping[str, str]) -> list[str]:
    lines = []
    for role, half, consequence in (
        ("train", known, "they are not trained on"),
        ("test", asked, "their segments count as missed"),
    ):
        absent = len(half.features.missing)
        if absent:
            lines.append(f"{absent} {role} videos have no embedding: {consequence}")
        if half.unusable:
            names = _some(half.unusable)
            lines.append(
                f"{len(half.unusable)} {role} videos have vectors that are not finite ({names}): {consequence}"
            )
    if failed:
        lines.append(
            f"{len(failed)} test videos gave outputs that are not finite ({_some(failed)}): their segments "
            "count as missed"
        )
    return lines


def _odd(known: LongVideos, judged: Judged) -> list[str]:
    """Segments that do not count or cannot be found, labels that one split lacks, ties."""
    trained = {int(label) for video in known.videos for label in usable(video).label}
    tested = {int(label) for label in judged.scores.labels}
    unseen = sorted(judged.classes[label] for label in tested - trained)
    background = sum(not len(usable(video)) for video in known.videos)
    counts = {
        "annotated test segments do not count under these rules": len(judged.truth)
        - int(judged.scores.num_truth.sum()),
        "detections are of labels that the test split lacks, and are left out": judged.scores.num_ignored,
        "detections share a score with another of their label": judged.scores.num_tied,
        "training videos have no usable segment: they are trained on as background": background,
    }
    lines = [f"{count} {text}" for text, count in counts.items() if count]
    if unseen:
        lines.append(
            f"{len(unseen)} labels are tested but never trained on, and have AP 0: {', '.join(unseen[:5])}"
        )
    return lines


def _cut(known: LongVideos, asked: LongVideos, settings: LocalizationRecipe) -> list[str]:
    single = sum(video.num_clips == 1 for half in (known, asked) for video in half.videos)
    lines = [f"{single} videos are a single clip"] if single else []
    if not settings.resize:
        long = sum(video.grid.length > settings.max_length for video in known.videos)
        if long:
            lines.append(f"{long} training videos are longer than {settings.max_length} steps: cropped")
    past = sum(int((v.ends_seconds[:, 0] >= v.grid.end_seconds).sum()) for v in asked.videos)
    if past:
        lines.append(f"{past} annotated test segments start after the embeddings of their video end")
    return lines


def _some(reasons: Mapping[str, str]) -> str:
    return ", ".join(sorted(reasons)[:3])
