"""The recipes against the packaged text of the report's Table 4, and against the others' own words."""

from __future__ import annotations

import pytest

from twlv.errors import UnknownName
from twlv.results.published import hyperparameters
from twlv.tasks import recipes_attentive, recipes_linear
from twlv.tasks.recipes_attentive import attentive_protocol

COLUMNS = ("kinetics400", "mit339", "ssv2", "diving48", "epickitchens100", "imagenet1k")


def printed(part: str, row: str, column: int) -> object:
    cells = hyperparameters()[part][row]
    return cells["shared"] if isinstance(cells, dict) else cells[column]


@pytest.mark.parametrize("column", range(6))
def test_every_printed_number_is_in_the_recipe(column: int) -> None:
    found = attentive_protocol(COLUMNS[column])
    probe = found.probe
    assert probe.epochs == printed("AP", "epochs", column)
    assert probe.warmup_epochs == printed("AP", "warmup", column)
    assert probe.batch_size == printed("AP", "batch_size", column)
    assert probe.points == ((printed("AP", "lr", column), printed("AP", "weight_decay", column)),)
    assert list(found.augmentation.aspect) == printed("AP", "aspect_ratio", column)
    assert list(found.augmentation.area) == printed("both", "random_resize", column)
    assert (found.augmentation.flip > 0) == printed("both", "horizontal_flip", column)
    views = printed("both", "views_m_x_n", column)
    assert f"{found.views.spatial}x{found.views.temporal}" == (views or "1x1")
    assert (probe.pooler, probe.segments, probe.final_weight_decay, probe.clip_norm) == (
        "plain",
        "each",
        1e-6,
        1.0,
    )


def test_the_same_data_sets_as_the_linear_probes() -> None:
    assert set(recipes_attentive._TABLE4) == set(recipes_linear.RECIPES)
    with pytest.raises(UnknownName, match="did you mean kinetics400"):
        attentive_protocol("kinetics40")


def test_the_others() -> None:
    assert recipes_attentive.vjepa().points == ((1e-3, 0.01),)
    assert recipes_attentive.vjepa(images=True).batch_size == 1024
    grid = recipes_attentive.vjepa2()
    assert len(grid.points) == 20
    assert (grid.decay, grid.clip_norm, grid.final_weight_decay, grid.select) == ("all", None, None, "held_out")
    assert set(grid.points) == {
        (rate, decay) for rate in (1e-4, 3e-4, 1e-3, 3e-3, 5e-3) for decay in (0.01, 0.1, 0.4, 0.8)
    }
    assert recipes_attentive.vjepa2(small=True).points == ((1e-4, 0.8), (3e-4, 0.8), (1e-3, 0.8))
    assert recipes_attentive.videoglue().label_smoothing == 0.1
