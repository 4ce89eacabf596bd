"""Each link of the installation, whole and broken."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from twlv.cli import health
from twlv.cli.health import Finding

Twlv = Callable[..., Any]


@pytest.fixture
def broken_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Put a package first on the path that fails in this way when it is imported."""

    def make(name: str, text: str) -> None:
        (tmp_path / f"{name}.py").write_text(text)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    return make


def test_a_whole_installation_is_sound(twlv: Twlv) -> None:
    done = twlv("doctor")
    assert done.status == 0, done.out
    assert "The installation is sound" in done.out
    assert "BROKEN" not in done.out


def test_the_first_broken_link_is_named_with_its_remedy(twlv: Twlv, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        Finding(name="a", ok=True, seen="1"),
        Finding(name="b", ok=None, seen="not installed"),
        Finding(name="c", ok=False, seen="it fails", remedy="mend c"),
        Finding(name="d", ok=False, seen="it fails too", remedy="mend d"),
    ]
    monkeypatch.setattr(health, "findings", lambda: iter(found))
    done = twlv("doctor")
    assert done.status == 1
    assert done.out.endswith("First broken link: c: it fails\ntype: mend c\n")


def test_a_torchvision_that_fails_to_import_is_worse_than_none(
    broken_package: Callable[[str, str], None],
) -> None:
    assert health.torchvision().ok is None
    broken_package("torchvision", "raise RuntimeError('operator torchvision::nms does not exist')")
    found = health.torchvision()
    assert found.ok is False
    assert "nms does not exist" in found.seen
    assert found.remedy == "pip uninstall -y torchvision"
    assert "torchvision" not in sys.modules


def test_a_torchcodec_that_fails_to_load_is_only_absent(broken_package: Callable[[str, str], None]) -> None:
    broken_package("torchcodec", "raise OSError('libnvrtc.so.13: cannot open shared object file')")
    found = health.torchcodec()
    assert found.ok is None
    assert "libnvrtc" in found.seen
    assert "<0.14" in found.seen


def test_a_missing_package_says_how_to_install_it() -> None:
    found = health.imports("no_such_package_at_all", remedy="pip install it")
    assert (found.ok, found.seen, found.remedy) == (False, "not installed", "pip install it")
    assert health.imports("no_such_package_at_all", remedy="", optional=True).ok is None


def test_a_decoder_that_gives_other_pictures_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert health.clip().ok is True
    from twlv import video

    real = video.read_clip

    def upside_down(*args: Any, **options: Any) -> Any:
        read = real(*args, **options)
        object.__setattr__(read, "frames", read.frames.flip(2))
        return read

    monkeypatch.setattr(video, "read_clip", upside_down)
    assert health.clip().ok is False


def test_a_cache_that_cannot_be_written_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWLV_CACHE", str(tmp_path / "fresh"))
    assert health.cache().ok is True
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TWLV_CACHE", str(tmp_path / "file" / "below"))
    found = health.cache()
    assert found.ok is False
    assert "TWLV_CACHE" in found.remedy
