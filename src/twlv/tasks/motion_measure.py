"""One set of paired versions measured: held-out scores with intervals, and what swapping by lot would give.

Axes: n videos, D width.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from twlv import metrics
from twlv.metrics.lda import Shrinkage
from twlv.metrics.pairs import fisher_ratio
from twlv.metrics.separability import (
    SCORES,
    HeldOut,
    Pairs,
    group_folds,
    held_out,
    null_scores,
    p_value,
)
from twlv.results.environment import cpu_cores
from twlv.tasks.motion_pairs import Members
from twlv.types import DoubleArray, FloatArray, IntArray, Json, Score


@dataclass(frozen=True, kw_only=True, eq=False)
class Measured:
    """What held-out classifiers said of n videos, and the scores (draws,) by name where lots were drawn.

    ``units`` (n,) number the groups. ``blind``: no video has a difference, so every score is 0.5 whatever is
    fitted, and nothing was drawn.
    """

    held: HeldOut
    units: IntArray
    null: Mapping[str, DoubleArray]
    blind: bool

    def __len__(self) -> int:
        return len(self.units)

    @property
    def groups(self) -> int:
        """Number of groups."""
        return int(self.units.max()) + 1

    @property
    def draws(self) -> int:
        """Number of draws."""
        return len(next(iter(self.null.values()), ()))

    @property
    def values(self) -> dict[str, float]:
        """The scores by name."""
        return self.held.scores()

    @property
    def p(self) -> float | None:
        """p value of the most sensitive score, the two-alternative forced choice; None without draws."""
        return p_value(self.null["afc"], self.values["afc"]) if self.null else None

    def scores(self, *, seed: int) -> dict[str, Score]:
        """Every score by name; ``seed`` is that of the bootstrap."""
        return {name: self.score(name, seed=seed) for name in SCORES}

    def score(self, name: str, *, seed: int) -> Score:
        """One score with its interval: groups are drawn, the classifiers stay as they are."""
        statistic = self.held.statistic(name, self.units)
        return scored(self.values[name], statistic, self.units, self.blind, seed)

    def histogram(self) -> dict[str, Json]:
        """Held-out decision values of both versions, counted in shared bins (``docs/results.md``)."""
        both = np.concatenate([self.held.zero, self.held.one])
        edges = np.histogram_bin_edges(both, bins=int(np.clip(len(both) // 6, 8, 40)))
        counts = [np.histogram(values, bins=edges)[0].tolist() for values in (self.held.zero, self.held.one)]
        return {"edges": edges.tolist(), "forward": counts[0], "reversed": counts[1]}

    def details(self) -> dict[str, Json]:
        """Scores, Fisher ratio, and of the drawn lots: mean, 95 % line and p value of each score."""
        drawn: dict[str, Json] = {
            name: {
                "mean": float(found.mean()),
                "line95": float(np.quantile(found, 0.95)),
                "p": p_value(found, self.values[name]),
            }
            for name, found in self.null.items()
        }
        return {
            "videos": len(self),
            "groups": self.groups,
            "draws": self.draws,
            **self.values,
            "fisher_ratio": fisher_ratio(self.values["d_prime"]),
            "null": drawn,
        }


def measure(
    zero: FloatArray,
    one: FloatArray,
    units: IntArray,
    still: npt.NDArray[np.bool_],
    swaps: DoubleArray,
    *,
    folds: int,
    shrinkage: Shrinkage,
    seed: int,
) -> Measured:
    """Tell ``one`` (n, D) from ``zero`` (n, D), held out by ``units`` (n,).

    The two versions of ``still`` (n,) videos are taken for equal. ``swaps`` (draws, n): see ``random_swaps``.
    ``seed`` is that of the folds.
    """
    data = Pairs.of(zero, one)
    data.half[still] = 0.0
    units = np.unique(units, return_inverse=True)[1]
    chosen = group_folds(units, folds, seed=seed)
    blind = bool(still.all())
    return Measured(
        held=held_out(data, chosen, shrinkage=shrinkage),
        units=units,
        null={}
        if blind
        else null_scores(data, chosen, swaps, shrinkage=shrinkage, workers=min(cpu_cores(), 8)),
        blind=blind,
    )


def mean_auc(parts: Sequence[tuple[Members, Measured]], units: IntArray, *, seed: int) -> Score:
    """The mean AUC over class pairs; ``units`` (n,) number the groups of all videos."""

    found = [(pair.rows, part.held.statistic("auc", units[pair.rows])) for pair, part in parts]

    def mean(weights: DoubleArray) -> float:
        return float(np.mean([statistic(weights[rows]) for rows, statistic in found]))

    value = float(np.mean([part.values["auc"] for _, part in parts]))
    score = scored(value, mean, units, all(part.blind for _, part in parts), seed)
    return replace(score, n=len(np.unique(np.concatenate([rows for rows, _ in found]))))


def scored(
    value: float, statistic: Callable[[DoubleArray], float], units: IntArray, blind: bool, seed: int
) -> Score:
    """The value with its 95 % bootstrap over groups; where nothing differs the interval has no width.

    A bootstrap that has none by luck (all right) says nothing, so it gives way to Wilson with as many trials
    as there are groups.
    """
    ci95: tuple[float, float] | None = (value, value)
    if not blind:
        ci95 = metrics.cluster_bootstrap(statistic, units, seed=seed)
        if ci95[1] - ci95[0] <= 1e-12:
            groups = len(np.unique(units))
            ci95 = metrics.wilson(value * groups, groups) if 0.0 <= value <= 1.0 else None
    return Score(value=value, unit="", n=len(units), ci95=ci95)
