"""Which of our scores stand beside which of the report's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from twlv.results.matching import matching_column, model_of, references
from twlv.types import Score

UNIFORM = {"sampling": {"kind": "Uniform", "num_frames": None}}
CLIPS = {"sampling": {"kind": "MultiClip", "clip_seconds": 2.0, "stride_seconds": None}}


@pytest.fixture
def k400(make_result):
    result = make_result(embedding=UNIFORM, scores={"knn/top1": Score(value=60.0, unit="%", n=10)})
    data = replace(result.dataset, name="kinetics-400", num_classes=400)
    return replace(result, dataset=data, task=replace(result.task, config={"k": 200, "temperature": 0.1}))


def test_uniform_knn(k400):
    column = matching_column(k400, "knn/top1")
    assert (column.table, column.dataset, column.metric) == (6, "K400", "top1/uniform")
    assert len(column.records) == 9


@pytest.mark.parametrize(
    ("embedding", "config", "metric"),
    [
        (CLIPS, {}, "top1/video"),
        (CLIPS, {"bank": "clip", "query": "clip", "vote": "exp"}, "top1/clip"),
        (CLIPS, {"bank": "clip", "query": "clip", "vote": "softmax"}, None),
        (CLIPS, {"k": [200, 20]}, "top1/video"),
        (CLIPS, {"k": [20, 200]}, None),
        (CLIPS, {"bank": "clip", "query": "video"}, None),
        ({"sampling": {"kind": "MultiClip", "clip_seconds": 1.0}}, {}, None),
        ({"sampling": {"kind": "Strided"}}, {}, None),
        ({}, {}, None),
        (UNIFORM, {"k": 20}, None),
        (UNIFORM, {"temperature": 0.07}, None),
    ],
)
def test_knn_settings(k400, embedding, config, metric):
    result = replace(k400, embedding=embedding, task=replace(k400.task, config={**k400.task.config, **config}))
    column = matching_column(result, "knn/top1")
    assert (column.metric if column else None) == metric


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "kinetics400_mini"},
        {"num_classes": 5},
        {"selection": "first 10 of each class"},
        {"name": "ucf101"},
    ],
)
def test_a_part_or_another_data_set_does_not_match(k400, changes):
    assert matching_column(replace(k400, dataset=replace(k400.dataset, **changes)), "knn/top1") is None


def test_other_scores(k400):
    assert matching_column(k400, "linear_probe/top5").table == 3
    assert matching_column(k400, "attentive_probe/top1").table == 5
    assert "stored tokens" in matching_column(k400, "attentive_probe/top1").caveat
    assert matching_column(k400, "knn/top5") is None
    several = replace(k400, task=replace(k400.task, config={"k": [20, 200]}))
    assert matching_column(several, "knn/top1_k200").metric == "top1/uniform"
    assert matching_column(several, "knn/top1_k20") is None
    assert matching_column(k400, "invented/score") is None


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("vjepa_vit_l.videomix2m", ("V-JEPA", "", "ViT-L")),
        ("umt_vit_b.s2_25m", ("UMT", "s2", "ViT-B")),
        ("twlv1_vit_l", ("TWLV-I", "", "ViT-L")),
        ("twlv1_vit_l.k710_ssv2", ("TWLV-I (+SSv2)", "", "ViT-L")),
        ("twlv1_vit_b.random", None),
        ("videomae_vit_b.k400", None),
        ("vjepa_vit_huge_unknown.x", None),
    ],
)
def test_models(name, model):
    assert model_of(name) == model


def test_the_reference_is_the_printed_value_of_the_same_model(k400):
    result = replace(k400, backbone=replace(k400.backbone, name="twlv1_vit_b.ours"))
    (reference,) = references(result).values()
    assert (reference.table, reference.method, reference.arch, reference.value) == (6, "TWLV-I", "ViT-B", 57.51)
    assert references(k400) == {}
