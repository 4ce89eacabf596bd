"""One run of temporal localization: videos prepared, a network trained, its detections scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from twlv.errors import FeatureError
from twlv.metrics.temporal_segments import RULES
from twlv.tasks.localization_export import write_detections
from twlv.tasks.localization_fusion import External
from twlv.tasks.localization_notes import check_clock, notes_of
from twlv.tasks.localization_prepare import fit_recipe, labelled
from twlv.tasks.localization_recipes import LocalizationRecipe
from twlv.tasks.localization_scores import Judged, explained, judge, scores_of
from twlv.tasks.long_videos import LongVideos, gather
from twlv.types import Json, Outcome

if TYPE_CHECKING:
    import torch

    from twlv.contracts import Features
    from twlv.heads.actionformer.detect import Detections
    from twlv.heads.actionformer.fit import Training
    from twlv.heads.actionformer.network import ActionFormer
    from twlv.heads.checkpoint import Checkpoint
    from twlv.tasks.temporal_localization import TemporalLocalization


@dataclass(frozen=True, kw_only=True)
class LocalizationRun:
    """What a run is decided by."""

    task: TemporalLocalization
    settings: LocalizationRecipe
    classes: Sequence[str]
    seeds: Mapping[str, int]

    def outcome(self, checkpoints: Path | None, train: Features, test: Features, *, seed: int) -> Outcome:
        """Train, detect, score."""
        from twlv.heads import full_float32
        from twlv.nn.precision import fast_float32, resolve_device

        resize = self.settings.max_length if self.settings.resize else None
        room = self.task.memory_gb * 1e9
        known, asked = (
            gather(half, role=role, resize=resize, memory_bytes=room)
            for half, role in ((train, "train"), (test, "test"))
        )
        check_clock(known)
        check_clock(asked)
        external = self._external()
        device = resolve_device(self.task.device)
        with full_float32(device), fast_float32(device):
            training, checkpoint = self._train(checkpoints, known, asked, external, device)
            model = self._chosen(training)
            found, failed = self._detect(model, asked, external)
        if checkpoint.path is not None:
            checkpoint.path.unlink(missing_ok=True)
        judged = self._judge(found, asked)
        if self.task.detections is not None:
            path = Path(str(self.task.detections).replace("{seed}", str(seed)))
            write_detections(path, found, self.classes, made_by=f"{self.task.name} on {test.backbone.name}")
        used = len(asked) - len(failed)
        return Outcome(
            scores=scores_of(
                judged, self.task.name, coverage=used / max(len(asked.samples), 1), seed=self.seeds["interval"]
            ),
            notes=notes_of(
                known,
                asked,
                judged=judged,
                failed=failed,
                external=external,
                task=self.task,
                settings=self.settings,
            ),
            details={
                **explained(judged, self.settings),
                "training": self._record(training, known),
                **({"external": external.details(asked.samples)} if external else {}),
            },
            seeds={"run": seed, **self.seeds},
        )

    def _external(self) -> External | None:
        if self.task.external is None:
            return None
        return External.read(
            self.task.external,
            self.classes,
            form=self.task.external_form,
            names=self.task.external_classes,
        )

    def _train(
        self,
        checkpoints: Path | None,
        known: LongVideos,
        asked: LongVideos,
        external: External | None,
        device: torch.device,
    ) -> tuple[Training, Checkpoint]:
        from twlv.codec import to_json
        from twlv.heads.actionformer.fit import fit
        from twlv.heads.checkpoint import Checkpoints

        recipe = fit_recipe(self.settings, width=known.features.dim, num_classes=self._num_classes)
        best = self.task.select == "best_on_test"
        card = known.features.backbone
        origin: dict[str, Json] = {
            "task": self.task.name,
            "version": self.task.version,
            "backbone": [card.name, card.weights_sha256],
            "videos": known.fingerprint,
            "judged_on": asked.fingerprint if best else 0,
        }
        checkpoint = Checkpoints(folder=checkpoints, origin=origin).stage(
            "actionformer", recipe=to_json(recipe), seed=self.seeds["train"], settings=self._settings_text
        )

        def worth(model: ActionFormer) -> float:
            return self._judge(self._detect(model, asked, external)[0], asked).scores.average

        videos = labelled(known, self.settings, agnostic=external is not None)
        training = fit(
            videos,
            known.rows,
            recipe,
            seed=self.seeds["train"],
            device=device,
            checkpoint=checkpoint,
            judge=worth if best else None,
        )
        return training, checkpoint

    @property
    def _num_classes(self) -> int:
        return 1 if self.task.external is not None else len(self.classes)

    @property
    def _settings_text(self) -> str:
        return repr(asdict(self.settings))

    def _chosen(self, training: Training) -> ActionFormer:
        """The mean weights of the last epoch, or of the best on the test set."""
        model = training.mean.model
        if self.task.select == "best_on_test":
            if training.best is None:
                raise FeatureError("no epoch was judged on the test set")
            model.load_state_dict(dict(training.best))
        return model

    def _detect(
        self, model: ActionFormer, asked: LongVideos, external: External | None
    ) -> tuple[dict[str, Detections], dict[str, str]]:
        """Detections by video id, and the videos that have none for a reason."""
        from twlv.heads.actionformer.detect import detect
        from twlv.tasks.localization_prepare import detect_settings

        settings = detect_settings(self.settings, self.task, external=external is not None)
        found: dict[str, Detections] = {}
        failed: dict[str, str] = {}
        for video, rows in zip(asked.videos, asked.rows(range(len(asked))), strict=True):
            try:
                one = detect(model, rows, video.grid, settings)
            except FeatureError as error:
                failed[video.video_id] = f"not_finite: {error}"
                continue
            fused = one if external is None else external.fused(video.video_id, one)
            if fused is not None:
                found[video.video_id] = fused
        return found, failed

    def _judge(self, found: Mapping[str, Detections], asked: LongVideos) -> Judged:
        return judge(
            found,
            asked.samples,
            self.classes,
            rules=RULES[self.task.rules],
            thresholds=self.settings.thresholds,
            seed=self.seeds["random"],
        )

    def _record(self, training: Training, known: LongVideos) -> dict[str, Json]:
        """How the network was trained."""
        first, last = training.history[0], training.history[-1]
        lengths = np.array([video.grid.length for video in known.videos])
        return {
            "videos": len(known),
            "epochs": len(training.history),
            "loss_first_epoch": first["loss"],
            "loss": last["loss"],
            "loss_classes": last["classes"],
            "loss_ends": last["ends"],
            "positives_per_step": last["positives"],
            "positives_running": training.normaliser,
            "longer_than_max_length": int((lengths > self.settings.max_length).sum()),
            "in_memory": known.kept is not None,
            "best_epoch": training.best_epoch if training.best is not None else None,
            "weights": "running mean of the last epoch" if training.best is None else "best on the test set",
        }
