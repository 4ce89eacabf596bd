"""Data sets by name on the command line: a miniature UCF101 and a miniature Epic-Kitchens of real videos."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FLOW = "gradient_flow.fixed"
NAMES = ("Archery", "Hammering", "HammerThrow", "TaiChi", *(f"Zz{index:02}" for index in range(97)))
Twlv = Callable[..., Any]


@pytest.fixture
def ucf101(videos: Path, tmp_path: Path) -> tuple[object, ...]:
    """The flags of a copy: 24 videos of four classes; split 2 turns train and test round."""
    lists = tmp_path / "lists"
    lists.mkdir()
    (lists / "classInd.txt").write_text("".join(f"{index} {name}\r\n" for index, name in enumerate(NAMES, 1)))
    lines = []
    for number, video in enumerate(sorted(videos.iterdir())):
        name = NAMES[number % 4]
        stem = f"v_{name}_g{number // 4:02}_c01"
        path = tmp_path / "UCF-101" / name / f"{stem}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(video)
        lines.append(f"{name}/{stem}.avi\n")
    for part, taken in (("train", lines[:16]), ("test", lines[16:])):
        (lists / f"{part}list01.txt").write_text("".join(taken))
        other = "test" if part == "train" else "train"
        (lists / f"{other}list02.txt").write_text("".join(taken))
    return ("--root", tmp_path / "UCF-101", "--annotations", lists)


def test_list(twlv: Twlv) -> None:
    shown = twlv("data", "list").out
    assert "ucf101: UCF101, appearance, 101 classes" in shown
    assert "9,586 (split 2, counted" in shown
    assert "video_id,path,label,split,group" in shown, "and how to bring any other set"
    cards = json.loads(twlv("data", "list", "--json").out)
    assert len(cards) == 16
    assert all(card["licence"] and card["fetch"] for card in cards)
    assert {card["name"] for card in cards if not card["expected"]} == {"ucf101-24", "jhmdb"}  # sets of frames


def test_check_and_doctor(twlv: Twlv, ucf101: tuple[object, ...], tmp_path: Path) -> None:
    done = twlv("data", "check", "ucf101", *ucf101)
    assert done.status == 0
    assert "ucf101: 24 of 24 samples readable" in done.out
    assert "note: 24 of 24 videos found as {written}/{stem}.mp4" in done.out
    assert "note: train: 16 videos are annotated here; known sizes: 9,537" in done.out
    next((tmp_path / "UCF-101" / "Archery").iterdir()).unlink()
    done = twlv("doctor", "dataset", "ucf101", *ucf101, "--variant", "2")
    assert done.status == 3
    assert "train: 8 samples" in done.out
    assert re.search(r"class list: sha256 [0-9a-f]{64}", done.out)
    assert "note: 1 of 24 videos are not on disk, for instance v_Archery_g0" in done.out
    assert twlv("data", "check", "ucf101", *ucf101).status == 3


def test_embed_once_evaluate_two_splits(twlv: Twlv, ucf101: tuple[object, ...], tmp_path: Path) -> None:
    assert twlv("embed", "ucf101", *ucf101, "--backbone", FLOW, "--out", "store").status == 0
    words = ("evaluate", "knn", "--dataset", "ucf101", *ucf101, "--store", "store", "--set", "k=1", "--json")
    one, two = (json.loads(twlv(*words, "--variant", variant).out) for variant in "12")
    assert one["scores"]["knn/top1"]["value"] == 100.0
    assert [document["dataset"]["selection"] for document in (one, two)] == ["", "split=2"]
    assert [document["dataset"]["title"] for document in (one, two)] == ["UCF101, split 1", "UCF101, split 2"]
    assert [document["coverage"]["by_split"]["train"]["expected"] for document in (one, two)] == [16, 8]
    assert (one["dataset"]["num_classes"], one["dataset"]["kind"]) == (101, "appearance")
    assert any("known sizes: 9,537" in note for note in one["notes"])
    assert len(list((tmp_path / "results").iterdir())) == 2


def test_epic_kitchens_windows_are_read_in_seconds(twlv: Twlv, videos: Path, tmp_path: Path) -> None:
    folder = tmp_path / "ek"
    folder.mkdir()
    for name, number in (("verb", 97), ("noun", 300)):
        rows = "".join(f"{index},{name}{index},[],x\n" for index in range(number))
        (folder / f"EPIC_100_{name}_classes.csv").write_text("id,key,instances,category\n" + rows)
    header = "narration_id,participant_id,video_id,start_timestamp,stop_timestamp,verb_class,noun_class\n"
    row = "{0}_{1},P01,{0},00:00:{2:05.2f},00:00:{3:05.2f},{4},{4}\n"
    for part, numbers in (("train", range(8)), ("validation", range(8, 12))):
        rows = [row.format(f"v{n:02}", i, i * 0.75, i * 0.75 + 0.7, n % 4) for n in numbers for i in (0, 1)]
        (folder / f"EPIC_100_{part}.csv").write_text(header + "".join(rows))
    flags = ("--root", videos, "--annotations", folder, "--variant", "noun", "--backbone", FLOW)
    done = twlv("evaluate", "knn", "--dataset", "epickitchens100", *flags, "--set", "k=1", "--json")
    assert done.status == 0, done.err
    document = json.loads(done.out)
    assert document["dataset"]["selection"] == "variant=noun"
    assert document["coverage"]["decoded"] == 24, "two windows of each of twelve videos"
    assert document["scores"]["knn/top1"]["value"] == 100.0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("evaluate", "knn", "--dataset", "ucf101", "--backbone", FLOW), "ucf101: say where the videos"),
        (("evaluate", "knn", "--dataset", "ucf102", "--backbone", FLOW), "did you mean ucf101"),
        (("data", "check", "ucf101", "--root", ".", "--variant", "9"), "unknown split of ucf101"),
        (("data", "check", "ssv2", "--root", ".", "--variant", "noun"), "unknown option of ssv2 'variant'"),
        (("data", "check", "ssv2", "--root", ".", "--where", "a=b"), "where is for a manifest"),
        (("data", "check", "ssv2", "ucf101"), "give one manifest or name"),
        (("embed", ".", "--backbone", FLOW, "--out", "s", "--annotations", "."), "--annotations: for a"),
        (("evaluate", "knn", "--store", "s", "--variant", "2"), "missing: --dataset NAME_OR_MANIFEST"),
        (("evaluate", "knn", "--official", "s", "--variant", "2"), "--variant: of a data set; add --dataset"),
        (("data", "check", "ssv2", "--root", "."), "no something-something-v2-labels.json"),
    ],
)  # fmt: skip
def test_words_that_do_not_fit(twlv: Twlv, words: tuple[str, ...], said: str) -> None:
    done = twlv(*words)
    assert done.status == 2
    assert re.search(re.escape(said), done.err), done.err


def test_a_manifest_takes_no_variant(twlv: Twlv, manifest: Path) -> None:
    done = twlv("data", "check", manifest, "--variant", "2")
    assert (done.status, "variant: for a data set by name" in done.err) == (2, True)


def test_the_doctor_lists_twenty_groups_and_counts_the_others(twlv: Twlv, tmp_path: Path) -> None:
    rows = [f"{number}{split}.mp4,x,{split},g{number}\n" for number in range(23) for split in ("train", "val")]
    (tmp_path / "m.csv").write_text("path,label,split,group\n" + "".join(rows))
    shown = twlv("doctor", "dataset", "m.csv").out
    assert shown.count("is in more than one split") == 20
    assert "so are 3 more groups" in shown


def test_charades_end_to_end(twlv: Twlv, videos: Path, tmp_path: Path) -> None:
    """Several labels a video: its direction, and one that every other video has; one video has none."""
    root, header = tmp_path / "Charades", "id,subject,scene,actions,length\n"
    (root / "Charades_v1_480").mkdir(parents=True)
    rows: dict[str, list[str]] = {"train": [], "test": []}
    for number, video in enumerate(sorted(videos.iterdir())):
        (root / "Charades_v1_480" / f"V{number:02}.mp4").symlink_to(video)
        actions = [f"c{number % 4:03} 0.00 1.00"] + ["c150 0.10 0.20"] * (number % 2)
        rows["train" if number < 16 else "test"].append(
            f"V{number:02},s,Kitchen,{';'.join(actions) if number else ''},2.0\n"
        )
    (root / "Charades_v1_classes.txt").write_text("".join(f"c{i:03} Action {i}\n" for i in range(157)))
    for split, lines in rows.items():
        (root / f"Charades_v1_{split}.csv").write_text(header + "".join(lines))
    flags = ("--dataset", "charades", "--root", root, "--backbone", FLOW, "--out", "out", "--json")
    linear = twlv("evaluate", "linear-probe", *flags)
    assert linear.status == 0, linear.err
    result = json.loads(linear.out)
    assert list(result["scores"]) == ["linear_probe/map"]
    assert result["scores"]["linear_probe/map"]["value"] > 90
    assert result["details"]["classes_in_test"] == 5
    assert result["details"]["chance_map"] == pytest.approx(30.0)
    attentive = twlv(
        "evaluate", "attentive-probe", *flags, "--set", "pooler=plain", "--set", "learning_rates=[0.01]",
        "--set", "weight_decays=[0.01]", "--set", "epochs=15",
    )  # fmt: skip
    assert attentive.status == 0, attentive.err
    assert json.loads(attentive.out)["scores"]["attentive_probe/map"]["value"] > 40
    assert "map: mean over classes of average precision" in twlv("report", "out").out
    refused = twlv("evaluate", "knn", *flags)
    assert refused.status == 2
    assert "has several class labels" in refused.err
