"""The tables of numbers in README and model pages, made from result files below ``docs/results``.

After a change that moves a number: make the results anew (``make quickstart`` for the README's), copy them
there, then ``python tests/docs/generated_numbers.py --write``; the test beside it checks that tables and files
agree.
"""

from __future__ import annotations

import sys
from pathlib import Path

from twlv import results
from twlv.report.markdown import grid_table
from twlv.report.table import table

ROOT = Path(__file__).resolve().parents[2]
_TEACHER = "recognition/linear_probe__manifest{}__efficientnet_lite0.imagenet__{}.json"
PAGES: dict[str, dict[str, tuple[str, ...]]] = {
    "README.md": {"quickstart": ()},
    "docs/models/twlv1_tiny.md": {
        "twlv1_tiny/rendered": (),
        "twlv1_tiny/tennis": (_TEACHER.format("", "713c3b2e7d"),),
        "twlv1_tiny/fight": (_TEACHER.format("", "cfc84c1443"),),
        "twlv1_tiny/courts": (_TEACHER.format("_scene", "da77d5321f"),),
    },
}
"""Page -> folders below ``docs/results``, one for each table, and single files beside them."""

_END = "<!-- /numbers -->"


def replaced(page: str, folder: str, others: tuple[str, ...]) -> str:
    """The text of a page with a fresh table of the folder's results, and of the ``others``."""
    how = "written by `python tests/docs/generated_numbers.py --write`"
    start = f"<!-- numbers: {how} from docs/results/{folder} -->\n"
    before, rest = page.split(start)
    after = rest.split(_END, maxsplit=1)[1]
    made = table(results.load([ROOT / "docs" / "results" / part for part in (folder, *others)]))
    return f"{before}{start}{grid_table(made.grids[0])}\n{_END}{after}"


def main() -> int:
    """0 if every page is fresh, or has been written."""
    stale = False
    for name, folders in PAGES.items():
        path = ROOT / name
        text = fresh = path.read_text(encoding="utf-8")
        for folder, others in folders.items():
            fresh = replaced(fresh, folder, others)
        if "--write" in sys.argv:
            path.write_text(fresh, encoding="utf-8")
        elif fresh != text:
            sys.stderr.write(f"{name} is not what its result files say\n")
            stale = True
    return int(stale)


if __name__ == "__main__":
    sys.exit(main())
