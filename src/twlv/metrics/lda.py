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

from twlv.errors import InputError
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
        return rows @ self.coef + self.intercept


def fit_lda(zero: DoubleArray, one: DoubleArray, *, shrinkage: Shrinkage = "auto") -> Lda:
    """Tell the rows of ``one`` (m1, D) from those of ``zero`` (m0, D), with equal priors. Float64."""
    classes = spread(zero, shrinkage), spread(one, shrinkage)
    ridge = 0.5 * (classes[0].ridge + classes[1].ridge)
    middle, away = classes[0].mean + classes[1].mean, classes[1].mean - classes[0].mean
    if not away.any():  # equal means: no direction, whatever the covariance
        coef = away
    elif ridge.min() <= 0.0:
        full = 0.5 * (classes[0].covariance() + classes[1].covariance())
        coef = cast(DoubleArray, np.linalg.lstsq(full, away, rcond=None)[0])
    else:
        root = np.sqrt(ridge)
        low_rank = np.empty((len(zero) + len(one), len(root)))
        blocks = low_rank[: len(zero)], low_rank[len(zero) :]
        for each, block in zip(classes, blocks, strict=True):
            np.multiply(each.centred, np.sqrt(0.5 * each.weight) / root, out=block)
        coef = _solve(low_rank, _gram(low_rank), away / root) / root
    return Lda(coef=coef, intercept=-0.5 * float(middle @ coef))


def fit_differences(differences: DoubleArray, *, shrinkage: Shrinkage = "auto") -> DoubleArray:
    """The direction (D,) that tells differences (m, D) from their negatives.

    That is ``fit_lda(-differences, differences)``: both classes have the same covariance, so it is made once,
    and the Gram matrix of the shrinkage serves again.
    """
    found = spread(differences, shrinkage)
    if not found.mean.any():
        return found.mean
    if found.gram is None or found.ridge.min() <= 0.0:
        return fit_lda(-differences, differences, shrinkage=shrinkage).coef
    root, factor = np.sqrt(found.ridge), found.weight * found.scale2[0] / found.ridge[0]
    low_rank = np.multiply(found.centred, np.sqrt(found.weight) / root)
    return _solve(low_rank, factor * found.gram, 2.0 * found.mean / root) / root


@dataclass(frozen=True, kw_only=True, eq=False)
class Spread:
    """A class: its ``mean`` (D,) and its covariance ``diag(ridge) + weight * centred.T @ centred``, shrunk.

    ``gram`` is the smaller Gram matrix of ``centred / sqrt(scale2)``, where the shrinkage needed it.
    """

    mean: DoubleArray
    centred: DoubleArray
    weight: float
    ridge: DoubleArray
    scale2: DoubleArray
    gram: DoubleArray | None = None

    def covariance(self) -> DoubleArray:
        """All of it, (D, D)."""
        return self.weight * (self.centred.T @ self.centred) + np.diag(self.ridge)


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
        standardised = centred * (1.0 / np.sqrt(scale2))
        gram = _gram(standardised)
        share, level = ledoit_wolf(standardised, gram)
        ridge = share * level * scale2
    else:
        gram, scale2, share = None, np.ones_like(variance), float(shrinkage)
        ridge = np.full_like(variance, share * variance.mean())
    weight = (1.0 - share) / count
    return Spread(mean=mean, centred=centred, weight=weight, ridge=ridge, scale2=scale2, gram=gram)


def ledoit_wolf(standardised: DoubleArray, gram: DoubleArray) -> tuple[float, float]:
    """The share of the target in Ledoit and Wolf's estimate for centred rows (m, D), and the mean variance.

    ``gram`` is either Gram matrix of the rows: the sum of squares of the D x D one is that of the m x m one.
    """
    count, width = standardised.shape
    lengths = np.einsum("ij,ij->i", standardised, standardised)
    level = float(lengths.sum()) / (count * width)
    if width == 1:
        return 0.0, level
    squares = float(np.vdot(gram, gram)) / count**2
    delta = (squares - width * level**2) / width
    beta = min((float(lengths @ lengths) / count - squares) / (width * count), delta)
    return (0.0 if beta == 0 else beta / delta), level


def _solve(low_rank: DoubleArray, gram: DoubleArray, right: DoubleArray) -> DoubleArray:
    """x (D,) of ``(1 + low_rank.T @ low_rank) @ x = right``, on the side of the Gram matrix; overwrites it."""
    from scipy.linalg import lapack

    gram.flat[:: len(gram) + 1] += 1.0
    by_rows = len(low_rank) < low_rank.shape[1]
    _, found, status = lapack.dposv(gram, low_rank @ right if by_rows else right, overwrite_a=True)
    if status:
        raise InputError("the covariance overflows; scale the vectors to a length near one")
    return cast(DoubleArray, right - found @ low_rank if by_rows else found)


def _gram(rows: DoubleArray) -> DoubleArray:
    """The smaller of ``rows @ rows.T`` and ``rows.T @ rows``."""
    return rows @ rows.T if len(rows) < rows.shape[1] else rows.T @ rows


def _constant(variance: DoubleArray, mean: DoubleArray, count: int) -> DoubleArray:
    """Whether a column varies by no more than its rounding (the bound that scikit-learn's scaler uses)."""
    eps = np.finfo(np.float64).eps
    return cast(DoubleArray, variance <= count * eps * variance + (count * mean * eps) ** 2)
