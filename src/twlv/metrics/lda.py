"""Linear discriminant analysis of two classes with a shrunk covariance; numpy and scipy only.

Equal to scikit-learn's ``LinearDiscriminantAnalysis(solver="lsqr", shrinkage=..., priors=[0.5, 0.5])``, but the
D x D covariance is never formed where there are fewer rows than columns: it is a diagonal plus a matrix of
low rank, which the Woodbury identity inverts on the side of the rows.

Axes: m rows of one class, D width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

import numpy as np

from twlv.types import DoubleArray

Shrinkage: TypeAlias = 'float | Literal["auto"]'
"""``auto``: Ledoit and Wolf's on each class by itself, standardised; else the share of the target, 0 to 1."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Lda:
    """A row x (D,) belongs to the class ``one`` where ``x @ coef + intercept`` is above 0."""

    coef: DoubleArray
    intercept: float

    def decide(self, rows: DoubleArray) -> DoubleArray:
        """Decision values (m,) of rows (m, D)."""
        return cast(DoubleArray, rows @ self.coef + self.intercept)


def fit_lda(zero: DoubleArray, one: DoubleArray, *, shrinkage: Shrinkage = "auto") -> Lda:
    """Tell the rows of ``one`` (m1, D) from those of ``zero`` (m0, D), with equal priors. Float64."""
    spreads = spread(zero, shrinkage), spread(one, shrinkage)
    ridge = 0.5 * (spreads[0].ridge + spreads[1].ridge)
    rows = np.sqrt(0.5) * np.concatenate([each.rows for each in spreads])
    coef = solve(ridge, rows, spreads[1].mean - spreads[0].mean)
    return Lda(coef=coef, intercept=-0.5 * float((spreads[0].mean + spreads[1].mean) @ coef))


def fit_differences(differences: DoubleArray, *, shrinkage: Shrinkage = "auto") -> DoubleArray:
    """The direction (D,) that tells differences (m, D) from their negatives.

    That is ``fit_lda(-differences, differences)``: both classes have the same covariance, so it is made once.
    """
    found = spread(differences, shrinkage)
    return solve(found.ridge, found.rows, 2.0 * found.mean)


@dataclass(frozen=True, kw_only=True, eq=False)
class Spread:
    """A class: its ``mean`` (D,), and its shrunk covariance ``diag(ridge) + rows.T @ rows``."""

    mean: DoubleArray
    ridge: DoubleArray
    rows: DoubleArray


def spread(values: DoubleArray, shrinkage: Shrinkage) -> Spread:
    """Mean and shrunk covariance of rows (m, D).

    With ``auto`` columns are scaled to variance 1 before the estimate of Ledoit and Wolf (J. Multivariate
    Anal. 88, 2004) and scaled back after it, so the target of shrinking is each column's own variance. With
    a number the target is the mean variance of all columns. Both as scikit-learn does it.
    """
    count = len(values)
    mean = values.mean(axis=0)
    centred = values - mean
    variance = np.einsum("ij,ij->j", centred, centred) / count
    if shrinkage == "auto":
        scale2 = np.where(_constant(variance, mean, count), 1.0, variance)
        share, level = ledoit_wolf(centred / np.sqrt(scale2))
        ridge = share * level * scale2
    else:
        share = float(shrinkage)
        ridge = np.full_like(variance, share * variance.mean())
    centred *= np.sqrt((1.0 - share) / count)
    return Spread(mean=mean, ridge=ridge, rows=centred)


def ledoit_wolf(standardised: DoubleArray) -> tuple[float, float]:
    """The share of the target in Ledoit and Wolf's estimate for centred rows (m, D), and the mean variance.

    The sums over D x D products are taken from the smaller of the two Gram matrices.
    """
    count, width = standardised.shape
    lengths = np.einsum("ij,ij->i", standardised, standardised)
    level = float(lengths.sum()) / (count * width)
    if width == 1:
        return 0.0, level
    squares = float(np.square(_gram(standardised)).sum()) / count**2
    delta = (squares - width * level**2) / width
    beta = min((float(lengths @ lengths) / count - squares) / (width * count), delta)
    return (0.0 if beta == 0 else beta / delta), level


def solve(ridge: DoubleArray, rows: DoubleArray, right: DoubleArray) -> DoubleArray:
    """x (D,) of ``(diag(ridge) + rows.T @ rows) @ x = right``; the shortest one where nothing was shrunk."""
    from scipy import linalg

    if ridge.min() <= 0.0:
        full = rows.T @ rows + np.diag(ridge)
        return cast(DoubleArray, np.linalg.lstsq(full, right, rcond=None)[0])
    root = np.sqrt(ridge)
    scaled, right = rows / root, right / root
    inner = _gram(scaled)
    inner.flat[:: len(inner) + 1] += 1.0
    if len(rows) < len(ridge):
        right = right - scaled.T @ linalg.solve(inner, scaled @ right, assume_a="pos", check_finite=False)
    else:
        right = linalg.solve(inner, right, assume_a="pos", check_finite=False)
    return cast(DoubleArray, right / root)


def _gram(rows: DoubleArray) -> DoubleArray:
    return cast(DoubleArray, rows @ rows.T if len(rows) < rows.shape[1] else rows.T @ rows)


def _constant(variance: DoubleArray, mean: DoubleArray, count: int) -> DoubleArray:
    """Whether a column varies by no more than its rounding (the bound that scikit-learn's scaler uses)."""
    eps = np.finfo(np.float64).eps
    return cast(DoubleArray, variance <= count * eps * variance + (count * mean * eps) ** 2)
