"""The task of temporal segmentation: learning, splits and seeds, resuming, what is missing, odd videos."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from twlv.contracts import ResumableTask, SampledTask
from twlv.data.segmentation.score import score_segmentation
from twlv.errors import FeatureError, UnknownName, UsageError
from twlv.heads.asformer import train as training
from twlv.metrics.segmentation import count_segmentation
from twlv.results.record import configuration
from twlv.tasks import TemporalSegmentation
from twlv.tasks.segmentation_order import published_orders
from twlv.types import FrameLabels, Outcome

TASK = TemporalSegmentation(layers=3, channels=16, decoders=1, epochs=12, learning_rate=3e-3, device="cpu")
QUICK = replace(TASK, epochs=2)


def plain(outcome: Outcome) -> dict[str, float]:
    return {name.partition("/")[2]: score.value for name, score in outcome.scores.items()}


@pytest.fixture(scope="module")
def learned(long_videos) -> Outcome:
    return TASK.run(long_videos.features(range(8)), long_videos.features(range(8, 12)), seed=1)


# ---------------------------------------------------------------- learning


def test_it_learns_what_the_features_say(learned: Outcome) -> None:
    found = plain(learned)
    assert list(found) == ["mf1", "edit", "accuracy", "f1_10", "f1_25", "f1_50"]
    assert found["accuracy"] > 85
    assert found["mf1"] > 80
    assert found["accuracy"] > learned.details["commonest_class_accuracy"] + 30
    assert found["mf1"] == pytest.approx((found["f1_10"] + found["f1_25"] + found["f1_50"]) / 3)
    for score in learned.scores.values():
        assert score.n == 4
        assert score.unit == "%"
        assert score.ci95 is not None
        assert score.ci95[0] <= score.value <= score.ci95[1]


def test_it_keeps_the_contracts() -> None:
    assert isinstance(TASK, ResumableTask)
    assert isinstance(TASK, SampledTask)
    assert TASK.default_sampling.clip_seconds == 0.5
    assert configuration(replace(TASK, predictions_to="somewhere")) == configuration(TASK)


def test_equal_seeds_give_equal_scores_and_the_order_of_the_list_does_not_matter(long_videos) -> None:
    train, test = long_videos.features(range(5)), long_videos.features(range(8, 10))
    turned = replace(train, data=replace(train.data, samples=train.data.samples[::-1]))
    first = QUICK.run(train, test, seed=3)
    again = QUICK.run(turned, test, seed=3)
    assert first == again
    assert QUICK.run(train, test, seed=4).details["splits"] != first.details["splits"]


# ---------------------------------------------------------------- splits


def folds(long_videos):
    numbers = [range(3), range(3, 6), range(6, 9)]
    everything = {number for part in numbers for number in part}
    return [
        tuple(
            long_videos.features(sorted(half), selection=f"split={k}")
            for half in (everything - set(part), set(part))
        )
        for k, part in enumerate(numbers, start=1)
    ]


def test_trap_24_a_split_alone_gives_what_it_gives_among_all(long_videos) -> None:
    halves = folds(long_videos)
    together = QUICK.run_folds(None, halves, seed=5)
    alone = QUICK.run(*halves[1], seed=5)
    assert alone.details["splits"] == [together.details["splits"][1]]
    backwards = QUICK.run_folds(None, halves[::-1], seed=5)
    assert backwards.details["splits"] == together.details["splits"][::-1]
    assert set(together.seeds) == {
        "run", "interval", *(f"{part} split={k}" for part in ("training", "order") for k in (1, 2, 3))
    }  # fmt: skip
    assert len(set(together.seeds.values())) == 8


def test_scores_are_the_mean_over_splits_and_the_spread_is_said(long_videos) -> None:
    outcome = QUICK.run_folds(None, folds(long_videos), seed=5)
    rows = outcome.details["splits"]
    assert [row["split"] for row in rows] == ["split=1", "split=2", "split=3"]
    for name, value in plain(outcome).items():
        assert value == pytest.approx(np.mean([row[name] for row in rows]))
        spread = np.std([row[name] for row in rows], ddof=1)
        assert outcome.details["standard_deviation"][name] == pytest.approx(spread)
    assert outcome.notes[0].startswith("mean over 3 splits; standard deviation over them: mf1 ")
    assert all(score.n == 9 for score in outcome.scores.values())


def test_an_interval_over_persons_who_are_a_split_each_is_that_of_the_mean_over_splits(long_videos) -> None:
    halves = [
        (long_videos.features(range(8, 12)), long_videos.features(part, groups=True, selection=f"split={k}"))
        for k, part in enumerate(((0, 1), (2, 3), (4, 5), (6, 7)), start=1)
    ]
    outcome = QUICK.run_folds(None, halves, seed=5)
    rows = [row["accuracy"] for row in outcome.details["splits"]]
    random = np.random.default_rng(0)
    drawn = [np.mean(random.choice(rows, size=4)) for _ in range(4000)]
    low, high = outcome.scores["temporal_segmentation/accuracy"].ci95
    assert (low, high) == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])), abs=1.5)


def test_the_published_order_is_visited(long_videos, monkeypatch: pytest.MonkeyPatch) -> None:
    visited = []

    def fit(config, recipe, videos, orders, **others):
        visited.append([list(orders(epoch)) for epoch in (0, 1)])
        return original(config, replace(recipe, epochs=1), videos, orders, **others)

    original = training.fit_asformer
    monkeypatch.setattr(training, "fit_asformer", fit)
    for order in ("published", "fixed", "reshuffled"):
        replace(QUICK, order=order).run(long_videos.features(range(6)), long_videos.features([8]), seed=1212)
    published, fixed, reshuffled = visited
    [names] = published_orders([([f"v{i:02d}" for i in range(6)], ["v08"])], 1212)
    assert published == [[int(name[1:]) for name in names]] * 2
    assert fixed[0] == fixed[1] != published[0]
    assert reshuffled[0] != reshuffled[1]


# ---------------------------------------------------------------- resuming


def test_an_interrupted_run_goes_on_to_the_same_scores(long_videos, tmp_path: Path, monkeypatch) -> None:
    halves, whole = folds(long_videos), QUICK.run_folds(None, folds(long_videos), seed=2)
    steps, original = 0, training._step

    def step(*arguments):
        nonlocal steps
        steps += 1
        if steps == 20:  # six videos twice are the first split: within the second
            raise KeyboardInterrupt
        return original(*arguments)

    monkeypatch.setattr(training, "_step", step)
    with pytest.raises(KeyboardInterrupt):
        QUICK.run_folds(tmp_path, halves, seed=2)
    assert list(tmp_path.iterdir())
    steps = 100
    assert QUICK.run_folds(tmp_path, halves, seed=2) == whole
    assert steps <= 100 + 24  # the first split was not trained again
    assert not list(tmp_path.iterdir())


# ---------------------------------------------------------------- what is missing or odd


def test_missing_videos_are_counted_and_named(long_videos) -> None:
    train = long_videos.features(range(4), missing=[4])
    test = long_videos.features([8, 9], missing=[10])
    outcome = QUICK.run(train, test, seed=0)
    found, row = plain(outcome), outcome.details["splits"][0]
    assert (row["test_videos"], row["edit_videos"], row["test_missing"]) == (3, 3, ["v10"])
    assert found["edit"] == pytest.approx(found["edit_decoded"] * 2 / 3)
    assert found["accuracy"] < found["accuracy_decoded"]
    assert found["f1_10"] <= found["f1_10_decoded"]
    said = " ".join(outcome.notes)
    assert "1 train videos have no usable embedding ('v04') and were not trained on" in said
    assert "1 test videos have no usable embedding ('v10') and count as answered by nothing" in said
    excluded = replace(QUICK, missing="exclude").run(train, test, seed=0)
    assert plain(excluded)["edit"] == found["edit_decoded"]
    assert "are left out of every score" in " ".join(excluded.notes)


def test_a_vector_that_is_not_finite_makes_a_video_missing(long_videos) -> None:
    test = long_videos.features([8, 9])
    broken = np.full_like(test.embeddings["v09"].vectors, np.nan)
    outcome = QUICK.run(long_videos.features(range(4)), long_videos.with_vectors(test, "v09", broken))
    row = outcome.details["splits"][0]
    assert row["test_missing"] == ["v09"]
    assert row["unusable"] == {"v09": "a vector is not finite"}
    assert row["test_videos"] == 2


def test_where_nothing_is_predicted_edit_says_what_it_used(long_videos, monkeypatch) -> None:
    monkeypatch.setattr(
        training, "label_steps", lambda model, features: np.zeros(len(features), dtype=np.int64)
    )
    nothing = {9: np.zeros(12, dtype=np.int64)}  # background throughout
    test = long_videos.features([8, 9], changed=nothing)
    outcome = QUICK.run(long_videos.features(range(4)), test, seed=1)
    row = outcome.details["splits"][0]
    assert (row["test_videos"], row["edit_videos"], row["edit"], row["f1_10"]) == (2, 1, 0.0, 0.0)
    assert any("Edit is the mean over 1 of 2 videos; the others have no segment" in n for n in outcome.notes)
    frames = len(long_videos.labels_of(8)) + 12
    right = np.sum(long_videos.labels_of(8) == 0) + 12
    assert row["accuracy"] == pytest.approx(100 * right / frames)


def test_a_video_of_one_frame_is_labelled(long_videos) -> None:
    short = {3: np.array([1]), 9: np.array([2])}
    train = long_videos.features(range(4), changed=short)
    outcome = QUICK.run(train, long_videos.features([8, 9], changed=short), seed=0)
    assert outcome.details["splits"][0]["test_videos"] == 2
    said = " ".join(outcome.notes)
    assert "1 train videos have one step and are read as two equal ones, such as 'v03'" in said
    assert "1 test videos have one step" in said


def test_labels_that_go_on_after_the_last_clip_are_said_in_seconds(long_videos) -> None:
    train, test = long_videos.features(range(4)), long_videos.features([8])
    longer = np.concatenate([long_videos.labels_of(8), np.full(30, 1)])
    target = FrameLabels(indices=longer, fps=long_videos.FPS)
    samples = (replace(test.data.samples[0], target=target),)
    outcome = QUICK.run(train, replace(test, data=replace(test.data, samples=samples)))
    assert any("1 test videos: labels go on after the last clip, by up to 3." in note for note in outcome.notes)
    left = outcome.details["splits"][0]["leftover_test"]
    assert left["largest_seconds"] == pytest.approx(3.0, abs=0.2)


@pytest.mark.parametrize(
    ("target", "seen"),
    [
        (None, "has no label; segmentation needs a label for every frame"),
        (FrameLabels(indices=np.array([0, 3]), fps=1.0), "has label 3, but the data set has 3 classes"),
        (FrameLabels(indices=np.array([-1, 2]), fps=1.0), "has label -1, but"),
        (FrameLabels(indices=np.zeros(0, dtype=np.int64), fps=1.0), "has labels of no frame"),
    ],
)
def test_labels_that_cannot_be_used_are_named(long_videos, target, seen) -> None:
    test = long_videos.features([8, 9])
    samples = (test.data.samples[0], replace(test.data.samples[1], target=target))
    with pytest.raises(FeatureError, match=f"test video 'v09' {seen}"):
        QUICK.run(long_videos.features(range(4)), replace(test, data=replace(test.data, samples=samples)))


def test_settings_that_make_no_sense_are_refused(long_videos) -> None:
    with pytest.raises(UsageError, match="alignment is one of centres, stretch; got 'nearest'"):
        TemporalSegmentation(alignment="nearest")
    with pytest.raises(UsageError, match="factor is between 0 and 1"):
        TemporalSegmentation(factor=1.0)
    with pytest.raises(UnknownName, match="unknown class of background 'SIL'"):
        replace(QUICK, background=("SIL",)).run(long_videos.features([1]), long_videos.features([2]))


# ---------------------------------------------------------------- rules and figures


def test_the_background_is_a_choice(long_videos) -> None:
    halves = long_videos.features(range(4)), long_videos.features([8, 9])
    usual, every = QUICK.run(*halves), replace(QUICK, background=()).run(*halves)
    assert "classes that are no segments: background" in usual.notes
    assert "every class is scored as an action" in every.notes
    assert usual.details["background"] == ["background"]
    assert plain(usual)["accuracy"] == plain(every)["accuracy"]
    assert plain(usual)["edit"] != plain(every)["edit"]


def test_figures_have_their_documented_forms(learned: Outcome) -> None:
    details = json.loads(json.dumps(learned.details))
    assert len(details["strips"]) == 4
    for strip in details["strips"]:
        assert strip["classes"] == ["background", "take", "pour"]
        for runs in (strip["truth"], strip["predicted"]):
            assert runs[0][0] == 0
            assert runs[-1][1] == pytest.approx(strip["duration_seconds"])
            assert all(one[1] == two[0] and one[2] != two[2] for one, two in itertools.pairwise(runs))
    counts = np.array(details["confusion"]["counts"])
    assert 100 * np.trace(counts) / counts.sum() == pytest.approx(plain(learned)["accuracy"])
    assert set(details["per_class"]) == {"take", "pour"}
    curve = details["boundary_f1"]
    assert len(curve["f1"]) == len(curve["tolerances_seconds"])
    assert curve["f1"] == sorted(curve["f1"])


def test_written_predictions_score_the_same(long_videos, tmp_path: Path) -> None:
    task = replace(QUICK, label_step=2, predictions_to=str(tmp_path / "predicted"))
    outcome = task.run_folds(None, folds(long_videos), seed=5)
    root, names = tmp_path / "truth", long_videos.CLASSES
    (root / "groundTruth").mkdir(parents=True)
    (root / "splits").mkdir()
    (root / "mapping.txt").write_text("".join(f"{i} {name}\n" for i, name in enumerate(names)))
    for number in range(9):
        lines = "".join(f"{names[label]}\n" for label in long_videos.labels_of(number))
        (root / "groundTruth" / f"v{number:02d}.txt").write_text(lines)
    for k in range(3):
        for half in ("train", "test"):
            inside = [i for i in range(9) if (i // 3 == k) == (half == "test")]
            (root / "splits" / f"{half}.split{k + 1}.bundle").write_text(
                "".join(f"v{i:02d}.txt\n" for i in inside)
            )
    from twlv.data.segmentation import read_segmentation

    report = score_segmentation(
        tmp_path / "predicted", read_segmentation(root), background=("background",)
    ).mean()
    found = plain(outcome)
    assert 100 * report["mean_f1"] == pytest.approx(found["mf1"])
    assert 100 * report["edit"] == pytest.approx(found["edit"])
    assert 100 * report["accuracy"] == pytest.approx(found["accuracy"])


def test_every_second_label_is_learnt_and_predictions_are_a_frame_too_long(long_videos, monkeypatch) -> None:
    seen = []

    def counted(predicted, true, **rules):
        seen.append([(len(p), len(t)) for p, t in zip(predicted, true, strict=True)])
        return count_segmentation(predicted, true, **rules)

    monkeypatch.setattr("twlv.tasks.segmentation_training.count_segmentation", counted)
    odd = {8: long_videos.labels_of(8, 31)}
    replace(QUICK, label_step=2).run(long_videos.features(range(4)), long_videos.features([8], changed=odd))
    assert seen == [[(32, 31)]]
