"""``twlv evaluate temporal-segmentation`` on arrays of others: all splits, one of them, what is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

CLASSES = ("background", "take", "pour")
SMALL = ("layers=2", "channels=8", "decoders=1", "epochs=2")
SETTINGS = [word for setting in SMALL for word in ("--set", setting)]


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    """Six videos in two splits, and features (D, frames) of each: its labels with noise."""
    random, root = np.random.default_rng(0), tmp_path / "kitchen"
    for folder in ("groundTruth", "splits", "features"):
        (root / folder).mkdir(parents=True)
    (root / "mapping.txt").write_text("".join(f"{i} {name}\n" for i, name in enumerate(CLASSES)))
    for number in range(6):
        labels = np.repeat(random.permutation(np.arange(6) % 3), random.integers(4, 9, size=6))
        text = "".join(f"{CLASSES[label]}\n" for label in labels)
        (root / "groundTruth" / f"v{number}.txt").write_text(text)
        array = np.eye(3, 40)[labels] + 0.2 * random.standard_normal((len(labels), 40))
        np.save(root / "features" / f"v{number}.npy", array.T.astype(np.float32))
    for half in ("train", "test"):
        for split in (1, 2):
            inside = [i for i in range(6) if (i // 3 == split - 1) == (half == "test")]
            lines = "".join(f"v{i}.txt\n" for i in inside)
            (root / "splits" / f"{half}.split{split}.bundle").write_text(lines)
    return root


def words(root: Path, *more: object) -> list[object]:
    return [
        *("evaluate", "temporal-segmentation", "--dataset", root, "--label-fps", 15),
        *("--features", root / "features", "--features-fps", 15, *SETTINGS, *more),
    ]


FIRST = ("--features-layout", "dimension-first")


def test_all_splits_through_the_command_line(twlv: Any, truth: Path, tmp_path: Path) -> None:
    predicted = tmp_path / "predicted"
    done = twlv(*words(truth, *FIRST, "--set", f"predictions_to={predicted}", "--json"))
    assert done.status == 0, done.err
    result = json.loads(done.out)
    assert result["dataset"]["name"] == "kitchen"
    assert result["dataset"]["selection"] == ""
    assert result["coverage"]["used"] == 6
    rows = result["details"]["splits"]
    assert [row["split"] for row in rows] == ["split=1", "split=2"]
    scored = twlv(
        *("score", "temporal-segmentation", "--truth", truth, "--predictions", predicted),
        *("--dataset", "other", "--background", "background", "--json"),
    )
    mean = json.loads(scored.out)["mean"]
    for ours, theirs in (("edit", "edit"), ("mf1", "mean_f1"), ("accuracy", "accuracy")):
        value = result["scores"][f"temporal_segmentation/{ours}"]["value"]
        assert value == pytest.approx(100 * mean[theirs])
    (file,) = (tmp_path / "results").glob("*.json")
    picture = tmp_path / "strips.png"
    assert twlv("visualize", file, "--kind", "strips", "--out", picture).status == 0
    assert picture.stat().st_size > 1000
    one = json.loads(twlv(*words(truth, *FIRST, "--variant", 2, "--json")).out)
    assert one["details"]["splits"] == rows[1:]


def test_trap_22_the_axes_of_arrays_must_be_said(twlv: Any, truth: Path) -> None:
    done = twlv(*words(truth))
    assert done.status == 2
    assert "say which axis of the arrays is time: --features-layout dimension-first" in done.err
    done = twlv(*words(truth, "--features-layout", "time-first"))  # every video has another width then
    assert done.status == 2
    assert "is the layout right?" in done.err


def test_trap_21_missing_features_are_counted_and_named(twlv: Any, truth: Path) -> None:
    (truth / "features" / "v4.npy").unlink()
    done = twlv(*words(truth, *FIRST, "--json"))
    assert done.status == 3
    result = json.loads(done.out)
    assert result["coverage"]["failed"].keys() == {"v4"}
    first, second = result["details"]["splits"]
    assert (first["train_missing"], second["test_missing"]) == (1, ["v4"])
    assert (second["test_videos"], second["edit_videos"]) == (3, 3)
    scores = result["scores"]
    assert scores["temporal_segmentation/edit_decoded"]["n"] == 5
    assert scores["temporal_segmentation/edit"]["n"] == 6
    assert any("1 test videos have no usable embedding ('v4')" in note for note in result["notes"])
