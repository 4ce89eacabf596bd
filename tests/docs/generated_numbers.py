"""The tables of numbers in README and model pages, made from result files below ``docs/results``.

After a change that moves a number: make the results anew (``make quickstart`` for the README's), copy them there,
then ``python tests/docs/generated_numbers.py --write``; the test beside it checks that tables and files agree.
"""

from __future__ import annotations

import sys
from pathlib import Path

from twlv import results
from twlv.report.markdown import grid_table
from twlv.report.table import table

ROOT = Path(__file__).resolve().parents[2]
_TINY = tuple(f"twlv1_tiny/{part}" for part in ("rendered", "tennis", "fight", "courts"))
PAGES = {"README.md": ("quickstart",), "docs/models/twlv1_tiny.md": _TINY}
"""Page -> folders below ``docs/results``, one for each table."""

_END = "<!-- /numbers -->"


def replaced(page: str, folder: str) -> str:
    """The text of a page with a fresh table of the folder's results."""
    start = f"<!-- numbers: written by `python tests/docs/generated_numbers.py --write` from docs/results/{folder} -->\n"
    before, rest = page.split(start)
    after = rest.split(_END, maxsplit=1)[1]
    made = table(results.load([ROOT / "docs" / "results" / folder]))
    return f"{before}{start}{grid_table(made.grids[0])}\n{_END}{after}"


def main() -> int:
    """0 if every page is fresh, or has been written."""
    stale = False
    for name, folders in PAGES.items():
        path = ROOT / name
        text = fresh = path.read_text(encoding="utf-8")
        for folder in folders:
            fresh = replaced(fresh, folder)
        if "--write" in sys.argv:
            path.write_text(fresh, encoding="utf-8")
        elif fresh != text:
            sys.stderr.write(f"{name} is not what its result files say\n")
            stale = True
    return int(stale)


if __name__ == "__main__":
    sys.exit(main())
