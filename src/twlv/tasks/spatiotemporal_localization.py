"""Spatio-temporal action localization: a query decoder finds who does what on key frames (report, Table 11)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from twlv.errors import UsageError
from twlv.tasks.choices import require_choice
from twlv.tasks.key_frame_scores import judge, mean_ap
from twlv.tasks.key_frame_words import details, notes
from twlv.tasks.key_frames import KeyFrameTable, gather_key_frames
from twlv.tasks.seeds import derive
from twlv.tasks.table import check_pair
from twlv.types import Around, Framing, IntArray, Json, Level, Outcome, Sampling

if TYPE_CHECKING:
    import torch

    from twlv.contracts import Features
    from twlv.heads.checkpoint import Checkpoints
    from twlv.heads.stal.config import DecoderConfig
    from twlv.heads.stal.settings import LossSettings
    from twlv.heads.stal.train import Fitted, Recipe

Cross = Literal["factorised", "full"]
Times = Literal["all", "key"]
Norm = Literal["after", "before"]
Positions = Literal["sine", "learned"]
Normaliser = Literal["labels", "people", "mean"]
_PURPOSES = ("order", "init", "interval", "chance")
_STEPS, _SMALLEST_BATCH = 3000, 8
_OWN = 256
"""Training key frames that are answered too: a decoder that does not know its own has learnt nothing."""


@dataclass(frozen=True, kw_only=True)
class SpatiotemporalLocalization:
    """A decoder in the manner of STAR on patch tokens of frozen backbones; no person detector, no suppression.

    The defaults are the report's Table 8 (layers, widths, dropout, drop path, rate, decay, epochs, warm-up);
    ``heads/stal/config.py`` and ``settings.py`` say what is inferred. The last epoch's weights are scored;
    nothing is chosen on the test set. A key frame is seen by one clip around it, whole pictures squashed to the
    square of the backbone. Training is on the key frame alone. No global random state is used; on a CPU
    equal seeds give equal bits, and so does a run that was interrupted and started again.

    Attributes:
        num_queries: The most people that can be found on a key frame.
        num_layers: Layers of the decoder.
        width: Its width.
        num_heads: Attention heads.
        mlp_width: Width inside its MLPs.
        box_layers: Linear layers of the box head, shared over layers, as the class head is.
        dropout: In attention, MLPs and before residual sums.
        drop_path: Of residual branches, by clip.
        cross: A query reads the tokens of its own time (``factorised``) or of all times (``full``).
        times: Queries at ``all`` times of the tokens, or the ``key`` frame's alone (cheaper; read all tokens).
        norm: Layer norms ``after`` residual sums or ``before`` each branch.
        positions: ``sine`` or ``learned`` positions of the tokens in the picture.
        value_positions: Whether what is read from a token tells its position.
        focal: Focal entropy of classes, with ``alpha`` and ``gamma``; otherwise plain.
        alpha: Weight of the positive side.
        gamma: How much sure answers are weighed down.
        normaliser: Of the class loss: positive ``labels``, ``people``, or the ``mean`` over all queries.
        cost_classes: Weight of the class cost in matching; ``cost_l1`` and ``cost_giou`` those of boxes.
        cost_l1: See there.
        cost_giou: See there.
        weight_classes: Weight of the class loss; ``weight_l1`` and ``weight_giou`` those of boxes.
        weight_l1: See there.
        weight_giou: See there.
        epochs: Passes over the training key frames.
        warmup_epochs: Of these, with a linearly rising rate; then half a cosine to 0.
        batch_size: Key frames in a step; None: 256, or fewer so that the training has 3,000 steps, at least 8.
        clips_at_once: Of a batch, for the memory.
        learning_rate: Peak rate of AdamW.
        weight_decay: Of matrices and tables, not of biases and norms.
        clip_norm: Largest length of the gradient; None: any.
        clip_seconds: Length of the clip around a key frame, where none is asked.
        detections_to: File for the detections in AVA's form; empty: none.
        memory_gb: Tokens of a split that are more than this are read again in every epoch.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:0``.
    """

    num_queries: int = 64
    num_layers: int = 6
    width: int = 256
    num_heads: int = 8
    mlp_width: int = 2048
    box_layers: int = 3
    dropout: float = 0.1
    drop_path: float = 0.1
    cross: Cross = "factorised"
    times: Times = "all"
    norm: Norm = "after"
    positions: Positions = "sine"
    value_positions: bool = True
    focal: bool = True
    alpha: float = 0.3
    gamma: float = 2.0
    normaliser: Normaliser = "labels"
    cost_classes: float = 2.0
    cost_l1: float = 5.0
    cost_giou: float = 2.0
    weight_classes: float = 2.0
    weight_l1: float = 5.0
    weight_giou: float = 2.0
    epochs: int = 50
    warmup_epochs: int = 10
    batch_size: int | None = None
    clips_at_once: int = 16
    learning_rate: float = 1e-4
    weight_decay: float = 1e-5
    clip_norm: float | None = 1.0
    clip_seconds: float = 64 / 30
    detections_to: str = ""
    memory_gb: float = 2.0
    device: str = "auto"

    def __post_init__(self) -> None:
        words = {"cross": Cross, "times": Times, "norm": Norm, "positions": Positions}
        for name, choices in {**words, "normaliser": Normaliser}.items():
            require_choice(name, getattr(self, name), choices)
        counts = (self.num_queries, self.num_layers, self.box_layers, self.epochs, self.clips_at_once)
        if (
            min(*counts, 1 if self.batch_size is None else self.batch_size) < 1
            or not 0 <= self.warmup_epochs <= self.epochs
        ):
            raise UsageError(
                "queries, layers, epochs, batch_size and clips_at_once start at 1, warmup_epochs at 0"
            )
        if not (self.learning_rate > 0 and self.weight_decay >= 0 and 0 < self.clip_seconds < math.inf):
            raise UsageError("learning_rate and clip_seconds are above 0, weight_decay from 0 up")
        if self.clip_norm is not None and not self.clip_norm > 0:
            raise UsageError(f"clip_norm is above 0 or none, got {self.clip_norm}")
        if not (0 <= self.dropout < 1 and 0 <= self.drop_path < 1 and 0 < self.alpha < 1 and self.gamma >= 0):
            raise UsageError("dropout and drop_path are below 1, alpha between 0 and 1, gamma from 0 up")

    @property
    def name(self) -> str:
        """Prefix of the scores."""
        return "spatiotemporal_localization"

    @property
    def version(self) -> str:
        """Bumped by whatever moves a number."""
        return "1"

    @property
    def level(self) -> Level:
        """All patch tokens of the clip around a key frame."""
        return "patch"

    @property
    def default_sampling(self) -> Sampling:
        """One clip around each key frame (not printed in the report; 64 frames at 30 a second, as SlowFast)."""
        return Around(clip_seconds=self.clip_seconds)

    @property
    def framing(self) -> Framing:
        """Whole pictures: of AVA's boxes a square crop of a 16:9 picture loses a fifth."""
        return "squash"

    def run(self, train: Features, test: Features, *, seed: int = 0) -> Outcome:
        """Score ``spatiotemporal_localization/fap_50``: frame AP at an overlap of 0.5, the official rules.

        Beside it in the details: ``train_fap_50`` of up to 256 training key frames, ``chance_fap_50`` of
        guessing, AP by class with its frequency, and by size of the people.

        Raises:
            FeatureError: embeddings or targets that cannot be used (names the key frame), or a training that
                diverged.
            UsageError: settings that do not fit the embeddings.
        """
        return self.run_from(None, train, test, seed=seed)

    def run_from(self, checkpoints: Path | None, train: Features, test: Features, *, seed: int = 0) -> Outcome:
        """As ``run``; the state of the training is kept in the folder ``checkpoints`` after each epoch."""
        from twlv.heads import full_float32
        from twlv.heads.checkpoint import Checkpoints
        from twlv.heads.stal.answers import answer
        from twlv.nn.precision import resolve_device

        check_pair(train, test)
        memory = self.memory_gb * 1e9
        known, asked = (
            gather_key_frames(features, role=role, memory_bytes=memory)
            for features, role in ((train, "train"), (test, "test"))
        )
        if known.grid != asked.grid:
            raise UsageError(f"train tokens have the grid {known.grid}, test tokens {asked.grid}")
        seeds = {purpose: derive(seed, f"{self.name}/{purpose}") for purpose in _PURPOSES}
        device = resolve_device(self.device)
        origin: dict[str, Json] = {"task": self.name, "version": self.version, **known.origin}
        kept = Checkpoints(folder=checkpoints, origin=origin)
        with full_float32(device):
            fitted = self._fit(known, seeds, device, kept)
            answers = answer(fitted.decoder, asked)
            own = known.first(_OWN)
            own_answers = answer(fitted.decoder, own)
        labels = evaluated(test)
        judged = judge(answers, asked.samples, asked.missing, labels, seed=seeds["interval"])
        if self.detections_to:
            from twlv.data.boxes.detections import write_detections

            ids = [sample.video_id for sample in judged.frames]
            write_detections(Path(self.detections_to), judged.detections, ids)
        return Outcome(
            scores={f"{self.name}/fap_50": judged.score},
            notes=tuple(notes(known, asked, judged, fitted)),
            details={
                "train_fap_50": mean_ap(own_answers, own.samples, labels),
                **details(known, asked, judged, fitted, seed=seeds["chance"]),
            },
            seeds={"run": seed, **seeds},
        )

    def _fit(
        self, known: KeyFrameTable, seeds: dict[str, int], device: torch.device, kept: Checkpoints
    ) -> Fitted:
        from twlv.codec import to_json
        from twlv.heads.stal.train import fit_decoder

        config = self.decoder(known.features.dim, len(known.features.dataset.classes), known.grid)
        loss, recipe = self.loss(), self.recipe(len(known))
        decided: dict[str, Json] = {
            "decoder": to_json(config), "loss": to_json(loss), "recipe": to_json(recipe), "seeds": {**seeds}
        }  # fmt: skip
        stage = kept.stage("decoder", **decided)
        fitted = fit_decoder(
            config,
            loss,
            recipe,
            known,
            init_seed=seeds["init"],
            order_seed=seeds["order"],
            device=device,
            checkpoint=stage,
        )
        kept.clear(stage)
        return fitted

    def decoder(self, width: int, num_classes: int, grid: tuple[int, int, int]) -> DecoderConfig:
        """The decoder for tokens of this width on this grid."""
        from twlv.heads.stal.config import DecoderConfig

        return DecoderConfig(
            input_width=width,
            num_classes=num_classes,
            grid=grid,
            num_queries=self.num_queries,
            num_layers=self.num_layers,
            width=self.width,
            num_heads=self.num_heads,
            mlp_width=self.mlp_width,
            box_layers=self.box_layers,
            dropout=self.dropout,
            drop_path=self.drop_path,
            cross=self.cross,
            times=self.times,
            norm=self.norm,
            positions=self.positions,
            value_positions=self.value_positions,
        )

    def loss(self) -> LossSettings:
        """How answers are matched and what is lost."""
        from twlv.heads.stal.settings import LossSettings

        return LossSettings(
            focal=self.focal,
            alpha=self.alpha,
            gamma=self.gamma,
            normaliser=self.normaliser,
            cost_classes=self.cost_classes,
            cost_l1=self.cost_l1,
            cost_giou=self.cost_giou,
            weight_classes=self.weight_classes,
            weight_l1=self.weight_l1,
            weight_giou=self.weight_giou,
        )

    def recipe(self, num_frames: int) -> Recipe:
        """How the decoder is trained on so many key frames."""
        from twlv.heads.stal.train import Recipe

        usual = max(_SMALLEST_BATCH, min(256, num_frames * self.epochs // _STEPS))
        return Recipe(
            epochs=self.epochs,
            warmup_epochs=self.warmup_epochs,
            batch_size=self.batch_size or usual,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            clip_norm=self.clip_norm,
            clips_at_once=self.clips_at_once,
        )


def evaluated(features: Features) -> IntArray:
    """The classes that are scored: those that the card names (60 of AVA's 80), else all."""
    card = features.dataset
    return np.array(card.scored or range(len(card.classes)), dtype=np.int64)
