"""``twlv visualize`` on a store, a pair of stores, and results; what it refuses, each in one line."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from twlv.cli.visualize import VisualizeOptions, choose
from twlv.store import Store, StoreSpec, StoreWriter
from twlv.types import BackboneCard, Embedding, Uniform

Twlv = Callable[..., Any]


def write(path: Path, vectors: np.ndarray, frame_order: Any = "forward") -> Path:
    card = BackboneCard(
        name="tiny.fixed",
        dim=vectors.shape[1],
        num_params=1,
        num_frames=4,
        image_size_px=8,
        patch=(1, 8, 8),
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
        weights="w",
        weights_sha256="ab" * 32,
        licence="MIT",
    )
    spec = StoreSpec(backbone=card, sampling=Uniform(), num_frames=4, frame_order=frame_order)
    rows = [
        Embedding(
            video_id=f"v{i:02}",
            level="clip",
            vectors=vector[None].astype(np.float32),
            spans_seconds=np.array([[0.0, 1.0]]),
        )
        for i, vector in enumerate(vectors)
    ]
    with StoreWriter(Store.open_or_create(path, spec)) as writer:
        writer.write_many(rows)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """``store``, ``reversed`` and ``labels.csv``: 40 videos of four classes in two splits."""
    random = np.random.default_rng(0)
    forward = random.standard_normal((40, 8)) + 4 * np.eye(4, 8)[np.arange(40) % 4]
    write(tmp_path / "store", forward)
    write(tmp_path / "reversed", forward + random.standard_normal((40, 8)), "reversed")
    with (tmp_path / "labels.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("video_id", "path", "label", "split"))
        for i in range(40):
            label = ("Moving something up", "Moving something down", "waving", "jumping")[i % 4]
            writer.writerow((f"v{i:02}", f"v{i:02}.mp4", label, "val" if i % 5 else "train"))
    return tmp_path


def side(folder: Path, name: str = "figure.json") -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / name).read_text())
    return read


def test_a_store_becomes_a_picture_and_its_numbers(twlv: Twlv, folder: Path) -> None:
    done = twlv("visualize", "store", "--dataset", "labels.csv", "--split", "val", "--out", "new/figure.svg")
    assert (done.status, done.out) == (0, "wrote new/figure.svg and new/figure.json\n")
    assert "note: perplexity lowered from 30 to 10: there are only 32 points" in done.err
    read = side(folder / "new")
    assert read["kind"] == "tsne"
    assert read["num_points"] == len(read["points"]["ids"]) == 32
    assert read["numbers"]["knn_purity"] > read["numbers"]["knn_purity_chance"]
    assert read["origin"]["dataset"] == "labels"
    svg = (folder / "new" / "figure.svg").read_text()
    assert "waving (8)" in svg


def test_classes_and_points_are_chosen(twlv: Twlv, folder: Path) -> None:
    words = ("visualize", "store", "--dataset", "labels.csv", "--kind", "pca", "--out", "figure.png")
    assert twlv(*words, "--include", "waving", "--rest", "drop").status == 0
    assert side(folder)["coloured"] == ["waving"]
    assert side(folder)["num_points"] == 10
    assert twlv(*words, "--share", "0.5", "--num-classes", "2", "--seed", "4").status == 0
    assert (side(folder)["num_points"], len(side(folder)["coloured"]), side(folder)["seed"]) == (20, 2, 4)
    assert twlv("visualize", "store", "--kind", "pca", "--vectors", "raw", "--out", "figure.png").status == 0
    assert side(folder)["settings"]["normalise"] is False


def test_two_classes_by_lda_are_histograms(twlv: Twlv, folder: Path) -> None:
    words = ("--include", "waving", "--include", "jumping", "--rest", "drop", "--out", "figure.png")
    done = twlv("visualize", "store", "--kind", "lda", "--dataset", "labels.csv", *words)
    assert done.status == 0
    assert "in-sample" in done.err
    assert list(side(folder)["points"]) == ["ids", "labels", "x"]


def test_the_reports_figure_8(twlv: Twlv, folder: Path) -> None:
    words = ("visualize", "store", "--preset", "figure8", "--dataset", "labels.csv", "--out", "figure.pdf")
    assert twlv(*words).err.endswith("needs --reversed-store STORE: the same videos, reversed\n")
    assert twlv(*words, "--reversed-store", "reversed").status == 0
    read = side(folder)
    assert read["classes"] == ["Moving something up"]
    assert read["num_points"] == 16
    assert read["preset"]["name"] == "figure8"
    assert read["preset"]["inferred"]
    assert 0 <= read["numbers"]["auc"] <= 1


def test_the_reports_figure_2_needs_no_results(twlv: Twlv, tmp_path: Path) -> None:
    assert twlv("visualize", "--preset", "figure2", "--out", "figure.svg").status == 0
    (picture,) = side(tmp_path)["pictures"]
    points = {b["backbone"]: (b["appearance"]["value"], b["motion"]["value"]) for b in picture["backbones"]}
    assert points["TWLV-I ViT-L"] == pytest.approx((58.23, 39.625))
    assert "TWLV-I ViT-L" in (tmp_path / "figure.svg").read_text()


def test_flags_win_over_a_preset_even_where_they_are_zero(tmp_path: Path) -> None:
    given = VisualizeOptions(out=tmp_path, preset="figure7", seed=0, perplexity=5.0, vectors="unit")
    chosen = choose(given)
    assert chosen.map_settings == {"seed": 0, "perplexity": 5.0, "normalise": True, "pca_dims": 0}
    assert (chosen.kind, chosen.split, chosen.share, chosen.seed) == ("tsne", "val", 0.5, 0)
    assert choose(VisualizeOptions(out=tmp_path, preset="figure6")).map_settings["seed"] == 1212
    assert choose(VisualizeOptions(out=tmp_path, pca_dims=0)).map_settings == {"pca_dims": 0}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["store", "--out", "figure.gif"],
            "--out takes a file that ends in .png, .svg, .pdf, got 'figure.gif'",
        ),
        (["--out", "f.png"], "--kind tsne takes one store, got 0"),
        (["store", "reversed", "--out", "f.png"], "takes one store, got 2"),
        (["nowhere", "--out", "f.png"], "no store here"),
        (
            ["store", "--out", "f.png", "--preset", "figure66"],
            "unknown preset 'figure66'; did you mean figure6",
        ),
        (["store", "--out", "f.png", "--kind", "lda"], "say --dataset MANIFEST"),
        (["store", "--out", "f.png", "--include", "waving"], "classes and splits come from a manifest"),
        (["store", "--out", "f.png", "--paper"], "--paper is for --kind abilities"),
        (["store", "--out", "f.png", "--reversed-store", "reversed"], "is for --kind lda, this is tsne"),
        (["--out", "f.png", "--kind", "abilities"], "takes result files or folders"),
        (
            ["store", "--out", "f.png", "--dataset", "labels.csv", "--include", "wavin"],
            "unknown class 'wavin'; did you mean waving?",
        ),
        (
            ["store", "--out", "f.png", "--kind", "lda", "--reversed-store", "reversed", "--share", "0.5"],
            "--share: without effect",
        ),
        (
            ["store", "--out", "f.png", "--kind", "lda", "--reversed-store", "store"],
            "embed it with: twlv embed ... --frame-order reversed",
        ),
    ],
)
def test_what_is_wrong_is_one_line_and_status_2(
    twlv: Twlv, folder: Path, words: list[str], message: str
) -> None:
    done = twlv("visualize", *words)
    assert (done.status, done.out) == (2, "")
    assert message in done.err
    assert done.err.startswith("twlv: error: ")
    assert len(done.err.splitlines()) == 1
    assert not (folder / "f.png").exists()
