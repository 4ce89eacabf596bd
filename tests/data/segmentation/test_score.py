"""``twlv score temporal-segmentation``: anybody's predictions, split by split; nothing is left out silently."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from twlv.cli.main import main
from twlv.data.segmentation import read_segmentation, score_segmentation
from twlv.errors import InputError


def test_perfect_predictions_and_a_wrong_one(root: Path, predictions) -> None:
    truth = read_segmentation(root)
    perfect = score_segmentation(predictions(), truth, background=("background",), rules="e1").mean()
    assert set(perfect.values()) == {1.0}
    wrong = predictions(S1_Pie_C1="background take take take")  # pour is lost
    report = score_segmentation(wrong, truth, background=("background",), rules="e1")
    assert report.splits[1].accuracy == 7 / 9
    assert report.splits[1].edit == 0.75
    assert report.splits[1].f1 == pytest.approx((6 / 7, 6 / 7, 4 / 7))  # take: a third of the long one
    assert report.splits[2].edit == 1.0
    assert report.mean()["edit"] == 0.875


def test_the_end_rule_and_the_background_are_choices(root: Path, predictions) -> None:
    truth = read_segmentation(root)
    short = score_segmentation(predictions(), truth).mean()
    assert short["f1_50"] < 1.0  # segments of one frame at the end have no length under e0
    kept = score_segmentation(predictions(S1_Tea_C1="take take pour pour pour"), truth, rules="e1")
    dropped = score_segmentation(predictions(), truth, background=("background",), rules="e1")
    assert kept.splits[1].edit < dropped.splits[1].edit == 1.0


def test_a_missing_or_short_prediction_is_an_error(root: Path, predictions) -> None:
    truth = read_segmentation(root)
    folder = predictions(S2_Pie_C1="take take")
    with pytest.raises(InputError, match=r"S2_Pie_C1\.txt: 2 labels for 3 frames"):
        score_segmentation(folder, truth)
    (folder / "S2_Pie_C1.txt").unlink()
    with pytest.raises(InputError, match=r"1 of 4 videos have no prediction, such as S2_Pie_C1\.txt"):
        score_segmentation(folder, truth)
    alone = score_segmentation(folder, truth, split=1)
    assert list(alone.splits) == [1]
    with pytest.raises(InputError, match="no split 3; there are 1, 2"):
        score_segmentation(folder, truth, split=3)


def test_trap_19_a_longer_prediction_is_noted_and_cut_for_accuracy_only(root: Path, predictions) -> None:
    truth = read_segmentation(root)
    report = score_segmentation(predictions(S2_Pie_C1="take background pour take"), truth, rules="e1")
    assert report.splits[2].accuracy == 1.0
    assert report.splits[2].edit < 1.0
    assert "1 predictions are longer than their videos, by up to 1 frames" in report.notes[0]


def test_a_set_without_splits_is_one_and_undefined_edits_are_counted(root: Path, predictions) -> None:
    for path in (root / "splits").iterdir():
        path.unlink()
    (root / "groundTruth/S2_Pie_C1.txt").write_text("background\nbackground\n")
    report = score_segmentation(
        predictions(S2_Pie_C1="background background"),
        read_segmentation(root),
        background=("background",),
        rules="e1",
    )
    assert report.splits[0].num_edit == 3
    assert report.splits[0].edit == 1.0
    assert "Edit is the mean over 3 of 4 videos" in report.notes[0]


def test_the_command(root: Path, predictions, capsys: pytest.CaptureFixture[str]) -> None:
    folder = predictions(S1_Pie_C1="background take take take")
    words = ["score", "temporal-segmentation", "--truth", str(root), "--predictions", str(folder)]
    words += ["--dataset", "other", "--rules", "e1", "--background", "background"]
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert "rules e1, background: background" in shown
    assert "     mF1    Edit     Acc   F1@10   F1@25   F1@50" in shown
    assert "mean           4   88.10   87.50   88.89" in shown
    assert main([*words, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["mean"]["edit"] == 0.875
    assert [row["split"] for row in document["splits"]] == [1, 2]
    words[words.index("other")] = "gtea"
    assert main(words) == 2
    assert "3 classes, but gtea has 11" in capsys.readouterr().err
