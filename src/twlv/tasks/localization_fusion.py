"""Classes of an external classifier for the detections of a network that has none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from twlv.tasks.long_videos import segments_of
from twlv.types import DoubleArray, Json, Sample

if TYPE_CHECKING:
    from twlv.heads.actionformer.detect import Detections
    from twlv.heads.actionformer.fusion import ScoreForm

TOP = 2
MOST = 200
"""Classes a video, and detections that are repeated for each: both data sets, the report authors' code."""


@dataclass(frozen=True, kw_only=True)
class External:
    """Class scores (K,) by video id, in the order of the classes; ``by_name``: columns were joined by name."""

    scores: Mapping[str, DoubleArray]
    form: ScoreForm
    by_name: bool

    @classmethod
    def read(cls, path: Path, classes: Sequence[str], *, form: ScoreForm, names: Path | None) -> External:
        """From a file (see ``data.segments.class_scores``); ``names`` a text file of its columns' names."""
        from twlv.data.segments.class_scores import read_class_scores

        lines = names.read_text(encoding="utf-8").splitlines() if names is not None else None
        columns = [line.strip() for line in lines if line.strip()] if lines is not None else None
        scores, by_name = read_class_scores(path, classes, names=columns)
        return cls(scores=scores, form=form, by_name=by_name)

    def fused(self, video_id: str, found: Detections) -> Detections | None:
        """The detections under the video's likeliest classes, the surest first; None without scores for it."""
        from twlv.heads.actionformer.detect import Detections
        from twlv.heads.actionformer.fusion import class_scores, fuse

        if video_id not in self.scores:
            return None
        made = fuse(found.scores, class_scores(self.scores[video_id], self.form), top=TOP, most=MOST)
        order = np.argsort(-made.scores, kind="stable")
        return Detections(
            ends_seconds=found.ends_seconds[made.rows][order],
            scores=made.scores[order].astype(np.float32),
            labels=made.labels[order],
        )

    def details(self, samples: Sequence[Sample]) -> dict[str, Json]:
        """How often a video's first class, and one of the first two, is annotated in it; in percent."""
        known = [s for s in samples if s.video_id in self.scores and segments_of(s).indices]
        hits = dict.fromkeys((1, TOP), 0)
        for sample in known:
            best = np.argsort(-self.scores[sample.video_id], kind="stable")
            for k in hits:
                hits[k] += bool(set(best[:k].tolist()) & set(segments_of(sample).indices))
        share: dict[str, Json] = {f"top{k}": 100 * hit / max(len(known), 1) for k, hit in hits.items()}
        return {
            "form": self.form,
            "columns_by_name": self.by_name,
            "videos_without_scores": [s.video_id for s in samples if s.video_id not in self.scores],
            **share,
        }

    def notes(self, samples: Sequence[Sample], num_classes: int) -> list[str]:
        """What a reader must know: videos without scores, columns of unknown order, scores near chance."""
        details = self.details(samples)
        without = len([s for s in samples if s.video_id not in self.scores])
        lines = []
        if without:
            lines.append(
                f"{without} of {len(samples)} test videos have no scores of the external classifier: they have "
                "no detections, and their segments count as missed"
            )
        if not self.by_name:
            lines.append(
                "columns of the external scores are taken in the order of the annotation's label numbers; a "
                "file of names (external_classes) makes sure"
            )
        if float(str(details["top1"])) < 3 * 100 / max(num_classes, 1):
            lines.append(
                f"the external classifier's first class is annotated in {details['top1']:.1f} % of the videos: "
                "are its columns in another order?"
            )
        return lines
