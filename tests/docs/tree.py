"""The annotated tree at the end of the README: one line per file, the first sentence of its docstring.

``python tests/docs/tree.py --write`` writes it; the test beside it checks that it is true.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START = "<!-- tree: written by `python tests/docs/tree.py --write` -->\n"
LONGEST = 100
END = "<!-- /tree -->"


def tree(root: Path = ROOT) -> str:
    """The tree of ``src/twlv`` as Markdown."""
    package = root / "src" / "twlv"
    lines = ["src/twlv/"]
    for path in sorted(package.rglob("*.py"), key=lambda p: (len(p.relative_to(package).parts) > 1, p.parts)):
        inside = path.relative_to(package)
        if inside.name == "__init__.py":
            name = f"{inside.parent}/" if len(inside.parts) > 1 else "__init__.py"
        else:
            name = "  " * (len(inside.parts) - 1) + inside.name
        lines.append(f"  {name:<28} {sentence(path)}")
    return "```text\n" + "\n".join(lines) + "\n```\n"


def sentence(path: Path) -> str:
    """The first sentence of a file's docstring, on one line."""
    text = " ".join(
        (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n\n")[0].split()
    )
    first = re.split(r"(?<=\.)\s", text, maxsplit=1)[0].rstrip(".:")
    return first if len(first) <= LONGEST else re.split(r"[;:,(]", first, maxsplit=1)[0].strip()


def replaced(readme: str) -> str:
    """The README with a fresh tree."""
    before, rest = readme.split(START)
    after = rest.split(END, maxsplit=1)[1]
    return before + START + tree() + END + after


def main() -> int:
    """Write, or say whether the README is up to date."""
    path = ROOT / "README.md"
    old = path.read_text(encoding="utf-8")
    new = replaced(old)
    if "--write" in sys.argv:
        path.write_text(new, encoding="utf-8")
        return 0
    return int(old != new)


if __name__ == "__main__":
    sys.exit(main())
