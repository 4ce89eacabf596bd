"""The recipes against the packaged text of the report's Table 4."""

from __future__ import annotations

from dataclasses import replace

import pytest

from twlv.errors import UnknownName
from twlv.results.published import hyperparameters
from twlv.tasks.recipes_linear import RECIPES, SOURCES, linear_protocol, something_something_v2
from twlv.types import Strided, Uniform

COLUMNS = ("kinetics400", "mit339", "ssv2", "diving48", "epickitchens100", "imagenet1k")


def printed(part: str, row: str, column: int) -> object:
    cells = hyperparameters()[part][row]
    return cells["shared"] if isinstance(cells, dict) else cells[column]


@pytest.mark.parametrize("column", range(6))
def test_every_printed_number_is_in_the_recipe(column: int) -> None:
    found = linear_protocol(COLUMNS[column])
    probe, augmentation = found.probe, found.augmentation
    assert probe.epochs == printed("LP", "epochs", column)
    assert probe.training.epochs == probe.epochs
    assert probe.warmup_epochs == printed("LP", "warmup", column)
    assert probe.batch_size == printed("LP", "batch_size", column)
    assert probe.points == ((printed("LP", "lr", column), printed("LP", "weight_decay", column)),)
    assert list(augmentation.aspect) == printed("LP", "aspect_ratio", column)
    assert list(augmentation.area) == printed("both", "random_resize", column)
    assert (augmentation.flip > 0) == printed("both", "horizontal_flip", column)
    views = printed("both", "views_m_x_n", column)
    assert f"{found.views.spatial}x{found.views.temporal}" == (views or "1x1")
    if isinstance(found.sampling, Strided):
        assert found.sampling.frame_step == printed("both", "temporal_stride", column)
    assert (augmentation.rand_augment, augmentation.erasing) == (None, None)


def test_the_table_lists_them_in_its_order() -> None:
    assert hyperparameters()["columns"] == ["K400", "MiT", "SSv2", "DV48", "EK", "IN-1K"]
    assert list(RECIPES) == [*COLUMNS[:2], "mit305", *COLUMNS[2:]]
    assert all(linear_protocol(name).dataset == name for name in RECIPES)


def test_names_are_those_of_the_data_sets() -> None:
    from twlv.data.named.table import TABLE

    assert set(RECIPES) <= set(TABLE)


def test_what_is_not_printed_is_an_argument() -> None:
    plain = something_something_v2()
    assert plain.sampling == Uniform()
    assert something_something_v2(frames="dense").sampling == Strided(frame_step=1)
    assert something_something_v2(scale_rate=True).probe.points == ((0.3, 0.0),)
    assert something_something_v2(optimizer="adamw").probe.training.optimizer == "adamw"
    assert something_something_v2(standardise=False).probe.training.standardise is False
    assert plain.probe.training.optimizer == "sgd"
    assert {"optimizer", "scale_rate", "standardise", "frames"} <= set(SOURCES)


def test_an_unknown_name_is_told_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean kinetics400"):
        linear_protocol("kinetics40")


def test_the_recipe_runs_and_selects_nothing(fake) -> None:
    train, test = fake.blobs(60, seed=1, prefix="a"), fake.blobs(40, seed=2, prefix="b")
    probe = replace(linear_protocol("kinetics400").probe, epochs=30, batch_size=16)
    outcome = probe.run(train, test)
    assert outcome.scores["linear_probe/top1"].value > 70
    assert outcome.details["selection"] == {"split": "none: one point"}
    assert outcome.details["recipe"] == "table4"
