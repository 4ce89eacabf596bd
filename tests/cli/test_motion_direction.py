"""``twlv evaluate motion-direction`` and ``twlv embed --frame-order`` on real files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from twlv.store import Store

FLOW = "gradient_flow.fixed"
Twlv = Callable[..., Any]
QUICK = ("--set", "folds=3", "--set", "permutations=39")


def test_a_backbone_that_sees_motion_knows_which_of_two_opposite_ways_it_looks(
    twlv: Twlv, manifest: Path
) -> None:
    done = twlv("evaluate", "motion-direction", "--dataset", manifest, "--backbone", FLOW, *QUICK, "--json")
    assert done.status == 0
    document = json.loads(done.out)
    scores = {name: score["value"] for name, score in document["scores"].items()}
    assert scores["motion_direction/auc_pairs"] > 0.9
    assert {"motion_direction/auc_left_vs_right", "motion_direction/auc_up_vs_down"} < scores.keys()
    assert abs(scores["motion_direction/auc"] - 0.5) < 0.3
    assert "note: up_vs_down: a common direction" in done.err
    assert document["embedding"]["reversed_store_key"]


def test_two_stores_give_what_the_backbone_gives_and_are_refused_in_disorder(
    twlv: Twlv, manifest: Path
) -> None:
    for order in ("forward", "reversed"):
        assert twlv("embed", manifest, "--backbone", FLOW, "--out", order, "--frame-order", order).status == 0
    assert "reversed" in twlv("store", "info", "reversed").out
    assert Store.open("reversed").command.endswith("--frame-order reversed")
    words = ("evaluate", "motion-direction", "--dataset", manifest, *QUICK, "--json")
    stored = twlv(*words, "--store", "forward", "--reversed-store", "reversed")
    live = twlv(*words, "--backbone", FLOW)
    assert json.loads(stored.out)["scores"] == json.loads(live.out)["scores"]
    turned = twlv(*words, "--store", "reversed", "--reversed-store", "forward")
    assert (turned.status, "needed is one with forward frames" in turned.err) == (2, True)
    again = twlv("embed", manifest, "--backbone", FLOW, "--out", "forward", "--frame-order", "reversed")
    assert (again.status, "frame_order: here 'forward', asked 'reversed'" in again.err) == (2, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--set", "pairs=[[up, sideways]]"), "unknown label in pairs 'sideways'"),
        (("--set", "folds=25"), "25 folds need at least 25 videos, there are 24"),
        (("--set", "pairs=some"), "one of auto, none"),
        (("--train-split", "train"), "give no train split"),
        (("--num-frames", "1"), "takes clips of 16 frames|one frame"),
    ],
    ids=str,
)
def test_bad_settings_end_with_2(twlv: Twlv, manifest: Path, words: tuple[str, ...], said: str) -> None:
    done = twlv("evaluate", "motion-direction", "--dataset", manifest, "--backbone", FLOW, *words)
    assert done.status == 2
    assert any(part in done.err for part in said.split("|"))


def test_other_sources_and_tasks_say_no(twlv: Twlv, manifest: Path) -> None:
    done = twlv("evaluate", "knn", "--dataset", manifest, "--backbone", FLOW, "--reversed-store", "x")
    assert (done.status, "knn needs no reversed embeddings" in done.err) == (2, True)
    done = twlv("evaluate", "motion-direction", "--official", ".")
    assert (done.status, "needs each video in two orders of frames" in done.err) == (2, True)
    done = twlv("evaluate", "motion-direction", "--dataset", manifest, "--store", ".")
    assert done.status == 2
