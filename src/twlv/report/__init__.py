"""Report: results side by side, as a terminal table, Markdown, or one HTML page; and the failed videos."""

from twlv.report.compare import Comparison, comparison_text
from twlv.report.failures import by_reason, failures, failures_markdown
from twlv.report.html import html
from twlv.report.markdown import markdown
from twlv.report.model import Cell, Grid, Row, Table
from twlv.report.seeds import seeds_text
from twlv.report.table import table
from twlv.report.terminal import terminal

__all__ = [
    "Cell",
    "Comparison",
    "Grid",
    "Row",
    "Table",
    "by_reason",
    "comparison_text",
    "failures",
    "failures_markdown",
    "html",
    "markdown",
    "seeds_text",
    "table",
    "terminal",
]
