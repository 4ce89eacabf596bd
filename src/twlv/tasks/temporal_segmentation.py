"""Temporal action segmentation: an ASFormer labels every frame from clip embeddings (report, Table 12)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from twlv.errors import UnknownName, UsageError
from twlv.metrics.segmentation_runs import EndRule
from twlv.tasks.choices import require_choice
from twlv.tasks.frame_alignment import Alignment
from twlv.tasks.seeds import derive
from twlv.tasks.segmentation_figures import figures
from twlv.tasks.segmentation_order import Order
from twlv.tasks.segmentation_scores import Answered, Counting, Missing, split_scores
from twlv.tasks.segmentation_words import notes, record
from twlv.tasks.table import check_pair
from twlv.types import Json, Level, MultiClip, Outcome, Sampling

if TYPE_CHECKING:
    from twlv.contracts import Features
    from twlv.heads.asformer import ASFormerConfig
    from twlv.heads.asformer.train import Recipe

Attention = Literal["sliding", "full"]
Window = Literal["block", "query"]


@dataclass(frozen=True, kw_only=True)
class TemporalSegmentation:
    """ASFormer (Yi, Wen and Jiang, BMVC 2021) on frozen clip embeddings, one model a split.

    The defaults are the report's size and its settings for GTEA; ``tasks.recipes_segmentation`` has those of
    its three data sets. The last epoch's weights are scored; nothing is chosen on the test set. Each split has
    seeds of its own, so that one alone gives what it gives among all; no global random state is used. On a CPU
    equal seeds give equal bits, and so does a run that was interrupted and started again.

    Attributes:
        layers: Layers of each stage; the i-th sees a window of 2^i steps.
        channels: Width inside the model.
        decoders: Stages after the encoder.
        attention: ``sliding`` windows, or ``full`` (the report's for Breakfast).
        window: ``block``: as the released code masks its windows. ``query``: as was meant.
        channel_dropout: Of whole input channels, in training.
        dropout: At the end of each layer.
        label_step: A label is learnt and predicted for every so many frames, and written so often (2 for
            50Salads, in all published code).
        alignment: How features come to the times of labels: by the ``centres`` of their clips, or by
            ``stretch``, the report's code (see ``frame_alignment``).
        epochs: Passes over the training videos.
        learning_rate: Of Adam, halved where the training loss no longer falls.
        weight_decay: Coupled, as in the report's code (its Table 7 prints 1e-4).
        smoothing: Weight of the penalty on changes between steps.
        patience: Epochs without a gain that are waited for before the rate is cut.
        factor: By which it is cut.
        order: Of the training videos: ``fixed``, ``reshuffled`` in every epoch, or ``published`` (that of the
            report's code for this seed).
        background: Classes that are no segments, where the set has them.
        rules: End of a video's last segment: ``e0``, a frame early, as ASFormer and the report; or ``e1``.
        missing: Whether a test video without an embedding counts as answered by nothing (``wrong``), or is
            ``exclude``d from the scores.
        predictions_to: Folder for the predicted labels, ``VIDEO.txt`` in MS-TCN's form; empty: none.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:0``.
    """

    layers: int = 8
    channels: int = 256
    decoders: int = 3
    attention: Attention = "sliding"
    window: Window = "block"
    channel_dropout: float = 0.3
    dropout: float = 0.5
    label_step: int = 1
    alignment: Alignment = "centres"
    epochs: int = 120
    learning_rate: float = 5e-4
    weight_decay: float = 1e-5
    smoothing: float = 0.15
    patience: int = 3
    factor: float = 0.5
    order: Order = "fixed"
    background: tuple[str, ...] = ("background",)
    rules: EndRule = "e0"
    missing: Missing = "wrong"
    predictions_to: str = ""
    device: str = "auto"

    def __post_init__(self) -> None:
        words = {"attention": Attention, "window": Window, "alignment": Alignment, "order": Order}
        for name, choices in {**words, "rules": EndRule, "missing": Missing}.items():
            require_choice(name, getattr(self, name), choices)
        if min(self.layers, self.channels, self.label_step, self.epochs) < 1 or self.patience < 0:
            raise UsageError("layers, channels, label_step and epochs start at 1, patience at 0")
        if not (self.learning_rate > 0 and self.weight_decay >= 0 and self.smoothing >= 0):
            raise UsageError("learning_rate is above 0, weight_decay and smoothing from 0 up")
        if not 0 < self.factor < 1:
            raise UsageError(f"factor is between 0 and 1, got {self.factor}")

    @property
    def name(self) -> str:
        """Prefix of the scores."""
        return "temporal_segmentation"

    @property
    def version(self) -> str:
        """Bumped by whatever moves a number."""
        return "1"

    @property
    def level(self) -> Level:
        """One vector a clip (report, Table 7: clip embedding)."""
        return "clip"

    @property
    def default_sampling(self) -> Sampling:
        """Clips of half a second every eighth (Table 7: GTEA and Breakfast; 50Salads has twice as much)."""
        return MultiClip(clip_seconds=0.5, stride_seconds=0.125)

    def run(self, train: Features, test: Features, *, seed: int = 0) -> Outcome:
        """Scores ``temporal_segmentation/mf1``, ``edit``, ``accuracy``, ``f1_10``, ``f1_25``, ``f1_50``.

        Raises:
            FeatureError: embeddings or labels that cannot be used (names the video), or a training that
                diverged.
            UnknownName: a class of ``background`` that the data set does not have.
        """
        return self.run_from(None, train, test, seed=seed)

    def run_from(self, checkpoints: Path | None, train: Features, test: Features, *, seed: int = 0) -> Outcome:
        """As ``run``; the state of the training is kept in the folder ``checkpoints``."""
        return self.run_folds(checkpoints, [(train, test)], seed=seed)

    def run_folds(
        self, checkpoints: Path | None, folds: Sequence[tuple[Features, Features]], *, seed: int = 0
    ) -> Outcome:
        """One training for each split (training half, test half); scores are the mean over splits.

        A split is called by the ``selection`` of its data set's card, from which its seeds follow.
        """
        from twlv.tasks.segmentation_training import Training

        for train, test in folds:
            check_pair(train, test)
        classes = folds[0][1].dataset.classes
        counting = Counting(background=self.background_of(classes), rules=self.rules)
        training = Training(task=self, folder=checkpoints, seed=seed, counting=counting)
        splits = [training.answer(*fold, order) for fold, order in training.in_order(folds)]
        if self.predictions_to:
            from twlv.tasks.segmentation_export import write_predictions

            write_predictions(Path(self.predictions_to), splits, classes)
        training.clear()
        interval = derive(seed, "temporal_segmentation/interval")
        return Outcome(
            scores=split_scores(self.name, splits, missing=self.missing, seed=interval),
            notes=tuple(notes(splits, classes, counting, self.missing)),
            details={**self._details(splits, classes, counting)},
            seeds={"run": seed, "interval": interval, **training.seeds},
        )

    def background_of(self, classes: Sequence[str]) -> tuple[int, ...]:
        """The class numbers of ``background``; UnknownName for one that there is not, except the default's."""
        for name in self.background:
            if name not in classes and self.background != TemporalSegmentation().background:
                raise UnknownName("class of background", name, classes)
        return tuple(classes.index(name) for name in self.background if name in classes)

    def model(self, width: int, num_classes: int) -> ASFormerConfig:
        """The model for features of this width."""
        from twlv.heads.asformer import ASFormerConfig

        return ASFormerConfig(
            width=width,
            num_classes=num_classes,
            layers=self.layers,
            channels=self.channels,
            decoders=self.decoders,
            attention=self.attention,
            window=self.window,
            channel_dropout=self.channel_dropout,
            dropout=self.dropout,
        )

    def recipe(self) -> Recipe:
        """How a model is trained."""
        from twlv.heads.asformer.train import Recipe

        return Recipe(
            epochs=self.epochs,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            smoothing=self.smoothing,
            patience=self.patience,
            factor=self.factor,
        )

    def resolved(self) -> dict[str, Json]:
        """What is built in, for a Result; where predictions are written decides nothing."""
        return {"predictions_to": "", "optimizer": "adam", "batch_size": 1, "clip_norm": None}

    def _details(
        self, splits: Sequence[Answered], classes: Sequence[str], counting: Counting
    ) -> dict[str, Json]:
        return {
            **record(splits, classes, counting, self.missing),
            **figures(splits, classes, counting),
        }
