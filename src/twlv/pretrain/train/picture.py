"""The picture of a run, from its log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Row = Mapping[str, Any]


def picture(rows: Sequence[Row], *, title: str) -> Figure:
    """Losses (1: nothing learnt), rate and gradient, monitors, and where the time goes, over the steps."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 7), layout="constrained")
    axes = figure.subplots(2, 2).flat
    steps = [row for row in rows if row["kind"] == "step"]
    checks = [row for row in rows if row["kind"] == "monitors"]
    _losses(next(axes), steps)
    _rates(next(axes), steps)
    _monitors(next(axes), checks)
    _time(next(axes), steps)
    figure.suptitle(title)
    return figure


def save_picture(rows: Sequence[Row], path: Path, *, title: str) -> None:
    """Draw and write the picture (PNG), whole or not at all."""
    from io import BytesIO

    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from twlv.files import write_atomic

    figure = picture(rows, title=title)
    FigureCanvasAgg(figure)
    drawn = BytesIO()
    figure.savefig(drawn, format="png", dpi=110)
    write_atomic(path, drawn.getvalue())


def _losses(axes: Axes, steps: Sequence[Row]) -> None:
    for name in _names(steps, "parts"):
        known = [row for row in steps if name in row["parts"]]
        _line(axes, known, [row["parts"][name] for row in known], name)
    axes.axhline(1.0, color="0.6", linewidth=0.8, linestyle=":")
    _finish(axes, "loss / best constant", legend=bool(steps))


def _rates(axes: Axes, steps: Sequence[Row]) -> None:
    _line(axes, steps, [row["lr"] for row in steps], "learning rate")
    _finish(axes, "learning rate")
    if steps:
        other = axes.twinx()
        _line(other, steps, [row["grad_norm"] for row in steps], "norm of the gradient", color="0.6")
        other.set_ylabel("norm of the gradient", color="0.4")


def _monitors(axes: Axes, checks: Sequence[Row]) -> None:
    names = [name for name in _names(checks, "monitors") if name != "effective_rank"]
    for name in names:
        _line(axes, checks, [row["monitors"][name] for row in checks], name, marker=".")
    _finish(axes, "monitors", legend=bool(names))
    if names:
        other = axes.twinx()
        _line(
            other,
            checks,
            [row["monitors"]["effective_rank"] for row in checks],
            "rank",
            color="0.6",
            marker=".",
        )
        other.set_ylabel("effective rank", color="0.4")


def _time(axes: Axes, steps: Sequence[Row]) -> None:
    names = _names(steps, "time")
    if steps:
        values = [[row["time"].get(name, 0.0) for row in steps] for name in names]
        axes.stackplot([row["step"] for row in steps], values, labels=names, alpha=0.8)
    _finish(axes, "share of the time", legend=bool(steps))


def _line(axes: Axes, rows: Sequence[Row], values: Sequence[float], label: str, **style: Any) -> None:
    axes.plot([row["step"] for row in rows], values, label=label, linewidth=1.0, **style)


def _finish(axes: Axes, label: str, *, legend: bool = False) -> None:
    axes.set_xlabel("steps")
    axes.set_ylabel(label)
    if legend:
        axes.legend(fontsize=8, frameon=False)


def _names(rows: Sequence[Row], key: str) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row[key]))
