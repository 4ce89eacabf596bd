"""The commands on real files, with a backbone that needs no weights."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from twlv.store import Store

FLOW = "gradient_flow.fixed"
Twlv = Callable[..., Any]


def test_embed_evaluate_report(twlv: Twlv, manifest: Path, tmp_path: Path) -> None:
    done = twlv("embed", manifest, "--backbone", FLOW, "--out", "store")
    assert (done.status, "24 of 24 videos are in store" in done.out) == (0, True)
    assert "decode" in done.out
    assert "licence of the weights: Apache-2.0" in done.err

    again = twlv("embed", manifest, "--backbone", FLOW, "--out", "store")
    assert again.status == 0
    assert "24 were there already and were skipped; 0 are new" in again.out

    done = twlv("evaluate", "knn", "--dataset", manifest, "--store", "store", "--set", "k=3", "--json")
    assert done.status == 0
    document = json.loads(done.out)
    assert document["task"]["config"]["k"] == [3]
    assert document["scores"]["knn/top1"]["value"] == 100.0
    assert document["coverage"]["expected"] == 24
    assert len(list((tmp_path / "results").glob("*.json"))) == 1

    done = twlv("evaluate", "linear-probe", "--dataset", manifest, "--store", "store", "--seed", "7")
    assert done.status == 0
    assert "gradient_flow.fixed" in done.out

    assert twlv("report", "results").status == 0
    for name in ("report.html", "report.md"):
        assert twlv("report", "results", "--out", name).status == 0
        assert "gradient_flow.fixed" in (tmp_path / name).read_text()
    assert "ends in .html, .htm, .md, .tex, .csv, .json" in twlv("report", "results", "--out", "report.pdf").err


def test_evaluate_embeds_by_itself_and_reads_no_video_twice(
    twlv: Twlv, manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("--dataset", manifest, "--backbone", FLOW)
    assert (
        twlv("evaluate", "knn", *words, "--set", "k=3", "--train-split", "train", "--test-split", "val").status
        == 0
    )
    import twlv.video.read as reading

    def refuse(*args: object, **options: object) -> None:
        raise AssertionError("a video was opened")

    monkeypatch.setattr(reading, "read_clips", refuse)
    monkeypatch.setattr("twlv.video.read_clips", refuse)
    done = twlv("evaluate", "linear-probe", *words)
    assert done.status == 0


def test_a_broken_video_is_named_and_ends_with_3(twlv: Twlv, broken_manifest: Path) -> None:
    done = twlv("embed", broken_manifest, "--backbone", FLOW, "--out", "store")
    assert done.status == 3
    assert "24 of 25 videos are in store" in done.out
    assert "not_a_video" in done.out
    assert "bad" in done.out
    assert "below --min-coverage 1" in done.err
    assert "--min-coverage 0.96" in done.err
    assert (
        twlv("embed", broken_manifest, "--backbone", FLOW, "--out", "store", "--min-coverage", "0.96").status
        == 0
    )

    evaluate = ("evaluate", "knn", "--dataset", broken_manifest, "--store", "store", "--set", "k=3", "--json")
    done = twlv(*evaluate)
    assert done.status == 3
    document = json.loads(done.out)
    assert document["coverage"]["decoded"] == 24
    assert list(document["coverage"]["failed"]) == ["bad"]
    assert document["scores"]["knn/top1"]["value"] == pytest.approx(100 * 8 / 9)
    assert twlv(*evaluate, "--min-coverage", "0.5").status == 0


def test_shards_fill_one_store_and_where_takes_rows(twlv: Twlv, manifest: Path) -> None:
    words = ("embed", manifest, "--backbone", FLOW, "--out", "store", "--where", "source=a")
    assert "6 of 6 videos" in twlv(*words, "--shard", "1/2").out
    assert "6 of 6 videos" in twlv(*words, "--shard", "2/2").out
    assert len(Store.open("store")) == 12
    assert "12 were there already" in twlv(*words).out


def test_other_settings_are_refused_and_named(twlv: Twlv, manifest: Path) -> None:
    assert twlv("embed", manifest, "--backbone", FLOW, "--out", "store").status == 0
    done = twlv("embed", manifest, "--backbone", FLOW, "--out", "store", "--views", "1x2")
    assert done.status == 2
    assert "views" in done.err


def test_folders_and_files_are_inputs(twlv: Twlv, videos: Path) -> None:
    some = sorted(videos.iterdir())[:2]
    assert "2 of 2 videos" in twlv("embed", *some, "--backbone", FLOW, "--out", "two").out
    assert "24 of 24 videos" in twlv("embed", videos, "--backbone", FLOW, "--out", "all").out
    done = twlv("embed", "m.csv", some[0], "--backbone", FLOW, "--out", "x")
    assert (done.status, "not both" in done.err) == (2, True)
    done = twlv("embed", videos, "--root", videos, "--backbone", FLOW, "--out", "x")
    assert (done.status, "for a manifest" in done.err) == (2, True)


def test_multiclip_rows_have_their_spans(twlv: Twlv, videos: Path) -> None:
    done = twlv(
        "embed", sorted(videos.iterdir())[0], "--backbone", FLOW, "--out", "clips", "--sampling", "multiclip",
        "--clip-seconds", "0.5", "--num-frames", "4", "--views", "3x1",
    )  # fmt: skip
    assert done.status == 0, done.err
    embedding = next(iter(Store.open("clips").read()))
    assert embedding.vectors.shape == (4 * 3, 4)


def test_stores_explain_themselves(twlv: Twlv, videos: Path, tmp_path: Path) -> None:
    twlv("embed", videos, "--backbone", FLOW, "--out", "store")
    described = json.loads(twlv("store", "info", "store", "--json").out)
    assert described["num_videos"] == 24
    assert described["command"] == f"twlv embed {videos} --backbone {FLOW} --out store"
    assert "gradient_flow.fixed" in twlv("store", "info", "store").out
    done = twlv("store", "verify", "store")
    assert (done.status, "sound, 24 videos" in done.out) == (0, True)
    shard = max(tmp_path.joinpath("store").rglob("*.safetensors"), key=lambda p: p.stat().st_size)
    shard.write_bytes(shard.read_bytes()[:-7])
    done = twlv("store", "verify", "store")
    assert (done.status, "Traceback" in done.err) == (2, False)
    assert twlv("store", "info", tmp_path / "nothing").status == 2


def test_stores_are_exported_and_imported(twlv: Twlv, manifest: Path, tmp_path: Path) -> None:
    twlv("embed", manifest, "--backbone", FLOW, "--out", "store")
    assert twlv("store", "export", "store", "--format", "npz", "--out", "all.npz").status == 0
    assert (tmp_path / "all.npz").stat().st_size > 0
    done = twlv("store", "export", "store", "--format", "official", "--out", "official", "--dataset", manifest)
    assert done.status == 0, done.err
    done = twlv("evaluate", "knn", "--official", "official", "--set", "k=3", "--json")
    assert done.status == 0, done.err
    assert json.loads(done.out)["scores"]["knn/top1"]["value"] == 100.0
    done = twlv("store", "import", "official", "--out", "back")
    assert done.status == 0, done.err
    assert len(Store.open("back")) == 24

    rows = ("--dataset", manifest, "--where", "source=b", "--set", "k=3", "--json")
    document = json.loads(twlv("evaluate", "knn", "--official", "official", *rows).out)
    assert (document["dataset"]["selection"], document["coverage"]["expected"]) == ("source=b", 12)
    assert "add --dataset" in twlv("evaluate", "knn", "--official", "official", "--where", "source=b").err

    (tmp_path / "official" / "val" / "v20_c.npy").unlink()
    done = twlv("store", "import", "official", "--out", "holed")
    assert (done.status, "v20" in done.out) == (3, True)


def test_data_check_ends_with_3_if_a_file_is_bad(twlv: Twlv, broken_manifest: Path, tmp_path: Path) -> None:
    done = twlv("data", "check", broken_manifest, "--out", "check.json")
    assert (done.status, "bad" in done.out) == (3, True)
    assert list(json.loads((tmp_path / "check.json").read_text())["broken"]) == ["bad"]
    assert json.loads(twlv("data", "check", broken_manifest, "--json").out)["num_readable"] == 24
    assert twlv("data", "check", broken_manifest, "--where", "source=b").status == 0
    assert "ucf101" in [card["name"] for card in json.loads(twlv("data", "list", "--json").out)]
    assert "video_id,path,label,split" in twlv("data", "list").out


def test_models_are_listed_without_loading_any(twlv: Twlv) -> None:
    import twlv as package

    rows = json.loads(twlv("models", "list", "--json").out)
    assert package.DEFAULT_BACKBONE in {row["name"] for row in rows}
    assert all(row["licence"] for row in rows)
    assert package.DEFAULT_BACKBONE in twlv("models", "list").out
    card = json.loads(twlv("models", "show", package.DEFAULT_BACKBONE, "--json").out)
    assert (card["modality"], card["dim"]) == ("image", 1280)
    assert "licence" in twlv("models", "show", package.DEFAULT_BACKBONE).out
    Path("mine.py").write_text(
        "from twlv.backbones import load\ndef model(): return load('gradient_flow.fixed')\n"
    )
    card = json.loads(twlv("models", "show", "mine:model", "--json").out)
    assert (card["name"], len(card["weights_sha256"])) == (FLOW, 64)
    done = twlv("models", "show", "efficientnet_lite0.imagnet")
    assert (done.status, "did you mean efficientnet_lite0.imagenet" in done.err) == (2, True)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["evaluate", "knnn", "--dataset", "m.csv", "--store", "s"], "unknown task 'knnn'; did you mean knn?"),
        (
            ["evaluate", "knn", "--dataset", "m.csv", "--store", "s", "--set", "kk=3"],
            "unknown setting of knn 'kk'",
        ),
        (["evaluate", "knn", "--dataset", "nowhere.csv", "--backbone", FLOW], "nowhere.csv"),
        (["evaluate", "knn", "--store", "s"], "missing: --dataset"),
        (["evaluate", "knn", "--official", "x", "--store", "s"], "leave out"),
        (
            ["evaluate", "knn", "--dataset", "m.csv", "--store", "s", "--views", "3x2"],
            "--views: without effect",
        ),
        (["evaluate", "knn", "--official", "x", "--num-frames", "2"], "--num-frames: without effect"),
        (["embed", "nowhere.mp4", "--backbone", FLOW, "--out", "s"], "nowhere.mp4"),
        (["embed", "nowhere.csv", "--backbone", FLOW, "--out", "s"], "nowhere.csv"),
        (["embed", "a.mp4", "--backbone", FLOW, "--out", "s", "--min-coverage", "2"], "fraction from 0 to 1"),
        (["report", "nowhere"], "nowhere"),
        (["doctor", "dataset", "nowhere.csv"], "nowhere.csv"),
        (["doctor", "backbone"], "say which backbone"),
    ],
)
def test_wrong_names_are_usage_errors(twlv: Twlv, words: list[str], message: str) -> None:
    done = twlv(*words)
    assert done.status == 2, done.err
    assert message in done.err
    assert "Traceback" not in done.err


def test_doctor_dataset_counts_and_finds_what_is_missing(twlv: Twlv, manifest: Path) -> None:
    done = twlv("doctor", "dataset", manifest)
    assert done.status == 0
    assert "train: 16 samples, 0 not on disk; " in done.out
    assert "right 4" in done.out
    with manifest.open("a") as file:
        file.write("gone,gone.mp4,up,val,a\n")
    done = twlv("doctor", "dataset", manifest)
    assert (done.status, "gone" in done.out) == (3, True)


def test_doctor_backbone_runs_the_conformance_checks(twlv: Twlv) -> None:
    done = twlv("doctor", "backbone", FLOW)
    assert done.status == 0, done.out
