"""The table of numbers in the README, made from the result files in ``docs/results/quickstart``.

After a change that moves a number: ``make quickstart``, copy ``runs/quickstart/results/*.json`` there, then
``python tests/docs/readme_numbers.py --write``; the test beside it checks that table and files agree.
"""

from __future__ import annotations

import sys
from pathlib import Path

from twlv import results
from twlv.report.markdown import grid_table
from twlv.report.table import table

ROOT = Path(__file__).resolve().parents[2]
START = (
    "<!-- numbers: written by `python tests/docs/readme_numbers.py --write` from docs/results/quickstart -->\n"
)
END = "<!-- /numbers -->"


def replaced(readme: str) -> str:
    """The README with a fresh table."""
    before, rest = readme.split(START)
    after = rest.split(END, maxsplit=1)[1]
    made = table(results.load([ROOT / "docs" / "results" / "quickstart"]))
    return f"{before}{START}{grid_table(made.grids[0])}\n{END}{after}"


if __name__ == "__main__":
    path = ROOT / "README.md"
    fresh = replaced(path.read_text(encoding="utf-8"))
    if "--write" in sys.argv:
        path.write_text(fresh, encoding="utf-8")
    else:
        sys.exit(fresh != path.read_text(encoding="utf-8"))
