"""An attentive probe that others have trained and released, scored on a test split: nothing is fitted."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from twlv.errors import FeatureError, UsageError, WeightsError
from twlv.tasks.answers import metric_of, quality, scored
from twlv.tasks.choices import require_choice
from twlv.tasks.scoring import Missing, baselines, notes
from twlv.tasks.seeds import derive
from twlv.tasks.table import class_count
from twlv.tasks.token_table import Segments, TokenTable, gather_tokens
from twlv.types import Json, Level, Outcome

if TYPE_CHECKING:
    from twlv.contracts import Features
    from twlv.heads.attentive import AttentiveHeads
    from twlv.heads.judged import AnyJudged


@dataclass(frozen=True, kw_only=True)
class ReleasedProbe:
    """A probe of V-JEPA or V-JEPA 2 from its checkpoint, on patch tokens of the backbone it was trained for.

    A probe fits one backbone, one way of reading clips and the class order of one data set. Width and number of
    classes are checked; whether backbone, reading and order are those of its training is yours to see to.

    Attributes:
        weights: The file, which must be given: ``.safetensors``, or a checkpoint of tensors with ``classifier``
            or ``classifiers``.
        probe: Which of several probes in the file, from 0.
        best_on_test: Score every probe of the file and report the best under another name,
            ``released_probe_best_on_test``. V-JEPA 2's published numbers are chosen so.
        num_heads: Attention heads, which tensors do not tell; None: one for 64 channels, at most 16.
        out_proj: Apply the output projection that V-JEPA's tensors hold and its released code does not apply.
        segments: ``each`` or ``across``, as ``AttentiveProbe`` has it (V-JEPA's configs for videos: across).
        spatial_views: How many of a video's rows are spatial views of one moment; None: read off their spans.
        missing: Whether a test video without an embedding is ``wrong`` or ``exclude``d from the scores.
        memory_gb: Tokens that are more than this are read again when they are needed.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:0``.
    """

    weights: str = ""
    probe: int | None = None
    best_on_test: bool = False
    num_heads: int | None = None
    out_proj: bool = False
    segments: Segments = "each"
    spatial_views: int | None = None
    missing: Missing = "wrong"
    memory_gb: float = 2.0
    device: str = "auto"

    def __post_init__(self) -> None:
        require_choice("segments", self.segments, Segments)
        require_choice("missing", self.missing, Missing)
        if self.weights and not Path(self.weights).is_file():  # before any video is embedded
            raise WeightsError(f"{self.weights}: no such file")
        if self.best_on_test and self.probe is not None:
            raise UsageError("best_on_test looks at every probe of the file: leave out probe")

    @property
    def name(self) -> str:
        """Prefix of the scores."""
        return "released_probe" + ("_best_on_test" if self.best_on_test else "")

    @property
    def version(self) -> str:
        """Bumped by whatever moves a number."""
        return "1"

    @property
    def level(self) -> Level:
        """All patch tokens of each clip."""
        return "patch"

    @property
    def is_trained(self) -> bool:
        """No split is fitted on."""
        return True

    @cached_property
    def _sha256(self) -> str:
        with Path(self.weights).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def resolved(self) -> dict[str, Json]:
        """The file by its name and the hash of its bytes, for a Result."""
        return {"weights": Path(self.weights).name, "weights_sha256": self._sha256 if self.weights else ""}

    def run(self, train: Features, test: Features, *, seed: int = 0) -> Outcome:
        """Scores of the test videos under the names of ``AttentiveProbe``'s; only intervals use ``seed``.

        Raises:
            WeightsError: no such file, or tensors that are not those of a probe; names them.
            FeatureError: embeddings or labels that cannot be used, or that the probe was not made for.
            UsageError: a file of several probes of which none is named, or none of that number.
        """
        from twlv.heads import full_float32
        from twlv.nn.precision import resolve_device

        device = resolve_device(self.device)
        asked = gather_tokens(
            test,
            role="test",
            segments=self.segments,
            spatial_views=self.spatial_views,
            memory_bytes=self.memory_gb * 1e9,
        )
        num_classes = class_count(test.dataset.classes, asked.table)
        heads = self._heads(test, num_classes).on(device)
        with full_float32(device):
            judged = heads.judge(asked.bags, np.arange(len(asked)), asked.table.labels)
        chosen, tried = self._chosen(judged, asked, len(heads))
        interval_seed = derive(seed, "released_probe/interval")
        scores, answered = scored(
            self.name, asked.table, judged.only(chosen), missing=self.missing, seed=interval_seed
        )
        said = (
            f"BEST ON TEST: of {len(heads)} released probes the one with the highest test score is reported",
        )
        return Outcome(
            scores=scores,
            notes=(*(said if self.best_on_test else ()), *notes(None, asked.table, self.missing)),
            details={
                **baselines(None, asked.table, num_classes),
                "pooler": {**asdict(heads.config)},
                "probes": len(heads),
                "probe": chosen,
                **tried,
                "test_bags": int(asked.bags.counts.sum()),
            },
            predictions=answered,
            seeds={"run": seed, "interval": interval_seed},
        )

    def _heads(self, test: Features, num_classes: int) -> AttentiveHeads:
        from twlv.heads.released_probes import load_released

        if not self.weights:
            raise UsageError("say which probe: weights=FILE (on the command line --set weights=FILE)")
        heads = load_released(self.weights, num_heads=self.num_heads, out_proj=self.out_proj)
        if (heads.config.width, heads.num_classes) != (test.dim, num_classes):
            raise FeatureError(
                f"{self.weights}: a probe of tokens of width {heads.config.width} for {heads.num_classes} "
                f"classes; {test.backbone.name} gives width {test.dim}, {test.dataset.name} has {num_classes} "
                "classes"
            )
        if self.best_on_test:
            return heads
        if self.probe is None and len(heads) > 1:
            raise UsageError(
                f"{self.weights} holds {len(heads)} probes: name one (probe=0), or best_on_test=true"
            )
        if not 0 <= (self.probe or 0) < len(heads):
            raise UsageError(f"{self.weights} holds the probes 0 to {len(heads) - 1}, asked for {self.probe}")
        return heads.only(np.array([self.probe or 0]))

    def _chosen(self, judged: AnyJudged, asked: TokenTable, count: int) -> tuple[int, dict[str, Json]]:
        if not self.best_on_test:
            return 0, {}
        each: list[Json] = [quality(judged, head, asked.table.labels) for head in range(count)]
        best = max(range(count), key=lambda head: (float(str(each[head])), -head))
        return best, {f"test_{metric_of(asked.table.labels)}_by_probe": each}
