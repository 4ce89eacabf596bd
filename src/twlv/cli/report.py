"""``twlv report``: results to a table on the terminal, Markdown or one HTML page."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from twlv.cli.options import flag
from twlv.errors import UsageError

if TYPE_CHECKING:
    from twlv.results import Result


@dataclass(frozen=True, kw_only=True)
class ReportOptions:
    """Flags of ``twlv report``."""

    results: tuple[Path, ...] = field(
        metadata=flag("result files, or folders of them", metavar="RESULT", positional="+")
    )
    paper: bool = field(default=False, metadata=flag("add the numbers that the report published"))
    mix: bool = field(default=False, metadata=flag("put results that are not comparable in one column, marked"))
    compare: bool = field(
        default=False, metadata=flag("compare two results video by video, with an interval of the difference")
    )
    out: Path | None = field(
        default=None,
        metadata=flag("write report.html or report.md instead of a table on the terminal", metavar="FILE"),
    )


def run(options: ReportOptions) -> int:
    """Show results side by side. Other versions or coverage never share a column unless --mix asks."""
    from twlv.results import load

    results = load(options.results)
    if options.compare:
        return _compare(results, options)
    text = render(results, options.out, paper=options.paper, mix=options.mix)
    if options.out is None:
        print(text)
        return 0
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(text, encoding="utf-8")
    print(f"wrote {options.out} ({len(results)} results)", file=sys.stderr)
    return 0


def _compare(results: Sequence[Result], options: ReportOptions) -> int:
    if len(results) != 2:
        raise UsageError(f"--compare takes two results, got {len(results)}; type: twlv report --compare A B")
    if options.out is not None or options.paper or options.mix:
        raise UsageError("--compare prints its text: leave out --out, --paper and --mix")
    from twlv.report.compare import compare, comparison_text

    print(comparison_text(compare(*results)))
    return 0


def render(results: Sequence[Result], out: Path | None, *, paper: bool, mix: bool) -> str:
    """The text for the terminal (``out`` None), or for the kind of file that ``out`` ends with."""
    from twlv import report

    if out is None:
        return report.terminal(results, paper=paper, mix=mix)
    suffix = out.suffix.lower()
    if suffix in (".html", ".htm"):
        return report.html(results, paper=paper, mix=mix)
    if suffix == ".md":
        return report.markdown(results, paper=paper, mix=mix)
    raise UsageError(f"--out takes a file that ends in .html or .md, got '{out}'")
