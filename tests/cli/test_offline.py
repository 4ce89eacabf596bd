"""No command that measures talks to a network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Twlv = Callable[..., Any]


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("backbone", ["gradient_flow.fixed", "efficientnet_lite0.imagenet"])
def test_embed_evaluate_and_report_open_no_socket(
    twlv: Twlv, videos: Path, tmp_path: Path, backbone: str
) -> None:
    one, two = sorted(videos.iterdir())[:2]
    (tmp_path / "m.csv").write_text(f"path,label,split\n{one},right,train\n{two},down,val\n")
    for words in (
        ("embed", "m.csv", "--backbone", backbone, "--out", "store", "--num-frames", "2"),
        ("evaluate", "knn", "--dataset", "m.csv", "--store", "store", "--set", "k=1"),
        ("report", "results", "--out", "report.html"),
    ):
        done = twlv(*words)
        assert done.status == 0, done.err
    assert '"score":"knn/top1"' in (tmp_path / "report.html").read_text()
