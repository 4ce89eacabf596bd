"""Fixtures shared by every room's tests."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

# One thread: the suite runs in parallel processes, and sums come out in one order.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of large real data beside the checkout (or ``TWLV_SHARED``); skips where it is absent."""
    default = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("TWLV_SHARED", default))
    if not (folder / "data" / "manifest.csv").is_file():
        pytest.skip(f"real-data folder absent: no {folder}/data/manifest.csv (set TWLV_SHARED)")
    return folder


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing in the test may open a connection or look up a name, not even where the error is caught."""
    tried: list[str] = []

    def refusing(name: str) -> Any:
        def refuse(*words: object, **_: object) -> NoReturn:
            tried.append(f"{name}{words}")
            raise OSError(f"{name} in a test without network")

        return refuse

    for name in ("connect", "connect_ex", "sendto", "bind"):
        monkeypatch.setattr(socket.socket, name, refusing(name))
    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "create_connection"):
        monkeypatch.setattr(socket, name, refusing(name))
    yield
    assert tried == []
