"""What the numbers of the motion-direction test say, in plain sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from twlv.tasks.motion_measure import Measured
from twlv.tasks.motion_pairs import Members
from twlv.tasks.paired_table import PairedTable
from twlv.types import BackboneCard, FloatArray, Json

Verdict = Literal["blind", "untested", "no_common_direction", "common_direction"]

LEVEL = 0.05
"""A p value of at most this is called a common direction (conventional)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Moved:
    """How far reversal moves vectors: ``share`` (n,) is |R - F| / |F|; not above ``tolerance`` is at rest."""

    share: npt.NDArray[np.float64]
    tolerance: float

    @classmethod
    def of(cls, forward: FloatArray, backward: FloatArray, *, tolerance: float) -> Moved:
        """Of vectors (n, D) in either order."""
        moved = np.linalg.norm(backward.astype(np.float64) - forward, axis=1)
        length = np.linalg.norm(forward.astype(np.float64), axis=1)
        return cls(share=moved / np.maximum(length, np.finfo(np.float64).tiny), tolerance=tolerance)

    @property
    def still(self) -> npt.NDArray[np.bool_]:
        """Which videos are at rest."""
        return self.share <= self.tolerance

    @property
    def blind(self) -> bool:
        """Whether all are."""
        return bool(self.still.all())


@dataclass(frozen=True, kw_only=True, eq=False)
class Findings:
    """Everything measured: over all videos (``whole``), by class pair (``parts``), and without fitting.

    ``unfitted`` has the order sensitivity, the direction consistency and the purity by name.
    """

    table: PairedTable
    moved: Moved
    unfitted: Mapping[str, float]
    whole: Measured
    parts: tuple[tuple[Members, Measured], ...]

    @property
    def by_name(self) -> dict[str, Measured]:
        """All of it for sentences."""
        return {"forward against reversed": self.whole, **{pair.name: part for pair, part in self.parts}}


def notes(card: BackboneCard, found: Findings) -> list[str]:
    """The verdict first, then whatever else a reader must know."""
    blind, missing = found.moved.blind, found.table.missing
    said = [_sensitivity(found)]
    if not blind:
        said += [_sentence(name, one) for name, one in found.by_name.items()]
    if found.parts:
        said.append(
            "over opposite classes the difference of forward and reversed cancels, so auc says little here; "
            "auc_pairs tells the apparent direction in each pair"
        )
    if blind == (card.modality == "video"):
        seen = "is blind to the order of time" if blind else "is moved by it"
        said.append(f"the card of {card.name} says '{card.modality}', yet the backbone {seen}")
    if missing:
        shown = ", ".join(f"'{name}' ({why})" for name, why in list(missing.items())[:3])
        said.append(f"{len(missing)} videos lack an order of time and are in no score: {shown}")
    return said + [_coarse(name, one) for name, one in found.by_name.items() if _is_coarse(one)]


def details(found: Findings) -> dict[str, Json]:
    """The numbers behind the scores, and those that nothing is fitted for."""
    return {
        "verdict": verdict_of(found.whole),
        "largest_move": float(found.moved.share.max()),
        "videos_at_rest": int(found.moved.still.sum()),
        **{name: value if math.isfinite(value) else None for name, value in found.unfitted.items()},
        "forward_against_reversed": found.whole.details(),
        "direction_histogram": found.whole.histogram(),
        "pairs": {
            pair.name: {"labels": list(pair.labels), "verdict": verdict_of(part), **part.details()}
            for pair, part in found.parts
        },
        "missing": dict(found.table.missing),
    }


def verdict_of(found: Measured) -> Verdict:
    """By the p value of the two-alternative forced choice, the most sensitive score."""
    if found.blind:
        return "blind"
    if found.p is None:
        return "untested"
    return "common_direction" if found.p <= LEVEL else "no_common_direction"


def _sensitivity(found: Findings) -> str:
    moved, videos = found.moved, len(found.table)
    if moved.blind:
        return (
            f"blind to the order of time: reversal moves no vector by more than {moved.tolerance:g} of its "
            f"length (the largest {moved.share.max():.1e}), so every score is 0.5 by ties"
        )
    rest = f"; {moved.still.sum()} of {videos} are not moved" if moved.still.any() else ""
    return (
        f"sensitive to the order of time: reversal moves a vector by {found.unfitted['order_sensitivity']:.2g} "
        f"of the mean distance between two videos{rest}"
    )


def _sentence(what: str, found: Measured) -> str:
    verdict = verdict_of(found)
    numbers = f"AUC {found.values['auc']:.3f}, forced choice {found.values['afc']:.3f}"
    if verdict == "blind":
        return f"{what}: nothing differs, every score is 0.5 by ties"
    if verdict == "untested":
        return f"{what}: {numbers}; not compared with swapped draws (permutations=0)"
    seen = "a common direction" if verdict == "common_direction" else "no common direction was found"
    return f"{what}: {seen} ({numbers}, p = {found.p:.3g} from {found.draws} swapped draws)"


def _is_coarse(found: Measured) -> bool:
    """Whether so few groups can be swapped that p is never small, whatever the backbone does."""
    return bool(found.null) and 2.0 ** (1 - found.groups) > LEVEL


def _coarse(what: str, found: Measured) -> str:
    ways = 2 ** (found.groups - 1)
    return f"{what}: {found.groups} groups can be swapped in {ways} ways only, so p is never small"
