"""The page of traps names tests that exist, and the folder of reference values says where each file is from."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
PAGE = TESTS.parent / "docs" / "traps.md"
NAME = re.compile(r"`([\w/]+\.py)::(\w+)`")


@cache
def functions_of(path: Path) -> frozenset[str]:
    """Names of the test functions of a file, without importing it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(
        node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


def test_every_test_that_the_page_of_traps_names_exists() -> None:
    named = NAME.findall(PAGE.read_text(encoding="utf-8"))
    assert len(named) > 60
    absent = [f"{file}::{test}" for file, test in named if test not in functions_of(TESTS / file)]
    assert absent == []


def test_every_line_of_the_page_of_traps_names_a_test() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    heads = [row for row in rows if row.endswith("| test |")]
    assert len(heads) == 12
    assert [row for row in rows if row not in heads and not NAME.search(row)] == []


def test_every_test_named_after_a_trap_is_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    files = sorted(TESTS.rglob("test_*.py"))
    names = {name for file in files for name in functions_of(file) if re.match(r"test_trap_\d", name)}
    assert sorted(name for name in names if f"::{name}`" not in page) == []


def test_every_reference_file_has_its_origin() -> None:
    folder = TESTS / "reference"
    listed = re.findall(r"^\| `([^`]+)` \| .{20,} \|$", (folder / "README.md").read_text(), flags=re.MULTILINE)
    assert sorted(listed) == sorted(path.name for path in folder.iterdir() if path.name != "README.md")
