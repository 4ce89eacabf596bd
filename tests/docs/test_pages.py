"""The README and the guides are executed, page by page, in a folder with a few small videos and a manifest."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

if str(Path(__file__).parent) not in sys.path:  # importlib mode does not add a test's folder
    sys.path.insert(0, str(Path(__file__).parent))
from blocks import Block, blocks
from tree import ROOT, replaced

PAGES = [
    path
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
    if blocks(path)
]
EVERY_PAGE = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_blocks_of_a_page_run(page: Path, example_videos: Path, tmp_path: Path) -> None:
    (tmp_path / "videos").symlink_to(example_videos / "videos")
    (tmp_path / "manifest.csv").write_bytes((example_videos / "manifest.csv").read_bytes())
    exported: dict[str, str] = {}
    for block in blocks(page):
        if block.file:
            (tmp_path / block.file).write_text(block.text)
            continue
        done = run(block, tmp_path, exported)
        shown = f"{page.relative_to(ROOT)}:{block.line}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        assert done.returncode == 0, shown


def run(block: Block, folder: Path, exported: dict[str, str]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **exported, "TWLV_CACHE": str(folder / "cache")}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    exported.update(dict(re.findall(r"^export (\w+)=(\S+)$", block.text, flags=re.MULTILINE)))
    command = ["bash", "-euo", "pipefail", "-c", block.text]
    if block.language == "python":
        command = [sys.executable, "-W", "error", "-c", block.text]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
    )


@pytest.mark.parametrize("page", EVERY_PAGE, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http:", "https:")):
            assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} links to {target}"


def test_the_tree_in_the_readme_is_true() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert replaced(readme) == readme, "type: python tests/docs/tree.py --write"


def test_pages_name_only_commands_that_exist() -> None:
    from twlv.cli.main import COMMANDS

    verbs = {command.words[0] for command in COMMANDS}
    for page in EVERY_PAGE:
        for verb in re.findall(r"`twlv ([a-z]+)", page.read_text(encoding="utf-8")):
            assert verb in verbs, f"{page.name}: twlv {verb}"
