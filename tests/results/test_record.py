"""From an outcome to a Result."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from twlv.errors import ResultError
from twlv.results.compare import compare
from twlv.results.document import from_json, to_json
from twlv.results.files import identity
from twlv.results.record import record
from twlv.types import Coverage, DatasetCard, Outcome, Prediction, Score, Uniform


@dataclass(frozen=True, kw_only=True)
class FakeTask:
    k: int = 20
    tau: float = 0.5
    sampling: Uniform = field(default_factory=lambda: Uniform(num_frames=4))
    where: Path = Path("a/b")
    level: str = "clip"

    @property
    def name(self) -> str:
        return "fake"

    @property
    def version(self) -> str:
        return "3"


OUTCOME = Outcome(
    scores={"fake/top1": Score(value=12.5, unit="%", n=8)},
    notes=("one note",),
    details={"grid": (1, 2), "best": np.float32(0.5)},
    predictions=(Prediction(video_id="a", truth=1, predicted=None),),
    seeds={"probe": 4},
)
DATA = DatasetCard(
    name="k400", classes=("run", "sit"), kind="appearance", selection="every 10th", annotation_sha256="ff"
)
HALF = Coverage(expected=4, present=4, decoded=3, used=3, failed={"x": "empty"})


def _record(card, **changes):
    arguments = {
        "task": FakeTask(),
        "coverage": {"train": HALF, "val": HALF},
        "splits": ("train", "val"),
        "environment": {},
    }
    arguments |= {"outcome": OUTCOME, "dataset": DATA}
    return record(backbone=card, **{**arguments, **changes})


def test_everything_that_was_run_is_named(make_card):
    result = _record(make_card(), seed=9, seconds={"task": 2})
    assert result.task.name == "fake"
    assert result.task.version == "3"
    assert result.task.config == {"k": 20, "tau": 0.5, "sampling": {"num_frames": 4}, "where": "a/b"}
    assert (result.dataset.train_split, result.dataset.test_split) == ("train", "val")
    assert result.dataset.num_classes == 2
    assert result.dataset.selection == "every 10th"
    assert result.coverage == Coverage(expected=8, present=8, decoded=6, used=6, failed={"x": "empty"})
    assert result.coverage_by_split == {"train": HALF, "val": HALF}
    assert result.seeds == {"asked": 9, "probe": 4}
    assert result.details == {"class_names": ["run", "sit"], "grid": [1, 2], "best": 0.5}
    assert list(result.predictions) == list(OUTCOME.predictions)
    assert result.notes == ("one note",)


@dataclass(frozen=True, kw_only=True)
class OpenTask(FakeTask):
    k: int | None = None

    def resolved(self) -> dict[str, int]:
        return {"k": 20 if self.k is None else self.k, "steps": 3}


def test_fields_that_are_left_open_are_recorded_as_resolved(make_card):
    results = [_record(make_card(), task=OpenTask(k=k)) for k in (None, 20, 21)]
    assert [(result.task.config["k"], result.task.config["steps"]) for result in results] == [
        (20, 3),
        (20, 3),
        (21, 3),
    ]
    assert compare(results[0], results[1]) == ()
    assert identity(results[0]) == identity(results[1])
    assert [d.field for d in compare(results[0], results[2])] == ["k"]


def test_what_is_recorded_survives_its_file(make_card):
    result = _record(make_card(), seed=9, seconds={"task": 2})
    assert from_json(to_json(result)) == result


@pytest.mark.parametrize(
    ("pretrained_on", "overlap"),
    [((), ()), (("WebVid10M", "Kinetics-710"), ("Kinetics-710",)), (("SSv2",), ())],
)
def test_the_dagger_comes_from_the_card(make_card, pretrained_on, overlap):
    result = _record(make_card(pretrained_on=pretrained_on))
    assert result.contaminated_by == overlap
    assert result.contaminated == bool(overlap)


def test_numbers_that_are_not_finite_are_noted(make_card):
    outcome = Outcome(
        scores={"fake/top1": Score(value=math.nan, unit="%", n=0)}, details={"loss": [1.0, {"last": math.inf}]}
    )
    result = record(
        task=FakeTask(tau=math.inf),
        outcome=outcome,
        dataset=DATA,
        backbone=make_card(),
        coverage={},
        environment={},
        seconds={"task": math.nan},
    )
    assert result.seconds == {}
    assert result.details == {"loss": [1.0, {"last": None}]}
    assert result.notes == (
        "config.tau is inf; written as null",
        "scores.fake/top1.value is nan; written as null",
        "details.loss[1].last is inf; written as null",
    )


def test_the_names_of_the_classes_stand_beside_the_answers(make_card):
    assert _record(make_card()).details["class_names"] == ["run", "sit"]
    without = dataclasses.replace(OUTCOME, predictions=())
    assert "class_names" not in _record(make_card(), outcome=without).details
    many = dataclasses.replace(DATA, classes=tuple(map(str, range(1001))))
    assert "class_names" not in _record(make_card(), dataset=many).details


def test_details_that_are_not_plain_data_are_refused(make_card):
    outcome = Outcome(scores={}, details={"model": object()})
    with pytest.raises(ResultError, match="plain values only, got object"):
        record(
            task=FakeTask(), outcome=outcome, dataset=DATA, backbone=make_card(), coverage={}, environment={}
        )


def test_the_environment_is_filled_in(make_card):
    made = {"provenance": [{"decoder": "pyav 18", "ffmpeg": "8.1"}, {"decoder": "pyav 18", "ffmpeg": "8.0"}]}
    result = _record(make_card(), environment=None, embedding=made)
    assert result.environment["decoder"] == "pyav 18"
    assert result.environment["ffmpeg"] == "8.0 and 8.1"
    assert result.environment["python"]
    assert result.environment["torch"]


def test_print_shows_scores_coverage_and_notes(make_result):
    lines = str(make_result(contaminated_by=("UCF101",), notes=("a\nb\x1b[31m",))).splitlines()
    text = "\n".join(lines)
    assert any(line.split() == ["knn/top1", "50.00", "%", "n=4"] for line in lines)
    assert "90.50 %  95% [80.00, 95.00]  n=4" in text
    assert "train 6/6 videos, val 2/4 videos (2 missing)" in text
    assert "tiny_vit.random †" in text
    assert "pretrained on UCF101" in text
    assert "\x1b" not in text
    assert any(line.startswith("note") and "a b" in line for line in lines)
    assert len(lines) < 12


def test_coverage_fraction_is_that_of_the_worst_split(make_result):
    assert make_result().coverage_fraction == 0.5
    assert make_result().coverage.fraction == 0.8
