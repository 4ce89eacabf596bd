"""What every picture shares: colours and markers that can be told apart, harmless text, files written whole."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from twlv.errors import UsageError
from twlv.files import write_atomic

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#000000")
"""Okabe and Ito's palette without its yellow, which is too light on white."""

MARKERS = ("o", "^", "s")
GREY = "#C4C4C4"
SUFFIXES = (".png", ".svg", ".pdf")
LONGEST = 34
RASTER = 4000
"""From this many points on they are one picture inside an SVG or PDF, so that it opens at once."""


def look(number: int) -> tuple[str, str]:
    """Colour and marker of the class of this number; no two of the first 21 share both."""
    return COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]


def check_suffix(out: Path) -> None:
    """Before anything is computed: whether a picture can be written under this name.

    Raises:
        UsageError: the ending is none of .png, .svg and .pdf, or it is a folder.
    """
    if out.suffix.lower() not in SUFFIXES:
        raise UsageError(f"--out takes a file that ends in {', '.join(SUFFIXES)}, got '{out}'")
    if out.is_dir():
        raise UsageError(f"--out {out} is a folder; name a file in it")


def text(value: str, longest: int = LONGEST) -> str:
    """Text that is shown as it is: printable, no mathematics, not too long."""
    shown = "".join(sign if sign.isprintable() else " " for sign in value).strip()
    shown = shown if len(shown) <= longest else shown[: longest - 1] + "…"
    shown = shown.replace("$", r"\$")
    return f" {shown}" if shown.startswith("_") else shown  # matplotlib hides labels that start with it


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of so many inches that lays itself out; no global state of matplotlib is touched."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=160, layout="constrained")


def caption(figure: Figure, lines: list[str]) -> None:
    """Small lines below the picture, from its left edge."""
    shown = "\n".join(line for line in lines if line)
    if shown:
        figure.supxlabel(shown, x=0.01, ha="left", fontsize=8.5, color="#404040", linespacing=1.5)


def legend(figure: Figure, handles: list[Any], labels: list[str]) -> None:
    """Outside, to the right: it hides no point, however many classes there are."""
    made = figure.legend(
        handles, labels, loc="outside right upper", frameon=False, fontsize=9, handletextpad=0.3
    )
    shown: list[Any] = list(made.legend_handles)
    for handle in shown:
        if hasattr(handle, "set_sizes"):  # of a cloud of thousands the points are too small to tell apart
            handle.set_sizes([36])


def bare(axes: Any) -> None:
    """Without the frame's upper and right line."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def save(figure: Figure, out: Path) -> None:
    """Write the picture in the format of its ending; the same figure, the same bytes. SVG keeps its text."""
    import matplotlib as mpl

    kind = out.suffix.lower().lstrip(".")
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)

    def fill(handle: BinaryIO) -> None:
        settings: Any = {"svg.fonttype": "none", "svg.hashsalt": "twlv"}
        with mpl.rc_context(settings), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            figure.savefig(handle, format=kind, metadata=metadata)

    write_atomic(out, fill)
