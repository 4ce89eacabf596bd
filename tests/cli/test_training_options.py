"""Few shots, seeds, augmented clips and recipes on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

FLOW = "gradient_flow.fixed"
PROBE = ("evaluate", "linear-probe", "--backbone", FLOW, "--set", "epochs=2", "--set", "batch_size=8")


def documents(folder: Path) -> list[dict]:
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]


def test_several_seeds_of_few_shots(twlv, manifest: Path, tmp_path: Path) -> None:
    words = ("evaluate", "knn", "--dataset", manifest, "--backbone", FLOW, "--set", "k=1")
    done = twlv(*words, "--shots", 2, "--seeds", "0,1,2")
    assert done.status == 0, done.err
    assert "3 seeds (0, 1, 2)" in done.out
    assert "knn/top1" in done.out
    found = documents(tmp_path / "results")
    assert sorted(one["dataset"]["selection"] for one in found) == [
        f"2 shots of train, seed {seed}" for seed in range(3)
    ]
    assert all(one["coverage"]["by_split"]["train"]["expected"] == 8 for one in found)
    stores = list((tmp_path / "cache" / "embeddings").iterdir())
    assert len(stores) == 1  # every draw shares the cache of the whole set
    assert twlv(*words).status == 0
    assert len(list((tmp_path / "cache" / "embeddings").iterdir())) == 1


def test_several_seeds_as_json_are_a_list(twlv, manifest: Path) -> None:
    done = twlv(*PROBE, "--dataset", manifest, "--seeds", "3, 4", "--json")
    assert [one["seeds"]["asked"] for one in json.loads(done.out)] == [3, 4]


@pytest.mark.parametrize("seeds", ["0,0", "a", "", "1,-1"])
def test_seeds_are_distinct_whole_numbers(twlv, manifest: Path, seeds: str) -> None:
    done = twlv(*PROBE, "--dataset", manifest, f"--seeds={seeds}")
    assert done.status == 2
    assert "distinct whole numbers" in done.err


def test_augmented_live_and_as_stored_views(twlv, manifest: Path, tmp_path: Path) -> None:
    words = (*PROBE, "--dataset", manifest, "--augment", "report", "--augment-set", "area=[0.5, 1.0]")
    assert twlv(*words, "--json").status == 0
    done = twlv(*words, "--augmented-views", 3, "--json")
    assert done.status == 0, done.err
    training = json.loads(done.out)["embedding"]["training"]
    assert (training["kind"], training["views"]) == ("views", 3)
    assert training["augmentation"]["area"] == [0.5, 1.0]
    kinds = {one["embedding"]["training"]["kind"] for one in documents(tmp_path / "results")}
    assert kinds == {"live", "views"}


def test_a_recipe_brings_clips_views_and_rates(twlv, manifest: Path) -> None:
    words = ("evaluate", "linear-probe", "--backbone", FLOW, "--dataset", manifest, "--recipe", "diving48")
    done = twlv(*words, "--set", "epochs=2", "--set", "warmup_epochs=0", "--json")
    assert done.status == 0, done.err
    found = json.loads(done.out)
    assert found["task"]["config"]["learning_rates"] == [0.02]
    assert found["task"]["config"]["epochs"] == 2
    assert found["embedding"]["sampling"] == {"kind": "Strided", "num_frames": 16, "frame_step": 4}
    assert found["embedding"]["views"] == {"temporal": 4, "spatial": 3}
    assert found["embedding"]["training"]["augmentation"]["flip"] == 0.0
    own = twlv(*words, "--set", "epochs=1", "--views", "1x2", "--sampling", "uniform", "--json")
    assert json.loads(own.out)["embedding"]["views"] == {"temporal": 2, "spatial": 1}
    assert json.loads(own.out)["embedding"]["sampling"]["kind"] == "Uniform"


def test_a_recipe_of_an_attentive_probe(twlv, manifest: Path) -> None:
    words = ("evaluate", "attentive-probe", "--backbone", FLOW, "--dataset", manifest, "--recipe", "diving48")
    few = ("--set", "epochs=2", "--set", "batch_size=8", "--views", "1x2", "--augmented-views", 1)
    done = twlv(*words, *few, "--json")
    assert done.status == 0, done.err
    found = json.loads(done.out)
    config = found["task"]["config"]
    assert (config["pooler"], config["learning_rates"], config["weight_decays"]) == ("plain", [0.001], [1e-05])
    assert (config["epochs"], config["batch_size"], config["final_weight_decay"]) == (2, 8, 1e-06)
    assert found["embedding"]["level"] == "patch"
    assert found["embedding"]["sampling"]["frame_step"] == 4
    assert found["embedding"]["views"] == {"temporal": 2, "spatial": 1}
    assert found["embedding"]["training"]["augmentation"]["aspect"] == [0.5, 2.0]
    assert found["embedding"]["training"]["kind"] == "views"
    wrong = twlv(*words[:-1], "diving4")
    assert wrong.status == 2
    assert "did you mean diving48" in wrong.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--augment", "reprot"), "did you mean report"),
        (("--augment", "report", "--augment-set", "flp=1"), "did you mean flip"),
        (("--augment", "report", "--augment-set", "flip=1"), "flip_directions=true"),
        (("--augmented-views", 3), "add --augment report"),
        (("--augment-set", "flip=0.5"), "is for --augment or --recipe"),
        (("--recipe", "kinetics40"), "did you mean kinetics400"),
        (("--shots", 0), "shots start at 1"),
    ],
)
def test_what_means_nothing_is_refused(twlv, manifest: Path, words, said: str) -> None:
    done = twlv(*PROBE, "--dataset", manifest, *words)
    assert done.status == 2
    assert said in done.err


def test_augmentation_needs_a_backbone_and_a_training_split(twlv, manifest: Path, tmp_path: Path) -> None:
    done = twlv("evaluate", "knn", "--dataset", manifest, "--store", tmp_path / "s", "--augment", "report")
    assert done.status == 2
    assert "add --backbone NAME" in done.err
    done = twlv("evaluate", "motion-direction", "--dataset", manifest, "--backbone", FLOW, "--shots", 2)
    assert done.status == 2
    assert "no training split" in done.err
    done = twlv("evaluate", "knn", "--dataset", manifest, "--backbone", FLOW, "--recipe", "ssv2")
    assert done.status == 2
    assert "temporal-segmentation and spatiotemporal-localization, this is knn" in done.err
