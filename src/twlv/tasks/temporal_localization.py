"""Temporal action localization: ActionFormer trained on the embeddings of long videos (report, section 2.4)."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from twlv.errors import FeatureError, UsageError
from twlv.tasks.choices import require_choice
from twlv.tasks.localization_recipes import LocalizationRecipe, recipe_of
from twlv.tasks.seeds import derive
from twlv.tasks.table import check_pair
from twlv.types import Json, Level, MultiClip, Outcome, Sampling

if TYPE_CHECKING:
    from twlv.contracts import Features

Method = Literal["soft", "hard"]
Select = Literal["last", "best_on_test"]
Form = Literal["raw", "twlv"]
Rules = Literal["official", "actionformer", "authors", "opentad"]
_PURPOSES = ("train", "interval", "random")


@dataclass(frozen=True, kw_only=True)
class TemporalLocalization:
    """ActionFormer on frozen embeddings, scored by detection mAP over temporal overlap.

    Without ``external`` the network knows all classes (the report's self-contained column); with it, one, and
    every detection takes the two likeliest classes that the classifier gives its video (w/ External
    Classifier). The result is the running mean of the weights after the last epoch. Training videos are all
    of the train split; nothing is chosen on the test split, unless ``select`` says so under its own name.

    Test videos without usable embeddings stay in the ground truth and lower the score; they are counted. The
    numbers depend on the seed alone, not on the order in which videos are listed; on a CPU equal seeds give
    equal bits, and so does a run that was interrupted and started again.

    Attributes:
        recipe: Where everything below is from that is None: ``thumos14``, ``activitynet`` (the report authors'
            code), the same with ``-table7`` (as printed, rates likely swapped) or ``-original`` (the release),
            or ``small`` (for a few minutes of video).
        external: File of class scores, npz, json or pickled; see ``data.segments.class_scores``.
        external_form: ``raw`` scores; ``twlv``: softmax where a video's largest is above 1, as the report
            authors' code does, which flattens the surest videos of THUMOS14.
        external_classes: Text file of the names of its columns, one a line.
        epochs: Passes over the training videos after the warm-up.
        warmup_epochs: Passes with a rising learning rate.
        batch_size: Videos of a step.
        learning_rate: The peak.
        weight_decay: Of the weights of convolutions and linear layers.
        mean_decay: How far the running mean of the weights, which is the result, stays behind at each step.
        width: Of the network.
        max_length: Steps of a window in training, and of a resized video.
        resize: Whether a video is resampled to ``max_length`` steps.
        suppression: ``soft`` or ``hard``.
        sigma: Of soft suppression.
        voting: Overlap from which detections vote on the ends of a kept one; 0: none. Only with ``external``.
        most: Detections of a video.
        thresholds: Temporal overlaps at which mAP is taken.
        rules: Whose ground truth counts (``metrics.temporal_segments.RULES``).
        select: ``last``; or ``best_on_test``, which reports the best epoch on the test set under another name,
            ``temporal_localization_best_on_test``, as the report authors' code does.
        detections: Where to write all detections as ActivityNet's JSON; ``{seed}`` in it is replaced.
        memory_gb: Embeddings of a split that are more than this are read again in every epoch.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:0``.
    """

    recipe: str = "thumos14"
    external: Path | None = None
    external_form: Form = "raw"
    external_classes: Path | None = None
    epochs: int | None = None
    warmup_epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    weight_decay: float | None = None
    mean_decay: float | None = None
    width: int | None = None
    max_length: int | None = None
    resize: bool | None = None
    suppression: Method = "soft"
    sigma: float | None = None
    voting: float | None = None
    most: int | None = None
    thresholds: tuple[float, ...] | None = None
    rules: Rules = "official"
    select: Select = "last"
    detections: Path | None = None
    memory_gb: float = 8.0
    device: str = "auto"

    def __post_init__(self) -> None:
        words = {
            "external_form": Form,
            "rules": Rules,
            "select": Select,
            "suppression": Method,
        }
        for name, choices in words.items():
            require_choice(name, getattr(self, name), choices)
        chosen = self.settings
        counts = (chosen.epochs, chosen.batch_size, chosen.width, chosen.max_length, chosen.most)
        if min(counts) < 1 or chosen.warmup_epochs < 0:
            raise UsageError("epochs, batch_size, width, max_length and most start at 1, warmup_epochs at 0")
        if not 0 <= chosen.mean_decay < 1:
            raise UsageError(f"mean_decay is a fraction below 1, got {chosen.mean_decay}")
        if chosen.learning_rate <= 0 or chosen.weight_decay < 0 or chosen.sigma <= 0:
            raise UsageError("learning_rate and sigma are above 0, weight_decay from 0 up")
        if self.external is None and self.external_classes is not None:
            raise UsageError("external_classes names the columns of external: give that, too")

    @property
    def settings(self) -> LocalizationRecipe:
        """The recipe with the fields that are set here. UnknownName for a recipe that there is not."""
        base = recipe_of(self.recipe)
        names = {f.name for f in fields(base)} & {f.name for f in fields(self)}
        given = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        return replace(base, **given)

    @property
    def name(self) -> str:
        """Prefix of the scores."""
        return "temporal_localization" + ("_best_on_test" if self.select == "best_on_test" else "")

    @property
    def version(self) -> str:
        """Bumped by whatever moves a number."""
        return "1"

    @property
    def level(self) -> Level:
        """One vector for each clip."""
        return "clip"

    @property
    def default_sampling(self) -> Sampling:
        """The clips of the report's Table 7: half a second, every 0.125 (THUMOS14) or 0.25 s (ActivityNet)."""
        chosen = self.settings
        return MultiClip(clip_seconds=chosen.clip_seconds, stride_seconds=chosen.stride_seconds)

    def run(self, train: Features, test: Features, *, seed: int = 0) -> Outcome:
        """Scores ``temporal_localization/map_avg``, ``map_50`` and its like, ``recall_1x``, ``coverage``, in %.

        Raises:
            FeatureError: embeddings or annotations that cannot be used, or a training that diverged.
            InputError: class scores that cannot be used.
        """
        return self.run_from(None, train, test, seed=seed)

    def run_from(self, checkpoints: Path | None, train: Features, test: Features, *, seed: int = 0) -> Outcome:
        """As ``run``; the state of the training is kept after each epoch in the folder ``checkpoints``."""
        from twlv.tasks.localization_run import LocalizationRun

        check_pair(train, test)
        classes = test.dataset.classes
        if not classes:
            raise FeatureError(f"{test.dataset.name} names no classes; localization needs annotated segments")
        seeds = {purpose: derive(seed, f"temporal_localization/{purpose}") for purpose in _PURPOSES}
        run = LocalizationRun(task=self, settings=self.settings, classes=classes, seeds=seeds)
        return run.outcome(checkpoints, train, test, seed=seed)

    def resolved(self) -> dict[str, Json]:
        """What the recipe stands for, for a Result."""
        chosen = self.settings
        values: dict[str, Json] = {}
        for field in fields(chosen):
            value = getattr(chosen, field.name)
            values[field.name] = list(value) if isinstance(value, tuple) else value
        return {**values, "num_classes_trained": "one" if self.external else "all", "optimizer": "adamw"}
