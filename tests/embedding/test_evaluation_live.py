"""A probe on augmented clips, from files to a Result."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from twlv.augmentation import Augmentation, DrawnViews
from twlv.errors import CoverageError, FeatureError, UsageError
from twlv.evaluation import evaluate
from twlv.evaluation_live import evaluate_augmented
from twlv.results import Result, axes, comparable
from twlv.tasks import KNN, LinearProbe
from twlv.types import Dataset, Views

MakeDataset = Callable[..., Dataset]
PROBE = LinearProbe(recipe="table4", epochs=6, warmup_epochs=0, batch_size=2)
PLAIN = Augmentation(area=(0.3, 1.0), flip=0.5)


@pytest.fixture(autouse=True)
def _cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TWLV_CACHE", str(tmp_path / "cache"))


def run(backbone, data: Dataset, how: Augmentation | DrawnViews, **settings) -> Result:
    return evaluate_augmented(backbone, data, PROBE, how, **{"views": Views(temporal=2, spatial=3), **settings})


def without_times(result: Result) -> Result:
    return dataclasses.replace(result, seconds={}, environment={})


@pytest.mark.parametrize("how", [PLAIN, DrawnViews(augmentation=PLAIN, views=3)])
def test_the_result_says_how_it_was_trained(backbone, make_dataset: MakeDataset, how) -> None:
    result = run(backbone, make_dataset(extra=("broken",)), how)
    training = result.embedding["training"]
    assert training["kind"] == ("live" if how is PLAIN else "views")
    assert training["augmentation"]["area"] == [0.3, 1.0]
    assert training["sampling"]["kind"] == "Uniform"
    assert result.details["training_features"]["kind"] == training["kind"]
    assert result.coverage_by_split["val"].failed.keys() == {"broken"}
    assert result.scores["linear_probe/top1"].n == 3
    assert result.embedding["views"] == {"temporal": 2, "spatial": 3}
    shown = axes(result)
    assert shown["training"] == ("live" if how is PLAIN else "3 stored views")
    assert shown["augmentation"] == "area 0.3-1, aspect 0.75-1.33, flip 0.5"


@pytest.mark.parametrize("how", [PLAIN, DrawnViews(augmentation=PLAIN, views=3)])
def test_workers_change_nothing_and_the_seed_does(backbone, make_dataset: MakeDataset, how, tmp_path) -> None:
    data = make_dataset()
    runs = [
        run(backbone, data, how, workers=n, store=tmp_path / f"s{n}", views_store=tmp_path / f"v{n}")
        for n in (0, 4)
    ]
    one, other = (dataclasses.replace(without_times(result), embedding={}) for result in runs)
    assert one == other
    again = run(backbone, data, how, seed=1)
    assert again.details["train_loss"] != runs[0].details["train_loss"]


def test_augmented_and_plain_results_do_not_share_a_column(backbone, make_dataset: MakeDataset) -> None:
    data = make_dataset()
    live, stored = (run(backbone, data, how) for how in (PLAIN, DrawnViews(augmentation=PLAIN, views=3)))
    plain = evaluate(backbone, data, PROBE, views=Views(temporal=2, spatial=3))
    assert comparable(live, plain)
    assert len({str(sorted(axes(result).items(), key=str)) for result in (live, stored, plain)}) == 3
    from twlv.results.files import file_name

    assert len({file_name(result) for result in (live, stored, plain)}) == 3


def test_stored_views_and_test_clips_are_embedded_once(backbone, make_dataset: MakeDataset) -> None:
    how = DrawnViews(augmentation=PLAIN, views=3)
    first = run(backbone, make_dataset(), how)
    encoded = len(backbone.batches)
    again = run(backbone, make_dataset(), how)
    assert len(backbone.batches) == encoded
    assert without_times(first) == without_times(again)


def test_directions_and_coverage_are_checked_before_anything_is_encoded(
    backbone, make_dataset: MakeDataset
) -> None:
    data = make_dataset(extra=("broken",))
    moving = dataclasses.replace(data, card=dataclasses.replace(data.card, kind="motion"))
    with pytest.raises(UsageError, match="flip=0"):
        run(backbone, moving, PLAIN)
    assert backbone.batches == []
    with pytest.raises(CoverageError):
        run(backbone, data, Augmentation(), min_coverage=1.0)


class Learning(torch.nn.Module):
    """A backbone whose weights move while it encodes."""

    def __init__(self, inner) -> None:
        super().__init__()
        self.card, self.inner = inner.card, inner
        self.register_buffer("seen", torch.zeros(1))

    def encode(self, frames: torch.Tensor):
        self.seen += 1
        return self.inner.encode(frames)


@pytest.mark.parametrize("how", [PLAIN, DrawnViews(augmentation=PLAIN, views=2)])
def test_trap_15_a_backbone_that_learns_gives_no_result(backbone, make_dataset: MakeDataset, how) -> None:
    with pytest.raises(FeatureError, match="weights changed"):
        run(Learning(backbone).eval(), make_dataset(), how)
    with pytest.raises(FeatureError, match="training mode"):
        run(Learning(backbone), make_dataset(), how)


def test_a_task_without_epochs_takes_the_views_as_they_are(backbone, make_dataset: MakeDataset) -> None:
    result = evaluate_augmented(
        backbone, make_dataset(), KNN(k=1, bank="clip"), DrawnViews(augmentation=Augmentation(), views=3)
    )
    assert result.details["bank_rows"] == 12
