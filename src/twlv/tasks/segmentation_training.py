"""One ASFormer for every split of a task, each from seeds of its own, and its labels for the test videos."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from twlv.metrics.segmentation import count_segmentation, count_unanswered
from twlv.tasks.seeds import derive
from twlv.tasks.segmentation_order import epoch_order, published_orders
from twlv.tasks.segmentation_scores import Answered, Counting
from twlv.tasks.segmentation_table import LabelledVideos, frame_labels, gather_labelled
from twlv.types import IntArray, Json

if TYPE_CHECKING:
    from twlv.contracts import Features
    from twlv.heads.asformer.model import ASFormer
    from twlv.heads.asformer.train import Fitted
    from twlv.heads.checkpoint import Checkpoint
    from twlv.tasks.temporal_segmentation import TemporalSegmentation

    Fold: TypeAlias = tuple[Features, Features]


@dataclass(frozen=True, kw_only=True, eq=False)
class Training:
    """What the splits share; ``seeds`` and ``used`` collect what each has drawn from, and its checkpoint."""

    task: TemporalSegmentation
    folder: Path | None
    seed: int
    counting: Counting
    seeds: dict[str, int] = field(default_factory=dict)
    used: list[Checkpoint] = field(default_factory=list)

    def in_order(self, folds: Sequence[Fold]) -> Iterator[tuple[Fold, list[str] | None]]:
        """Every split, with the ids of its training videos in the published order where that is asked for."""
        if self.task.order != "published":
            yield from ((fold, None) for fold in folds)
            return
        ids = [tuple(_ids(half) for half in fold) for fold in folds]
        orders = published_orders([(train, test) for train, test in ids], self.seed)
        yield from zip(folds, orders, strict=True)

    def answer(self, train: Features, test: Features, order: list[str] | None) -> Answered:
        """Train on one half, label the other. ``order``: ids in place of an order of our own."""
        from twlv.heads import full_float32
        from twlv.heads.checkpoint import Checkpoints
        from twlv.nn.precision import resolve_device

        task, classes, name = self.task, test.dataset.classes, test.dataset.selection
        videos, asked = (
            gather_labelled(
                half, role=role, num_classes=len(classes), label_step=task.label_step, rule=task.alignment
            )
            for half, role in ((train, "train"), (test, "test"))
        )
        own = {part: derive(self.seed, f"{task.name}/{name}/{part}") for part in ("training", "order")}
        self.seeds.update({f"{part} {name}".strip(): value for part, value in own.items()})
        decided = self._decided(train, videos, own)
        stage = Checkpoints(folder=self.folder).stage("asformer", **decided)
        self.used.append(stage)
        device = resolve_device(task.device)
        from twlv.heads.asformer.train import fit_asformer

        with full_float32(device):
            fitted = fit_asformer(
                task.model(train.dim, len(classes)),
                task.recipe(),
                videos.training,
                _visits(videos, order) or epoch_order(task.order, len(videos), own["order"]),
                seed=own["training"],
                device=device,
                checkpoint=stage,
            )
            predicted = tuple(_labels(fitted.model, asked, i) for i in range(len(asked)))
        return self._answered(name, videos, asked, predicted, fitted)

    def clear(self) -> None:
        """Remove the checkpoints: the run has ended."""
        from twlv.heads.checkpoint import Checkpoints

        Checkpoints(folder=self.folder).clear(*self.used)

    def _decided(self, train: Features, videos: LabelledVideos, seeds: dict[str, int]) -> dict[str, Json]:
        task, card = self.task, train.backbone
        return {
            "task": [task.name, task.version],
            "backbone": [card.name, card.weights_sha256],
            "model": asdict(task.model(train.dim, len(train.dataset.classes))),
            "recipe": asdict(task.recipe()),
            "videos": [[video.video_id, len(video.steps)] for video in videos.videos],
            "vectors": videos.checksum,
            "labels": [task.label_step, task.alignment, task.order, videos.label_checksum],
            "seeds": dict(seeds),
        }

    def _answered(
        self,
        name: str,
        videos: LabelledVideos,
        asked: LabelledVideos,
        predicted: tuple[IntArray, ...],
        fitted: Fitted,
    ) -> Answered:
        background, end = self.counting.background, self.counting.rules
        true = [video.labels for video in asked.videos]
        absent = [frame_labels(sample, 1 << 30, "test").indices for sample in asked.missing]
        return Answered(
            name=name,
            train=videos,
            test=asked,
            predicted=predicted,
            decoded=count_segmentation(predicted, true, background=background, end=end),
            absent=count_unanswered(absent, background=background, end=end),
            losses=fitted.losses,
            rates=fitted.rates,
        )


def _ids(features: Features) -> list[str]:
    """Ids of all videos of a half, those without an embedding too."""
    return [sample.video_id for _, sample in features] + [sample.video_id for sample in features.missing]


def _visits(videos: LabelledVideos, order: list[str] | None) -> Callable[[int], Sequence[int]] | None:
    if order is None:
        return None
    number = {video.video_id: i for i, video in enumerate(videos.videos)}
    found = [number[video_id] for video_id in order if video_id in number]
    return lambda epoch: found


def _labels(model: ASFormer, videos: LabelledVideos, index: int) -> IntArray:
    """The predicted class of every frame; up to ``label_step`` - 1 more than there are, as all code has it."""
    from twlv.heads.asformer.train import label_steps

    return np.repeat(label_steps(model, videos.videos[index].features()), videos.label_step)
