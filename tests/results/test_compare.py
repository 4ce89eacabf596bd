"""What differs between two results, and how much it matters."""

from __future__ import annotations

from dataclasses import replace

import pytest

from twlv.results import axes, comparable, compare
from twlv.results.compare import base_name
from twlv.types import Coverage


def _severities(one, other):
    return {difference.field: difference.severity for difference in compare(one, other)}


def test_the_backbone_is_never_a_difference(make_result, make_card):
    assert compare(make_result(), make_result(backbone=make_card(name="other", dim=3))) == ()


@pytest.mark.parametrize(
    ("part", "changes", "field"),
    [
        ("task", {"version": "2"}, "task version"),
        ("dataset", {"version": "2"}, "dataset version"),
        ("dataset", {"annotation_sha256": "00"}, "annotation hash"),
        ("dataset", {"selection": "half"}, "selection"),
        ("dataset", {"test_split": "test"}, "test split"),
        ("dataset", {"num_classes": 5}, "number of classes"),
    ],
)
def test_what_is_refused(make_result, part, changes, field):
    one = make_result()
    other = replace(one, **{part: replace(getattr(one, part), **changes)})
    assert _severities(one, other) == {field: "refuse"}
    assert not comparable(one, other)


def test_the_same_number_of_other_videos_is_refused(make_result):
    def with_failed(failed):
        part = Coverage(expected=4, present=4, decoded=3, used=3, failed=failed)
        return make_result(coverage=part, coverage_by_split={"val": part})

    one, other = with_failed({"a": "empty"}), with_failed({"b": "empty"})
    assert _severities(one, other) == {"videos of val": "refuse"}
    assert compare(one, with_failed({"a": "truncated: other words"})) == ()


def test_settings_are_an_axis(make_result):
    one = make_result()
    other = replace(
        one,
        task=replace(one.task, config={"k": 200, "temperature": 0.1}),
        embedding={
            "sampling": {"kind": "MultiClip", "clip_seconds": 2.0},
            "views": {"temporal": 4, "spatial": 3},
            "level": "time",
            "dtype": "float32",
        },
    )
    found = {difference.field: str(difference) for difference in compare(one, other)}
    assert found["k"] == "k: 20 against 200"
    assert found["sampling"] == "sampling: uniform against multiclip"
    assert found["views"] == "views: none against 3x4"
    assert set(_severities(one, other).values()) == {"axis"}
    assert comparable(one, other)


def test_the_device_is_no_setting(make_result):
    one = make_result()
    other = replace(one, task=replace(one.task, config={**one.task.config, "device": "cuda"}))
    assert compare(one, other) == ()


def test_a_run_over_several_k_has_one_for_each_score(make_result):
    result = make_result()
    result = replace(result, task=replace(result.task, config={"k": [20, 200]}))
    assert axes(result, "knn/top1")["k"] == 20
    assert axes(result, "knn/top1_k200")["k"] == 200
    assert axes(result, "knn/top1_k200_decoded")["k"] == 200
    assert base_name("knn/top1_k200_decoded") == "knn/top1_decoded"
    assert base_name("linear_probe/top1") == "linear_probe/top1"


def test_decoder_precision_and_seeds_are_mentioned(make_result):
    one = make_result()
    other = replace(
        one,
        embedding={
            **one.embedding,
            "dtype": "bfloat16",
            "decoder": "torchcodec",
            "provenance": [{"num_videos": 3, "ffmpeg": "8"}],
        },
        seeds={"asked": 3, "probe": 1},
    )
    assert _severities(one, other) == {
        "decoder": "mention",
        "ffmpeg": "mention",
        "compute dtype": "mention",
        "seeds": "mention",
    }
    assert compare(one, replace(one, seeds={"asked": 3})) == ()


def test_the_gravest_come_first(make_result):
    one = make_result()
    other = replace(one, task=replace(one.task, version="2", config={}), embedding={})
    order = [difference.severity for difference in compare(one, other)]
    assert order == sorted(order, key=["refuse", "axis", "mention"].index)
