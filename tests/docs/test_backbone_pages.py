"""The pages of backbones hold what the table says, and every family has one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from twlv.backbones.pages import families, fill
from twlv.errors import InputError

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "backbones"
PAGES = sorted(FOLDER.glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_generated_tables_are_up_to_date(page: Path) -> None:
    """``python -m twlv.backbones.pages docs/backbones/*.md`` writes them."""
    text = page.read_text(encoding="utf-8")
    assert fill(text) == text


def test_every_family_has_one_page() -> None:
    named = [
        family
        for page in PAGES
        for block in re.findall(r"<!-- models: ([\w ]+) -->", page.read_text(encoding="utf-8"))
        for family in block.split()
    ]
    assert sorted(named) == sorted([*families(), "absent"])


def test_every_page_is_linked_from_the_guide() -> None:
    guide = (FOLDER.parent / "guides" / "zoo.md").read_text(encoding="utf-8")
    assert [page.name for page in PAGES if f"../backbones/{page.name}" not in guide] == []


def test_an_unknown_family() -> None:
    with pytest.raises(InputError, match=r"no family vjepa3; known: .*vjepa2"):
        fill("<!-- models: vjepa3 -->\n<!-- end -->")
