"""Maps: one seed gives one map, two classes give one axis, and what cannot be drawn is refused."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from twlv.errors import MissingExtra, UsageError
from twlv.metrics.neighbourhood import knn_purity, nearest
from twlv.store import Store
from twlv.types import Dataset
from twlv.viz import Points, Projection, Settings, map_picture, read_points
from twlv.viz.choose import only
from twlv.viz.maps import project
from twlv.viz.neighbour_maps import LARGE, engine_of, start, usable_perplexity

Make = Callable[..., tuple[Store, Dataset]]
QUICK = Settings(iterations=300, perplexity=10)


@pytest.fixture
def points(make: Make) -> Points:
    return read_points(*make(60, 4, dim=64))  # wider than the components that are taken first


def test_trap_33_the_same_seed_gives_the_same_coordinates(points: Points) -> None:
    one, again = (map_picture(points, "tsne", settings=QUICK).document for _ in range(2))
    assert one == again
    assert {"seed", "settings", "versions", "origin"} <= set(one)
    settings: Any = one["settings"]
    assert (settings["neighbours"], settings["engine"], settings["perplexity"]) == ("exact", "sklearn", 10.0)


@pytest.mark.parametrize("kind", ["pca", "lda", "tsne"])
def test_a_map_keeps_clouds_apart(points: Points, kind: Any) -> None:
    made = project(points, kind, QUICK)
    assert made.coordinates.shape == (60, 2)
    assert knn_purity(nearest(made.coordinates, 5, metric="euclidean"), points.labels).mean() > 0.8


def test_trap_32_two_classes_give_one_axis(points: Points) -> None:
    two = only(points, [0, 2])
    made = project(two, "lda", Settings())
    assert made.coordinates.shape == (30, 1)
    picture = map_picture(two, "lda")
    (axes,) = picture.figure.axes
    assert axes.get_ylabel() == "density"
    assert [text.get_text() for text in picture.figure.legends[0].texts] == ["class a (15)", "class c (15)"]
    columns: Any = picture.document["points"]
    assert list(columns) == ["ids", "labels", "x"]


def test_lda_is_fitted_on_points_with_a_label_and_shows_all(points: Points) -> None:
    three = only(points, [0, 1, 2])
    labels = three.labels.copy()
    labels[::5] = -1
    made = project(replace(three, labels=labels), "lda", Settings())
    assert made.coordinates.shape == (45, 2)
    unlabelled = labels == -1
    centres = np.stack([made.coordinates[labels == label].mean(axis=0) for label in range(3)])
    near = ((made.coordinates[unlabelled, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
    assert near.tolist() == three.labels[unlabelled].tolist()


@pytest.mark.parametrize(
    ("labels", "message"),
    [([0] * 60, "the points have 1"), ([-1] * 60, "say --dataset"), (list(range(60)), "every class has one")],
)
def test_lda_needs_two_classes_with_points(points: Points, labels: list[int], message: str) -> None:
    odd = replace(points, labels=np.array(labels))
    with pytest.raises(UsageError, match=message):
        project(odd, "lda", Settings())


def test_perplexity_is_lowered_for_few_points_and_said(make: Make) -> None:
    assert usable_perplexity(91, 30) == (30.0, ())
    lowered, notes = usable_perplexity(90, 30)
    assert lowered == 29
    assert notes == ("perplexity lowered from 30 to 29: there are only 90 points",)
    made = map_picture(read_points(*make(9, 3)), "tsne", settings=Settings(iterations=250))
    assert any("lowered from 30 to 2" in str(note) for note in made.document["notes"])


@pytest.mark.parametrize(
    ("n", "changes", "message"),
    [
        (60, {"perplexity": 0.5}, "--perplexity is at least 1"),
        (6, {}, "at least 7 points, got 6; take --kind pca"),
        (3, {}, "at least 4 points, got 3"),
        (60, {"iterations": 100}, "--iterations are at least the 250"),
        (60, {"pca_dims": -1}, "--pca-dims is a number of components"),
    ],
)
def test_what_t_sne_cannot_do_is_refused(make: Make, n: int, changes: dict[str, Any], message: str) -> None:
    points = read_points(*make(n, 2))
    with pytest.raises(UsageError, match=message):
        project(points, "tsne", replace(Settings(), **changes))


def test_the_start_is_two_components_of_standard_deviation_1e_4() -> None:
    vectors = np.random.default_rng(0).standard_normal((50, 8)) * [9, 3, 1, 1, 1, 1, 1, 1]
    begun = start(vectors, seed=0)
    assert begun[:, 0].std() == pytest.approx(1e-4, rel=1e-5)
    assert abs(np.corrcoef(begun[:, 0], vectors[:, 0])[0, 1]) > 0.9
    assert not start(np.ones((8, 1)), seed=0).any()


def test_length_one_makes_long_vectors_count_alike(points: Points) -> None:
    longer = replace(points, vectors=points.vectors * np.linspace(1, 9, 60, dtype=np.float32)[:, None])
    same = [project(p, "pca", Settings()).coordinates for p in (points, longer)]
    np.testing.assert_allclose(np.abs(same[0]), np.abs(same[1]), atol=1e-5)
    raw = project(longer, "pca", Settings(normalise=False)).coordinates
    assert np.abs(raw).max() > 3


def absent(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda asked, *rest: None if asked == name else find(asked, *rest)
    )


def test_an_absent_extra_says_how_to_install_it(points: Points, monkeypatch: pytest.MonkeyPatch) -> None:
    absent(monkeypatch, "umap")
    with pytest.raises(MissingExtra, match=r'pip install "twlv\[umap\]"'):
        project(points, "umap", Settings())
    absent(monkeypatch, "openTSNE")
    with pytest.raises(MissingExtra, match=r'pip install "twlv\[tsne\]"'):
        project(points, "tsne", Settings(engine="opentsne"))


def test_open_tsne_is_taken_for_large_sets_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    absent(monkeypatch, "openTSNE")
    assert engine_of(LARGE, Settings()) == "sklearn"
    monkeypatch.setattr(importlib.util, "find_spec", lambda *_: object())
    assert engine_of(LARGE, Settings()) == "opentsne"
    assert engine_of(LARGE - 1, Settings()) == "sklearn"
    assert engine_of(LARGE, Settings(engine="sklearn")) == "sklearn"


@pytest.mark.skipif(importlib.util.find_spec("openTSNE") is None, reason="the extra tsne is not installed")
def test_open_tsne_repeats_itself(points: Points) -> None:
    wanted = replace(QUICK, engine="opentsne")
    one, again = (project(points, "tsne", wanted) for _ in range(2))
    assert one.settings["engine"] == "opentsne"
    assert np.array_equal(one.coordinates, again.coordinates)


@pytest.mark.skipif(importlib.util.find_spec("umap") is None, reason="the extra umap is not installed")
def test_umap_repeats_itself(points: Points) -> None:
    one, again = (project(points, "umap", Settings()) for _ in range(2))
    assert isinstance(one, Projection)
    assert np.array_equal(one.coordinates, again.coordinates)
