"""Attentive probing: one learnable query reads the patch tokens of a frozen backbone (report, Table 5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from twlv.errors import FeatureError, UsageError
from twlv.tasks.answers import scored
from twlv.tasks.attentive_training import TokenTrainer, usual_batch, usual_epochs
from twlv.tasks.choices import require_choice
from twlv.tasks.probe_grid import Choice, select
from twlv.tasks.probe_recipe import CONSTANTS
from twlv.tasks.scoring import Missing, baselines, notes
from twlv.tasks.seeds import derive
from twlv.tasks.table import check_pair, class_count
from twlv.tasks.token_table import Segments, TokenTable, gather_tokens
from twlv.tasks.tried import Point
from twlv.types import Json, Level, Outcome

if TYPE_CHECKING:
    from twlv.contracts import Features
    from twlv.heads.attentive_updates import AttentiveRecipe
    from twlv.nn.attentive_pool import PoolerConfig

Pooler = Literal["vjepa", "vjepa2", "videoglue", "plain"]
Select = Literal["held_out", "best_on_test"]
Decay = Literal["matrices", "all"]
_PURPOSES = ("order", "init", "split", "interval")


@dataclass(frozen=True, kw_only=True)
class AttentiveProbe:
    """A pooler with one learnable query and a linear layer, trained with AdamW and cross-entropy on tokens.

    Every pair of ``learning_rates`` and ``weight_decays`` is trained side by side in one pass over the tokens,
    on the training set less a held-out part, and one pair is chosen and trained again on the whole training
    set, by the rules of ``LinearProbe``. The defaults are V-JEPA's pooler, clipping and decay groups with the
    grid of V-JEPA 2's evaluation (20 probes); ``tasks.recipes`` has the settings of the report and others.

    Videos with several labels are trained on and scored as in ``LinearProbe`` (binary cross-entropy, mAP).
    The learning rate falls along half a cosine to 0, updated before each step (V-JEPA's form). The probe
    depends on the seed alone and touches no global random state; on a CPU, equal seeds give equal bits, and so
    does a run that was interrupted and started again.

    Attributes:
        pooler: ``vjepa``: cross-attention, residual and MLP. ``vjepa2``: three self-attention blocks before it.
            ``videoglue``: attention with output projection, dropout 0.5. ``plain``: attention alone.
        num_heads: Attention heads; None: one for 64 channels, at most 16, as the encoders have.
        out_proj: Output projection of the attention; None: the pooler's own choice (V-JEPA's class holds one
            that its released code does not apply; an earlier version did).
        complete_block: Residual and MLP after the attention; None: the pooler's own choice.
        segments: ``each``: every clip or view is pooled by itself; a video is trained on by one of them, drawn
            anew at each visit, and tested by the mean of their probabilities (never of their logits).
            ``across``: all clips of a spatial view are pooled at once (V-JEPA: attend_across_segments).
        spatial_views: How many of a video's rows are spatial views of one moment; None: read off their spans.
            Only ``across`` uses it.
        epochs: Passes over the training videos; None: 20, and as many as 300 steps need.
        warmup_epochs: Of these, with a linearly rising learning rate.
        batch_size: Videos in a step; None: 256, or fewer so that 20 epochs have 300 steps. The learning rate
            does not depend on it.
        learning_rates: Peak learning rates.
        weight_decays: Weight decays at the start, decoupled from the gradient.
        final_weight_decay: What they go to along half a cosine; None: they stay.
        decay: What decays: ``matrices`` and the query (V-JEPA), or ``all``, biases and norms too (V-JEPA 2).
        clip_norm: Largest length of a probe's gradient; None: any.
        label_smoothing: Share of the target that is spread over all classes.
        held_out: Fraction of the training videos that the grid is judged on.
        splits: How many random held-out parts are averaged, where one is small.
        select: ``held_out``; or ``best_on_test``, which reports the best of the grid on the test set under
            another name, ``attentive_probe_best_on_test``. For comparison with papers that do so.
        missing: Whether a test video without an embedding is ``wrong`` or ``exclude``d from the scores.
        memory_gb: Tokens of a split that are more than this are read again in every epoch.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:0``.
    """

    pooler: Pooler = "vjepa"
    num_heads: int | None = None
    out_proj: bool | None = None
    complete_block: bool | None = None
    segments: Segments = "each"
    spatial_views: int | None = None
    epochs: int | None = None
    warmup_epochs: int = 0
    batch_size: int | None = None
    learning_rates: tuple[float, ...] = (1e-4, 3e-4, 1e-3, 3e-3, 5e-3)  # V-JEPA 2's configs, K400 and SSv2
    weight_decays: tuple[float, ...] = (0.01, 0.1, 0.4, 0.8)  # the same
    final_weight_decay: float | None = None
    decay: Decay = "matrices"
    clip_norm: float | None = 1.0  # V-JEPA, evals/video_classification_frozen/eval.py
    label_smoothing: float = 0.0
    held_out: float = 0.2
    splits: int = 1
    select: Select = "held_out"
    missing: Missing = "wrong"
    memory_gb: float = 2.0
    device: str = "auto"

    def __post_init__(self) -> None:
        words = {"pooler": Pooler, "segments": Segments, "decay": Decay, "select": Select, "missing": Missing}
        for name, choices in words.items():
            require_choice(name, getattr(self, name), choices)
        counts = (self.num_heads, self.spatial_views, self.epochs, self.batch_size, self.splits)
        if min(count for count in (*counts, 1) if count is not None) < 1 or self.warmup_epochs < 0:
            raise UsageError(
                "num_heads, spatial_views, epochs, batch_size and splits start at 1, warmup_epochs at 0"
            )
        if not (0 < self.held_out < 1 and 0 <= self.label_smoothing < 1):
            raise UsageError(
                f"held_out and label_smoothing are fractions, got {self.held_out} and {self.label_smoothing}"
            )
        if not self.points or min(self.learning_rates) <= 0 or min(self.weight_decays) < 0:
            raise UsageError("learning_rates need one or more values above 0, weight_decays from 0 up")
        if self.clip_norm is not None and not self.clip_norm > 0:
            raise UsageError(f"clip_norm is above 0 or none, got {self.clip_norm}")

    @property
    def name(self) -> str:
        """Prefix of the scores."""
        return "attentive_probe" + ("_best_on_test" if self.select == "best_on_test" else "")

    @property
    def version(self) -> str:
        """Bumped by whatever moves a number."""
        return "1"

    @property
    def level(self) -> Level:
        """All patch tokens of each clip."""
        return "patch"

    @property
    def points(self) -> tuple[Point, ...]:
        """Every (learning rate, weight decay) that is tried, in order."""
        return tuple((rate, decay) for rate in self.learning_rates for decay in self.weight_decays)

    def run(self, train: Features, test: Features, *, seed: int = 0) -> Outcome:
        """Scores ``attentive_probe/top1``, ``/top5``, ``/mean_per_class`` in percent, or ``/map``.

        Raises:
            FeatureError: embeddings or labels that cannot be used (names the video), or a probe that diverged.
            UsageError: settings that do not fit the embeddings.
        """
        return self.run_from(None, train, test, seed=seed)

    def run_from(self, checkpoints: Path | None, train: Features, test: Features, *, seed: int = 0) -> Outcome:
        """As ``run``; the state of every training is kept after each epoch in the folder ``checkpoints``."""
        from twlv.heads import full_float32
        from twlv.heads.checkpoint import Checkpoints
        from twlv.nn.precision import resolve_device

        check_pair(train, test)
        config = self._config(train.dim)
        tokens, asked = self._gather(train, "train"), self._gather(test, "test")
        num_classes = class_count(test.dataset.classes, tokens.table, asked.table)
        if tokens.table.labels.ndim == 2 and self.label_smoothing:
            raise UsageError("label_smoothing is for videos of one class; these have several labels")
        seeds = {purpose: derive(seed, f"attentive_probe/{purpose}") for purpose in _PURPOSES}
        device = resolve_device(self.device)
        with full_float32(device):
            trainer = TokenTrainer(
                tokens=tokens,
                num_classes=num_classes,
                recipe=lambda points, count: self._recipe(config, points, count),
                seeds=seeds,
                device=device,
                checkpoints=Checkpoints(
                    folder=checkpoints, origin={"task": self.name, "version": self.version, **tokens.origin}
                ),
            )
            choice = self._choose(trainer, asked)
            heads = trainer.fit(np.arange(len(tokens)), [choice.point])
            if not heads.finite[0]:
                raise FeatureError(f"the probe diverged at learning rate {choice.point[0]:g}; set a lower one")
            judged = heads.judge(asked.bags, np.arange(len(asked)), asked.table.labels)
        trainer.checkpoints.clear(*trainer.used)
        scores, answered = scored(self.name, asked.table, judged, missing=self.missing, seed=seeds["interval"])
        said = notes(tokens.table, asked.table, self.missing)
        return Outcome(
            scores=scores,
            notes=(*choice.notes, *said) if self.select == "best_on_test" else (*said, *choice.notes),
            details={
                **baselines(tokens.table, asked.table, num_classes),
                **trainer.record(choice, heads),
                "test_bags": int(asked.bags.counts.sum()),
                "test_loss": float(judged.loss.mean()),
            },
            predictions=answered,
            seeds={"run": seed, **seeds},
        )

    def _gather(self, features: Features, role: str) -> TokenTable:
        views, memory = self.spatial_views, self.memory_gb * 1e9
        return gather_tokens(
            features, role=role, segments=self.segments, spatial_views=views, memory_bytes=memory
        )

    def _choose(self, trainer: TokenTrainer, asked: TokenTable) -> Choice:
        if self.select == "best_on_test":
            return trainer.best_on(asked, self.points)
        return select(trainer, self.points, self.held_out, max_splits=self.splits)

    def _config(self, width: int) -> PoolerConfig:
        from twlv.nn.attentive_pool import pooler_config

        return pooler_config(
            self.pooler,
            width,
            num_heads=self.num_heads,
            out_proj=self.out_proj,
            complete_block=self.complete_block,
        )

    def _recipe(self, config: PoolerConfig, points: Sequence[Point], num_videos: int) -> AttentiveRecipe:
        """How probes with these hyper-parameters are trained on ``num_videos``."""
        from twlv.heads.attentive_updates import AttentiveRecipe

        batch_size = self.batch_size or usual_batch(num_videos, self.epochs)
        return AttentiveRecipe(
            pooler=config,
            learning_rates=tuple(rate for rate, _ in points),
            weight_decays=tuple(decay for _, decay in points),
            epochs=self.epochs or usual_epochs(num_videos, batch_size),
            batch_size=batch_size,
            warmup_epochs=self.warmup_epochs,
            final_weight_decay=self.final_weight_decay,
            decay=self.decay,
            clip_norm=self.clip_norm,
            label_smoothing=self.label_smoothing,
        )

    def resolved(self) -> dict[str, Json]:
        """What the pooler's name stands for, and what AdamW has built in, for a Result.

        ``epochs``, ``batch_size`` and ``num_heads`` that are None follow from the data; the details have them.
        """
        config = self._config(64)
        return {
            "out_proj": config.out_proj,
            "complete_block": config.complete_block,
            "self_attention_blocks": config.num_blocks,
            "dropout": config.dropout,
            "norm_eps": config.norm_eps,
            "optimizer": "adamw",
            **CONSTANTS["adamw"],
        }
