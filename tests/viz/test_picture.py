"""What is written: every format, the side file with its numbers, and nothing that is not ours overwritten."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest
from sklearn.manifold import trustworthiness
from sklearn.metrics import silhouette_score
from sklearn.neighbors import NearestNeighbors

from twlv.errors import UsageError
from twlv.store import Store
from twlv.types import Dataset
from twlv.viz import Points, choose_classes, map_picture, read_points
from twlv.viz.scatter import shared_bins
from twlv.viz.style import look, text

Make = Callable[..., tuple[Store, Dataset]]


@pytest.fixture
def points(make: Make) -> Points:
    return read_points(*make(60, 4, apart=1.0))


@pytest.mark.parametrize(("suffix", "start"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".PDF", b"%PDF")])
def test_every_format_is_written_alike_twice(points: Points, tmp_path: Path, suffix: str, start: bytes) -> None:
    files = []
    for folder in ("one", "other"):
        out = tmp_path / folder / f"figure{suffix}"
        side = map_picture(points, "pca").save(out)
        assert side == out.with_suffix(".json")
        assert out.read_bytes().startswith(start)
        files.append((out.read_bytes(), side.read_bytes()))
    assert files[0] == files[1]


@pytest.mark.parametrize("name", ["figure.jpg", "figure", "figure.png.txt"])
def test_an_ending_that_is_no_picture_is_refused(points: Points, tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"ends in \.png, \.svg, \.pdf"):
        map_picture(points, "pca").save(tmp_path / name)
    assert list(tmp_path.glob("figure*")) == []


def test_a_file_that_is_no_side_file_is_not_replaced(points: Points, tmp_path: Path) -> None:
    made = map_picture(points, "pca")
    (tmp_path / "result.json").write_text('{"schema": 1, "task": "knn"}')
    with pytest.raises(UsageError, match="not the side file of a picture"):
        made.save(tmp_path / "result.png")
    assert not (tmp_path / "result.png").exists()
    made.save(tmp_path / "figure.png")
    made.save(tmp_path / "figure.svg")  # its own side file may be


def test_the_side_file_holds_numbers_that_scikit_learn_confirms(points: Points, tmp_path: Path) -> None:
    read = json.loads(map_picture(points, "pca").save(tmp_path / "figure.png").read_text())
    shown = np.stack([read["points"]["x"], read["points"]["y"]], axis=1)
    numbers = read["numbers"]
    wanted = trustworthiness(points.vectors, shown, n_neighbors=10, metric="cosine")
    assert numbers["trustworthiness"] == pytest.approx(wanted)
    wanted = silhouette_score(points.vectors, points.labels, metric="cosine")
    assert numbers["silhouette"] == pytest.approx(wanted, abs=1e-5)
    found = NearestNeighbors(n_neighbors=11, metric="cosine").fit(points.vectors)
    near = found.kneighbors(points.vectors, return_distance=False)[:, 1:]
    purity = (points.labels[near] == points.labels[:, None]).mean()
    assert numbers["knn_purity"] == pytest.approx(purity)
    assert numbers["k"] == 10
    assert numbers["knn_purity_chance"] == pytest.approx(14 / 59)
    assert read["points"]["ids"] == list(points.ids)
    assert read["points"]["labels"][:2] == ["class a", "class b"]
    assert read["figure"] == "figure.png"
    assert {"twlv", "python", "numpy", "scikit-learn", "matplotlib"} <= set(read["versions"])


def test_numbers_that_cannot_be_had_are_null(make: Make) -> None:
    few = read_points(make(8, 2)[0])
    numbers: Any = map_picture(few, "pca").document["numbers"]
    assert numbers["k"] == 7
    assert numbers["knn_purity"] is None
    assert numbers["silhouette"] is None
    assert numbers["trustworthiness"] is None
    assert numbers["kept_neighbours"] == 1.0


def test_svg_text_is_text_and_odd_names_are_shown_as_they_are(points: Points, tmp_path: Path) -> None:
    names = ("_hidden", "cost $5 to $6", "<b> & \N{SNOWMAN}", "line\nbreak")
    odd = replace(points, classes=names)
    map_picture(odd, "pca").save(tmp_path / "figure.svg")
    root = ET.parse(tmp_path / "figure.svg").getroot()
    shown = " | ".join("".join(e.itertext()).strip() for e in root.iter() if e.tag.endswith("}text"))
    for name in ("_hidden (15)", "cost $5 to $6 (15)", "<b> & \N{SNOWMAN} (15)", "line break (15)"):
        assert name in shown


def test_a_glyph_that_the_font_lacks_is_no_warning(points: Points, tmp_path: Path) -> None:
    map_picture(replace(points, classes=("挥手", "b", "c", "d")), "pca").save(tmp_path / "figure.png")


def test_the_legend_hides_no_point_and_counts_every_one(make: Make) -> None:
    points = read_points(*make(100, 25))
    made = map_picture(points, "pca", colouring=choose_classes(points, seed=0))
    figure = made.figure
    figure.draw_without_rendering()
    (legend,), (axes,) = figure.legends, figure.axes
    labels = [entry.get_text() for entry in legend.texts]
    assert labels[0] == "15 other classes (60)"
    assert sum(int(label.rpartition("(")[2].rstrip(")")) for label in labels) == 100
    assert {float(handle.get_sizes()[0]) for handle in legend.legend_handles} == {36}
    assert legend.get_window_extent().x0 >= axes.get_window_extent().x1
    assert made.document["coloured_drawn_by_seed"] is True


def test_twenty_classes_look_different() -> None:
    assert len({look(number) for number in range(20)}) == 20


def test_no_global_state_of_matplotlib_changes(points: Points, tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    map_picture(points, "pca").save(tmp_path / "figure.svg")
    assert dict(mpl.rcParams) == before


def test_bins_cover_every_value_even_one() -> None:
    for values in (np.zeros(5), np.array([1e9, 1e9]), np.random.default_rng(0).standard_cauchy(500)):
        edges = shared_bins(values)
        assert edges[0] <= values.min()
        assert edges[-1] >= values.max()
        assert 13 <= len(edges) <= 61
        assert (np.diff(edges) > 0).all()


def test_long_text_is_cut() -> None:
    assert text("x" * 50) == "x" * 33 + "…"
