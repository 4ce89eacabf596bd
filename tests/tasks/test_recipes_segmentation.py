"""The published settings of temporal segmentation, and where they are from."""

from __future__ import annotations

import dataclasses

import pytest

from twlv.errors import UnknownName
from twlv.heads.asformer import ASFormer, original_config
from twlv.tasks import TemporalSegmentation
from twlv.tasks.recipes_segmentation import RECIPES, SETS, SOURCES, segmentation_protocol


def test_every_setting_of_the_report_has_its_source() -> None:
    fields = {field.name for field in dataclasses.fields(TemporalSegmentation)}
    trained = fields - {"missing", "predictions_to", "device"}
    assert set(SOURCES) == trained | {"clip_seconds", "stride_seconds"}


def test_table_7() -> None:
    found = {name: segmentation_protocol(name) for name in SETS}
    assert [p.probe.learning_rate for p in found.values()] == [5e-4, 5e-4, 1e-4]
    assert [(p.sampling.clip_seconds, p.sampling.stride_seconds) for p in found.values()] == [
        (1.0, 0.25), (0.5, 0.125), (0.5, 0.125),
    ]  # fmt: skip
    assert {p.probe.epochs for p in found.values()} == {120}
    assert [p.probe.label_step for p in found.values()] == [2, 1, 1]
    assert [p.probe.attention for p in found.values()] == ["sliding", "sliding", "full"]
    assert segmentation_protocol("gtea-table7").probe.weight_decay == 1e-4
    assert segmentation_protocol("gtea-code").probe.alignment == "stretch"


@pytest.mark.parametrize(
    ("name", "width", "classes", "parameters"),
    [
        ("50salads", 768, 19, 12_851_532),
        ("gtea", 1024, 11, 12_902_700),
        ("breakfast", 768, 48, 12_903_616),
        ("50salads-original", 2048, 19, 1_134_476),
        ("gtea-original", 2048, 11, 1_130_860),
        ("breakfast-original", 2048, 48, 1_147_584),
    ],
)
def test_both_sizes_have_the_parameters_of_the_published_ones(name, width, classes, parameters) -> None:
    config = segmentation_protocol(name).probe.model(width, classes)
    assert sum(part.numel() for part in ASFormer(config).parameters()) == parameters
    if name == "gtea-original":
        assert config == original_config(width, classes, channel_dropout=0.5)


def test_an_unknown_recipe_gets_the_nearest() -> None:
    assert len(RECIPES) == 12
    with pytest.raises(UnknownName, match="did you mean breakfast"):
        segmentation_protocol("brekfast")
