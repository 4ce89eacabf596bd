"""The tables as LaTeX for a paper, in the style of booktabs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from twlv.report.columns import Column
from twlv.report.model import Cell, Grid, Table
from twlv.report.table import table
from twlv.report.text import clean, number, share, spread
from twlv.results import Result

SIGNS = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "%": r"\%",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    "†": r"\textdagger{}",
    "‡": r"\textdaggerdbl{}",
    "°": r"\textdegree{}",
    "±": r"$\pm$",
    "\N{EN DASH}": "--",
}
"""Signs that LaTeX would take for itself (a bracket or star behind a line's end too), and marks of ours."""

HEAD = "% Needs \\usepackage[T1]{fontenc}, \\usepackage{textcomp} and \\usepackage{booktabs}."


def escape(text: object) -> str:
    """Text that LaTeX prints as it is. Each sign is replaced once, so nothing in it can become a command."""
    return "".join(SIGNS.get(sign, sign) for sign in clean(text))


def latex(results: Sequence[Result], *, paper: bool = False, mix: bool = False) -> str:
    """One ``table`` for each table of the report, the notes as a list of items below the last.

    Bold is the best of its column, among cells without † or ‡. Published rows are in italics, behind a rule.

    Raises:
        ResultError: as ``table``.
    """
    made = table(results, paper=paper, mix=mix)
    return "\n\n".join([HEAD, *(_table(grid, n) for n, grid in enumerate(made.grids, 1)), *_notes(made)]) + "\n"


def _table(grid: Grid, number_of: int) -> str:
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{escape(grid.title)}}}",
        rf"\label{{tab:report-{number_of}}}",
        rf"\begin{{tabular}}{{l{'r' * len(grid.columns)}}}",
        r"\toprule",
        *_heading(grid.columns),
        r"\midrule",
        *_rows(grid),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines)


def _heading(columns: Sequence[Column]) -> Iterator[str]:
    """Scores over the columns that share them, then data sets, then settings where there are any."""
    groups, rules, start = [], [], 2
    for score, members in groupby(columns, key=lambda column: column.score):
        width = len(list(members))
        groups.append(rf"\multicolumn{{{width}}}{{c}}{{{escape(score)}}}")
        rules.append(rf"\cmidrule(lr){{{start}-{start + width - 1}}}")
        start += width
    yield _line(["", *groups])
    yield "".join(rules)
    depth = max(len(column.heading) for column in columns)
    for row in range(1, depth):
        cells = [column.heading[row] if row < len(column.heading) else "" for column in columns]
        yield _line(["backbone" if row == depth - 1 else "", *map(escape, cells)])


def _rows(grid: Grid) -> Iterator[str]:
    before = False
    for row in grid.rows:
        if row.published and not before and row is not grid.rows[0]:
            yield r"\midrule"
        before = row.published
        name = rf"\textit{{{escape(row.name)}}}" if row.published else escape(row.name)
        yield _line([name, *map(_cell, row.cells)])


def _cell(cell: Cell | None) -> str:
    if cell is None:
        return "--"
    value = escape(number(cell.score.value, cell.score.unit))
    value = rf"\textbf{{{value}}}" if cell.best else value
    marks = rf"\textsuperscript{{{escape(''.join(cell.marks))}}}" if cell.marks else ""
    rest = [spread(cell.score), f"({share(cell.coverage)})" if cell.coverage < 1 else ""]
    return " ".join([value + marks, *(rf"{{\small {escape(text)}}}" for text in rest if text)])


def _line(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def _notes(made: Table) -> list[str]:
    if not made.footnotes:
        return []
    items = [rf"\item[{{{escape(mark)}}}] {escape(text)}" for mark, text in made.footnotes]
    return ["\n".join([r"\begin{description}", *items, r"\end{description}"])]
