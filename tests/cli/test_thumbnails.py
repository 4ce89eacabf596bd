"""Small pictures in the side file of a map, which the report page shows."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from twlv.report.page.points import is_picture

Twlv = Callable[..., Any]


def test_a_map_keeps_thumbnails_and_the_page_takes_them(twlv: Twlv, manifest: Path, tmp_path: Path) -> None:
    assert twlv("embed", manifest, "--backbone", "gradient_flow.fixed", "--out", "store").status == 0
    words = ("visualize", "store", "--dataset", manifest, "--kind", "pca", "--out", "map.png")
    done = twlv(*words, "--thumbnails", "5")
    assert done.status == 0, done.err
    side = json.loads((tmp_path / "map.json").read_text())
    assert list(side["thumbnails"]) == side["points"]["ids"][:5]
    for address in side["thumbnails"].values():
        assert is_picture(address)
        picture = Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))
        assert max(picture.size) <= 96
        assert len(address) < 8000

    assert twlv("evaluate", "knn", "--dataset", manifest, "--store", "store", "--set", "k=3").status == 0
    done = twlv("report", "results", "--points", "map.json", "--out", "page.html")
    assert done.status == 0, done.err
    assert (tmp_path / "page.html").read_text().count("data:image/jpeg") == 5

    assert "--dataset MANIFEST" in twlv("visualize", "store", "--out", "m.png", "--thumbnails", "1").err
    assert "is for a page" in twlv("report", "results", "--points", "map.json").err
    assert (
        "has no points"
        in twlv("report", "results", "--points", *(tmp_path / "results").glob("*"), "--out", "p.html").err
    )
