"""Does an embedding know which way time runs? Every video against itself with its frames reversed.

The report (section 2.7, Figures 8 and 9) shows a picture: LDA of forward against reversed embeddings of one
class, drawn on the very points it was fitted on. Such a picture separates pure noise as well, so here nothing
is judged on what it was fitted on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from twlv.errors import FeatureError, UsageError
from twlv.metrics import time_order
from twlv.metrics.separability import random_swaps
from twlv.tasks.choices import require_choice
from twlv.tasks.motion_measure import Measured, mean_auc, measure
from twlv.tasks.motion_pairs import Members, members
from twlv.tasks.motion_verdict import Findings, Moved, details, notes
from twlv.tasks.paired_table import PairedTable, gather_pairs
from twlv.tasks.seeds import derive
from twlv.types import Level, Outcome

if TYPE_CHECKING:
    from twlv.contracts import Features


@dataclass(frozen=True, kw_only=True)
class MotionDirection:
    """Held-out LDA of forward against reversed embeddings, and the same by pairs of opposite classes.

    Over a set with both "up" and "down" the difference of forward and reversed cancels: an upward video
    reversed looks like a downward one. So for each pair of opposite classes the *apparent* direction is told:
    forward "up" and reversed "down" are "up".

    Attributes:
        folds: Folds of the cross-validation, 5 by convention.
        by: What no fold cuts and a draw swaps as one: ``group`` (a video without one stands for itself), or
            ``video``, for a set of one group (one speaker), whose scores then hold for that group only.
        permutations: Draws of the null, each with the two versions of a random half of the groups swapped and
            everything fitted again; 0 leaves it out. 200 resolve a p value of 0.005.
        shrinkage: ``auto`` (Ledoit and Wolf) or a share from 0 to 1 of a covariance equal in all directions.
        pairs: ``auto`` finds opposite labels by their words (``tasks.opposites``), ``none`` looks for none; or
            the pairs themselves, ``[[up, down], [left, right]]``.
        tolerance: A vector that reversal moves by no more than this share of its length counts as not moved.
            1e-5 is well above the rounding of a float32 mean over frames (about 1e-7).
        neighbours: k of the purity in the details.
    """

    folds: int = 5
    by: Literal["group", "video"] = "group"
    permutations: int = 200
    shrinkage: float | Literal["auto"] = "auto"
    pairs: tuple[tuple[str, str], ...] | Literal["auto", "none"] = "auto"
    tolerance: float = 1e-5
    neighbours: int = 10

    def __post_init__(self) -> None:
        if not isinstance(self.pairs, str):
            object.__setattr__(self, "pairs", tuple(tuple(pair) for pair in self.pairs))
        require_choice("by", self.by, Literal["group", "video"])
        if self.folds < 2:
            raise UsageError(f"folds must be 2 or more, got {self.folds}")
        if self.permutations < 0:
            raise UsageError(f"permutations must be 0 (none) or more, got {self.permutations}")
        if self.neighbours < 1:
            raise UsageError(f"neighbours must be 1 or more, got {self.neighbours}")
        if self.shrinkage != "auto" and not (
            isinstance(self.shrinkage, float | int) and 0.0 <= self.shrinkage <= 1.0
        ):
            raise UsageError(f"shrinkage is 'auto' or a share from 0 to 1, got {self.shrinkage!r}")
        if not 0.0 <= self.tolerance < 1.0:
            raise UsageError(f"tolerance is a share of a vector's length from 0 to 1, got {self.tolerance}")
        self._require_pairs()

    @property
    def name(self) -> str:
        """Prefix of the scores."""
        return "motion_direction"

    @property
    def version(self) -> str:
        """Bumped by whatever moves a number."""
        return "1"

    @property
    def level(self) -> Level:
        """One vector for each clip; their mean is the video's."""
        return "clip"

    def run_pairs(self, forward: Features, backward: Features, *, seed: int = 0) -> Outcome:
        """Scores ``motion_direction/auc`` and its like; for class pairs ``auc_pairs`` and ``auc_<a>_vs_<b>``.

        Raises:
            FeatureError: embeddings that cannot be used (names the video), fewer groups than folds, or a given
                pair of which a class has no videos.
            UnknownName: a given pair names a label that the data set does not have.
        """
        table = gather_pairs(forward, backward, by=self.by)
        self._require_groups(table)
        seeds = {name: derive(seed, f"{self.name}/{name}") for name in ("folds", "swaps", "interval")}
        moved = Moved.of(table.forward, table.backward, tolerance=self.tolerance)
        chosen, left_out = members(self.pairs, forward.dataset.classes, table, folds=self.folds)
        found = Findings(
            table=table,
            moved=moved,
            unfitted=self._unfitted(table),
            whole=self._measure(table, moved, seeds),
            parts=tuple((pair, self._measure(table, moved, seeds, pair)) for pair in chosen),
        )
        scores = found.whole.scores(seed=seeds["interval"])
        if chosen:
            scores["auc_pairs"] = mean_auc(found.parts, table.units, seed=seeds["interval"])
        for pair, part in found.parts:
            scores[f"auc_{pair.name}"] = part.score("auc", seed=seeds["interval"])
        return Outcome(
            scores={f"{self.name}/{name}": score for name, score in scores.items()},
            notes=(*notes(forward.backbone, found), *left_out),
            details=details(found),
            seeds={"run": seed, **seeds},
        )

    def _measure(
        self, table: PairedTable, moved: Moved, seeds: Mapping[str, int], pair: Members | None = None
    ) -> Measured:
        """Reversed against forward, or of one pair: what looks like its first class against the other."""
        rows = np.arange(len(table)) if pair is None else pair.rows
        turned = np.zeros((len(rows), 1), dtype=bool) if pair is None else ~pair.turned[:, None]
        forward, backward = table.forward[rows], table.backward[rows]
        return measure(
            np.where(turned, backward, forward),
            np.where(turned, forward, backward),
            table.units[rows],
            moved.still[rows],
            random_swaps(table.units, self.permutations, seed=seeds["swaps"])[:, rows],
            folds=self.folds,
            shrinkage=self.shrinkage,
            seed=seeds["folds"],
        )

    def _unfitted(self, table: PairedTable) -> dict[str, float]:
        pair = table.forward, table.backward
        return {
            "order_sensitivity": time_order.order_sensitivity(*pair),
            "direction_consistency": time_order.direction_consistency(*pair),
            "purity": time_order.order_purity(*pair, table.units, k=self.neighbours),
        }

    def _require_groups(self, table: PairedTable) -> None:
        groups = len(np.unique(table.units))
        if groups >= self.folds:
            return
        what = "videos" if groups == len(table) else f"groups (of {len(table)} videos)"
        raise FeatureError(
            f"{self.folds} folds need at least {self.folds} {what}, there are {groups} with embeddings in both "
            f"orders of time; take more of them or fewer folds, or let each video stand for itself (by=video)"
        )

    def _require_pairs(self) -> None:
        if isinstance(self.pairs, str):
            require_choice("pairs", self.pairs, Literal["auto", "none"])
        elif any(len(pair) != 2 or pair[0] == pair[1] for pair in self.pairs):
            raise UsageError(f"pairs are of two different labels each, such as [[up, down]]; got {self.pairs}")
