"""``twlv report``: results as tables, a page, a paper's LaTeX, a program's CSV or JSON, or a model card."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from twlv.cli.options import flag
from twlv.errors import UsageError

if TYPE_CHECKING:
    from twlv.results import Result

SUFFIXES = (".html", ".htm", ".md", ".tex", ".csv", ".json")


@dataclass(frozen=True, kw_only=True)
class ReportOptions:
    """Flags of ``twlv report``."""

    results: tuple[Path, ...] = field(
        default=(),
        metadata=flag(
            "result files, or folders of them; none with --paper: the report's own tables",
            metavar="RESULT",
            positional="*",
        ),
    )
    paper: bool = field(default=False, metadata=flag("add the numbers that the report published"))
    mix: bool = field(default=False, metadata=flag("put results that are not comparable in one column, marked"))
    compare: bool = field(
        default=False, metadata=flag("compare two results video by video, with an interval of the difference")
    )
    points: tuple[Path, ...] = field(
        default=(),
        metadata=flag(
            "a map for the page: the .json that twlv visualize writes beside a figure; repeatable",
            metavar="FILE",
        ),
    )
    model_card: bool = field(
        default=False,
        metadata=flag("a model card for the Hugging Face hub (Markdown with a model-index), of one backbone"),
    )
    out: Path | None = field(
        default=None,
        metadata=flag(
            "write .html, .md, .tex, .csv or .json instead of a table on the terminal", metavar="FILE"
        ),
    )
    serve: bool = field(
        default=False, metadata=flag("show the page in a browser and renew it while results arrive")
    )
    host: str = field(
        default="127.0.0.1",
        metadata=flag("--serve: address to listen on; the default is for this machine only", metavar="ADDRESS"),
    )
    port: int = field(default=8000, metadata=flag("--serve: port, 0 for any free one", metavar="N"))


def run(options: ReportOptions) -> int:
    """Show results side by side. Other versions or coverage never share a column unless --mix asks."""
    _check(options)
    if options.serve:
        return _serve(options)
    results = _load(options)
    if options.compare:
        return _compare(results, options)
    text = render(
        results,
        options.out,
        paper=options.paper,
        mix=options.mix,
        points=options.points,
        model_card=options.model_card,
    )
    if options.out is None:
        print(text, end="" if text.endswith("\n") else "\n")
        return 0
    from twlv.files import write_atomic

    options.out.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(options.out, text)
    print(f"wrote {options.out} ({len(results)} results)", file=sys.stderr)
    return 0


def _check(options: ReportOptions) -> None:
    """Words that do not go together, before anything is read."""
    if not options.results and not options.paper:
        raise UsageError("name result files or folders, or --paper for the report's own tables")
    if options.out is not None and options.out.suffix.lower() not in SUFFIXES:
        raise UsageError(f"--out takes a file that ends in {', '.join(SUFFIXES)}, got '{options.out}'")
    page = options.serve or (options.out is not None and options.out.suffix.lower() in (".html", ".htm"))
    if options.points and not page:
        raise UsageError("--points is for a page: say --out report.html or --serve")
    if options.serve and (options.out or options.compare or options.model_card):
        raise UsageError("--serve shows the page: leave out --out, --compare and --model-card")
    if options.model_card and (options.paper or options.compare):
        raise UsageError("--model-card is of your own results: leave out --paper and --compare")
    if options.model_card and options.out is not None and options.out.suffix.lower() != ".md":
        raise UsageError(
            f"--model-card writes Markdown: --out takes a file that ends in .md, got '{options.out}'"
        )


def _load(options: ReportOptions) -> tuple[Result, ...]:
    from twlv.results import load

    return load(options.results) if options.results else ()


def _serve(options: ReportOptions) -> int:
    from twlv.report.serve import Shown, serve

    shown = Shown(paths=options.results, points=options.points, paper=options.paper, mix=options.mix)
    serve(shown, host=options.host, port=options.port, say=lambda text: print(text, file=sys.stderr))
    return 0


def _compare(results: Sequence[Result], options: ReportOptions) -> int:
    if len(results) != 2:
        raise UsageError(f"--compare takes two results, got {len(results)}; type: twlv report --compare A B")
    if options.out is not None or options.paper or options.mix:
        raise UsageError("--compare prints its text: leave out --out, --paper and --mix")
    from twlv.report.compare import compare, comparison_text

    print(comparison_text(compare(*results)))
    return 0


def render(
    results: Sequence[Result],
    out: Path | None,
    *,
    paper: bool,
    mix: bool,
    points: Sequence[Path] = (),
    model_card: bool = False,
) -> str:
    """The text for the terminal (``out`` None), or for the kind of file that ``out`` ends with."""
    from twlv import report
    from twlv.report import export
    from twlv.report.page.points import read_points

    if model_card:
        return export.model_card(results, mix=mix)
    suffix = "" if out is None else out.suffix.lower()
    if suffix in (".html", ".htm"):
        maps = [read_points(path) for path in points]
        return report.html(results, paper=paper, mix=mix, points=maps)
    forms: dict[str, Callable[..., str]] = {
        "": report.terminal,
        ".md": report.markdown,
        ".tex": export.latex,
        ".csv": export.csv_text,
        ".json": export.json_text,
    }
    return forms[suffix](results, paper=paper, mix=mix)
