"""The tables as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from twlv.report.cost import cost_grid
from twlv.report.failures import failures_markdown
from twlv.report.model import Cell, Grid
from twlv.report.provenance import all_failed, provenance
from twlv.report.table import table
from twlv.report.text import escape_markdown, number, share, spread
from twlv.results import Result
from twlv.results.published import headlines


def markdown(results: Sequence[Result], *, paper: bool = False, mix: bool = False) -> str:
    """A Markdown document: tables, footnotes, what the numbers mean, and how each result was made.

    Raises:
        ResultError: no results, or not comparable ones in a column (unless ``mix``).
    """
    made = table(results, paper=paper, mix=mix)
    parts = ["# Results"]
    cost = cost_grid(made)
    for grid in (*made.grids, *([] if cost is None else [cost])):
        parts += [f"## {escape_markdown(grid.title).capitalize()}", grid_table(grid)]
    parts.append("Bold: best of its column, among cells without † or ‡.")
    if made.footnotes:
        parts.append(_list(made.footnotes))
    if paper:
        parts += ["## The abstract's five differences, as published", _differences()]
    parts += ["## What the numbers mean", _list(made.meanings)]
    if made.results:
        parts.append("## How each result was made")
    parts += [
        f"### {escape_markdown(title)}\n\n{_list(facts)}" for title, facts in map(provenance, made.results)
    ]
    failed = failures_markdown(all_failed(made.results))
    if failed:
        parts += ["## Videos that failed", failed]
    return "\n\n".join(parts) + "\n"


def _differences() -> str:
    """Average top-1 of linear probing (table 3): TWLV-I (ViT-L) less each of the five, in points."""
    lines = [_line(["against", "ours", "theirs", "difference"]), _line(["---", "---:", "---:", "---:"])]
    for one in headlines():
        name = " ".join(part for part in (one.method, one.stage, one.arch) if part)
        lines.append(_line([name, f"{one.ours:.2f}", f"{one.theirs:.2f}", f"{one.difference:+.1f}"]))
    return "\n".join(lines)


def _list(items: Sequence[tuple[str, str]]) -> str:
    return "\n".join(f"- {escape_markdown(name)}: {escape_markdown(text)}" for name, text in items)


def grid_table(grid: Grid) -> str:
    """One grid as a Markdown table."""
    heads = ["<br>".join(map(escape_markdown, column.heading)) for column in grid.columns]
    lines = [_line(["backbone", *heads]), _line(["---", *("---:" for _ in heads)])]
    for row in grid.rows:
        name = escape_markdown(row.name)
        lines.append(_line([f"*{name}*" if row.published else name, *map(_text, row.cells)]))
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _text(cell: Cell | None) -> str:
    if cell is None:
        return ""
    value = number(cell.score.value, cell.score.unit)
    value = f"**{value}**" if cell.best else value
    marks = "".join(map(escape_markdown, cell.marks))
    cover = f"({share(cell.coverage)})" if cell.coverage < 1 else ""
    return " ".join(part for part in (value + marks, escape_markdown(spread(cell.score)), cover) if part)
