"""Temporal localization end to end on features that carry the labels, and what can be wrong with them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from twlv.data.segments import read_detections, read_truth, score_detections
from twlv.embedding import FolderFeatures, MemoryFeatures
from twlv.errors import FeatureError, InputError, UsageError
from twlv.heads.actionformer import fit as fitting
from twlv.metrics.temporal_segments import RULES
from twlv.store.folder_features import FeatureClock, FeatureFolder
from twlv.tasks import TemporalLocalization
from twlv.tasks.localization_recipes import RECIPES
from twlv.tasks.recipes_localization import localization_protocol
from twlv.types import BackboneCard, Dataset, DatasetCard, Embedding, MultiClip, Outcome, Sample, Segments

CLASSES = ("jump", "run")
STRIDE, CLIP, DURATION = 0.5, 1.0, 40.0
CARD = BackboneCard(
    name="labels.noisy", dim=6, num_params=0, num_frames=1, image_size_px=1, patch=(1, 1, 1), mean=(0, 0, 0),
    std=(1, 1, 1), weights="none", weights_sha256="0" * 64, licence="none",
)  # fmt: skip
SMALL = TemporalLocalization(
    recipe="small", epochs=20, warmup_epochs=1, batch_size=3, width=16, max_length=128, mean_decay=0.9,
    learning_rate=5e-3, most=20,
)  # fmt: skip
QUICK = replace(SMALL, epochs=1)
"""Trained for six steps, where nothing need be found."""


def video(seed: int) -> Segments:
    """Four actions of 2 to 6 s, both classes in turn."""
    rng = np.random.default_rng(seed)
    start = np.arange(4) * 10 + rng.uniform(0, 3, 4)
    end = start + rng.uniform(2, 6, 4)
    ends = tuple((float(a), float(b)) for a, b in zip(start, end, strict=True))
    return Segments(ends_seconds=ends, indices=(0, 1, 0, 1), duration_seconds=DURATION)


def embedding(video_id: str, target: Segments, *, noise: float = 0.1, duration: float = DURATION) -> Embedding:
    start = np.arange(max(int((duration - CLIP) / STRIDE) + 1, 1)) * STRIDE
    middle = start + CLIP / 2
    rng = np.random.default_rng(sum(map(ord, video_id)))
    rows = noise * rng.standard_normal((len(start), CARD.dim))
    for (a, b), label in zip(target.ends_seconds, target.indices, strict=True):
        rows[(middle >= a) & (middle < b), label] += 1
    return Embedding(
        video_id=video_id,
        level="clip",
        vectors=rows.astype(np.float32),
        spans_seconds=np.stack([start, start + CLIP], axis=1),
    )


def half(
    split: str, targets: dict[str, Segments], *, without: tuple[str, ...] = (), **how: Any
) -> MemoryFeatures:
    samples = tuple(Sample(video_id=i, path=i, split=split, target=target) for i, target in targets.items())
    return MemoryFeatures(
        data=Dataset(card=DatasetCard(name="long", classes=CLASSES), samples=samples),
        embeddings={i: embedding(i, t, **how) for i, t in targets.items() if i not in without},
        backbone=CARD,
        reasons=dict.fromkeys(without, "truncated: ends in the middle"),
    )


TRAIN = half("train", {f"t{i}": video(i) for i in range(9)})
TEST = half("val", {f"v{i}": video(100 + i) for i in range(6)})


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("localization") / "found-{seed}.json"


@pytest.fixture(scope="module")
def outcome(exported: Path) -> Outcome:
    return replace(SMALL, detections=exported).run(TRAIN, TEST, seed=3)


def values(found: Outcome) -> dict[str, float]:
    return {name.partition("/")[2]: score.value for name, score in found.scores.items()}


def test_actions_are_found(outcome: Outcome) -> None:
    found = values(outcome)
    assert next(iter(outcome.scores)) == "temporal_localization/map_avg"
    assert found["map_50"] > 80
    assert found["map_avg"] > 60
    assert float(str(outcome.details["random_map_avg"])) < 20
    assert found["coverage"] == 100
    assert found["recall_5x"] >= found["recall_1x"] > 60
    low, high = outcome.scores["temporal_localization/map_avg"].ci95 or (0, 0)
    assert low <= found["map_avg"] <= high
    assert outcome.seeds["run"] == 3


def test_what_explains_the_number_is_kept(outcome: Outcome) -> None:
    details: dict[str, Any] = json.loads(json.dumps(dict(outcome.details)))
    assert set(details["per_class"]) == set(CLASSES)
    assert details["num_segments"] == 24
    kinds = details["errors"]["kinds_by_amount"]
    assert kinds["true"][0] > 0.5
    assert sum(share[0] for share in kinds.values()) == pytest.approx(1)
    assert sum(row["num"] for row in details["by_length"]) == 24
    assert details["training"]["weights"] == "running mean of the last epoch"
    shown = details["timelines"]
    assert 0 < len(shown) <= 8
    assert {"video_id", "duration_seconds", "truth", "predictions"} == set(shown[0])
    assert shown[0]["duration_seconds"] == DURATION
    assert all(0 <= p["segment"][0] <= p["segment"][1] <= DURATION for p in shown[0]["predictions"])


def test_equal_seeds_give_equal_bits_whatever_the_order_of_the_videos() -> None:
    turned = replace(TRAIN, data=replace(TRAIN.data, samples=TRAIN.data.samples[::-1]))
    one, two, other = (
        QUICK.run(train, TEST, seed=seed) for train, seed in ((TRAIN, 0), (turned, 0), (TRAIN, 1))
    )
    assert one.details["training"] == two.details["training"]
    assert values(one) == values(two)
    assert one.details["training"] != other.details["training"]


def test_nothing_global_is_drawn_from() -> None:
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    QUICK.run(TRAIN, TEST)
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("select", ["last", "best_on_test"])
def test_an_interrupted_run_ends_in_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, select: Any
) -> None:
    quick = replace(SMALL, epochs=6, select=select)
    whole = quick.run(TRAIN, TEST, seed=1)
    real, calls = fitting._epoch, []

    def stopping(*words: Any, **named: Any) -> dict[str, float]:
        calls.append(1)
        if len(calls) == 7:
            raise KeyboardInterrupt
        return real(*words, **named)

    with monkeypatch.context() as patch:
        patch.setattr("twlv.heads.checkpoint.Checkpoint._is_time", lambda *_: True)
        patch.setattr(fitting, "_epoch", stopping)
        with pytest.raises(KeyboardInterrupt):
            quick.run_from(tmp_path, TRAIN, TEST, seed=1)
        assert len(list(tmp_path.iterdir())) == 1
        calls[:] = [1] * 9  # never 7 again
        resumed = quick.run_from(tmp_path, TRAIN, TEST, seed=1)
    assert len(calls) == 9 + 1  # the last epoch of 7
    assert values(resumed) == values(whole)
    assert resumed.details["training"] == whole.details["training"]
    assert not list(tmp_path.iterdir())


def test_the_best_epoch_on_the_test_set_has_another_name() -> None:
    best = replace(SMALL, epochs=5, select="best_on_test").run(TRAIN, TEST)
    last = replace(SMALL, epochs=5).run(TRAIN, TEST)
    assert set(best.scores) == {name.replace("ization/", "ization_best_on_test/") for name in last.scores}
    assert best.notes[0].startswith("BEST ON TEST")
    assert values(best)["map_avg"] >= values(last)["map_avg"]
    assert best.details["training"]["weights"] == "best on the test set"  # type: ignore[index, call-overload]
    assert last.details["training"]["best_epoch"] is None  # type: ignore[index, call-overload]


def test_videos_without_embeddings_stay_in_the_ground_truth() -> None:
    targets = {f"v{i}": video(100 + i) for i in range(6)}
    trained = replace(SMALL, epochs=5)
    whole = trained.run(TRAIN, TEST, seed=3)
    lost = trained.run(TRAIN, half("val", targets, without=("v0", "v1", "v2")), seed=3)
    assert 0 < values(lost)["recall_5x"] < values(whole)["recall_5x"]
    assert lost.details["num_segments"] == whole.details["num_segments"] == 24
    assert values(lost)["coverage"] == 50
    assert "3 test videos have no embedding: their segments count as missed" in lost.notes


# ---------------------------------------------------------------- with an external classifier


def scores_file(folder: Path, *, wrong: bool = False) -> Path:
    path = folder / "scores.json"
    row = [0.0, 1.0] if wrong else [1.0, 0.9]
    path.write_text(json.dumps({f"v{i}": row for i in range(5)}))
    return path


def width_of_heads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    seen: list[int] = []
    real = fitting.ActionFormer

    def made(config: Any) -> Any:
        seen.append(config.num_classes)
        return real(config)

    monkeypatch.setattr(fitting, "ActionFormer", made)
    return seen


def test_self_contained_knows_all_classes_and_external_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The authors' flag --with_ext_classifier means the opposite of its name."""
    seen = width_of_heads(monkeypatch)
    QUICK.run(TRAIN, TEST)
    replace(QUICK, external=scores_file(tmp_path)).run(TRAIN, TEST)
    assert seen == [len(CLASSES), 1]


def test_classes_of_an_external_classifier(tmp_path: Path) -> None:
    found = replace(QUICK, external=scores_file(tmp_path), detections=tmp_path / "d.json").run(TRAIN, TEST)
    each = json.loads((tmp_path / "d.json").read_text())["results"]
    assert set(each) == {f"v{i}" for i in range(5)}
    assert {row["label"] for row in each["v0"]} == set(CLASSES)  # the two likeliest
    assert len(each["v0"]) <= 2 * 20
    details: dict[str, Any] = dict(found.details)["external"]  # type: ignore[assignment]
    assert details["videos_without_scores"] == ["v5"]
    assert (details["top1"], details["top2"]) == (100, 100)
    assert any("1 of 6 test videos have no scores" in note for note in found.notes)
    assert any("order of the annotation's label numbers" in note for note in found.notes)
    assert values(found)["coverage"] == 100


def test_class_scores_that_do_not_fit(tmp_path: Path) -> None:
    path = tmp_path / "scores.json"
    path.write_text(json.dumps({"v0": [0.1, 0.2, 0.3]}))
    with pytest.raises(InputError, match="2 finite scores"):
        replace(SMALL, external=path).run(TRAIN, TEST)
    with pytest.raises(UsageError, match="give that, too"):
        replace(SMALL, external_classes=path)


# ---------------------------------------------------------------- what can be wrong


def test_odd_videos_are_counted_and_trained_on() -> None:
    odd = {
        "empty": Segments(ends_seconds=(), indices=()),
        "zero": Segments(ends_seconds=((5.0, 5.0),), indices=(0,)),
        "reversed": Segments(ends_seconds=((9.0, 5.0),), indices=(0,)),
        "twice": Segments(ends_seconds=((5.0, 9.0), (5.0, 9.0)), indices=(1, 1)),
        "late": Segments(ends_seconds=((400.0, 410.0), (5.0, 9.0)), indices=(0, 1)),
        **{f"t{i}": video(i) for i in range(2)},
    }
    train = half("train", odd)
    short = {"short": replace(video(3), ends_seconds=((0.1, 0.4),), indices=(0,), duration_seconds=0.5)}
    test = half("val", {**odd, "v": video(7)})
    one_clip = half("val", short, duration=0.5)
    samples = (*test.data.samples, *one_clip.data.samples)
    test = replace(
        test, data=replace(test.data, samples=samples), embeddings={**test.embeddings, **one_clip.embeddings}
    )
    found = QUICK.run(train, test)
    said = " | ".join(found.notes)
    assert "3 training videos have no usable segment: they are trained on as background" in said
    assert "1 videos are a single clip" in said
    assert "1 annotated test segments start after the embeddings of their video end" in said
    assert found.details["num_annotated"] == found.details["num_segments"]  # the official rules count them all
    strict = replace(QUICK, rules="authors").run(train, test)
    assert "3 annotated test segments do not count under these rules" in " | ".join(strict.notes)


def test_resized_videos_whose_actions_fall_off_are_background() -> None:
    train = half("train", {"late": Segments(ends_seconds=((400.0, 410.0),), indices=(0,)), **{
        f"t{i}": video(i) for i in range(3)}})  # fmt: skip
    found = replace(QUICK, resize=True).run(train, TEST)
    assert values(found)["coverage"] == 100


def test_vectors_that_are_not_finite_are_counted_not_crashed_on() -> None:
    broken = replace(TEST.embeddings["v0"], vectors=np.full_like(TEST.embeddings["v0"].vectors, np.nan))
    test = replace(TEST, embeddings={**TEST.embeddings, "v0": broken})
    found = QUICK.run(TRAIN, test)
    assert "1 test videos have vectors that are not finite (v0): their segments count as missed" in found.notes
    assert values(found)["coverage"] == pytest.approx(100 * 5 / 6)
    assert found.details["num_segments"] == 24


def test_outputs_that_are_not_finite_are_counted_not_dropped() -> None:
    huge = replace(TEST.embeddings["v0"], vectors=np.full_like(TEST.embeddings["v0"].vectors, 3e38))
    test = replace(TEST, embeddings={**TEST.embeddings, "v0": huge})
    found = QUICK.run(TRAIN, test)
    assert any("1 test videos gave outputs that are not finite (v0)" in note for note in found.notes)
    assert values(found)["coverage"] == pytest.approx(100 * 5 / 6)


def test_longer_videos_than_the_windows_are_cropped_and_counted() -> None:
    long = {f"t{i}": video(i) for i in range(3)}
    found = QUICK.run(half("train", long, duration=100.0), TEST)
    assert "3 training videos are longer than 128 steps: cropped" in found.notes


def test_a_label_that_one_split_lacks() -> None:
    def only(target: Segments, label: int) -> Segments:
        kept = [p for p, index in zip(target.ends_seconds, target.indices, strict=True) if index == label]
        return replace(target, ends_seconds=tuple(kept), indices=(label,) * len(kept))

    train = half("train", {f"t{i}": only(video(i), 0) for i in range(4)})
    test = half("val", {f"v{i}": only(video(i), 1) for i in range(3)})
    found = QUICK.run(train, test)
    said = " | ".join(found.notes)
    assert "1 labels are tested but never trained on, and have AP 0: run" in said
    assert "the score is not above that of random detections" in said


def test_a_wrong_clock_is_refused() -> None:
    fast = {i: replace(e, spans_seconds=e.spans_seconds / 30) for i, e in TEST.embeddings.items()}
    with pytest.raises(FeatureError, match="start after the embeddings of their video end"):
        SMALL.run(TRAIN, replace(TEST, embeddings=fast))


def test_diverging_training_says_so() -> None:
    with pytest.raises(FeatureError, match="not finite in epoch"):
        replace(QUICK, learning_rate=1e18, epochs=2).run(TRAIN, TEST)


@pytest.mark.parametrize(
    "wrong",
    [{"recipe": "thumos"}, {"epochs": 0}, {"learning_rate": 0.0}, {"rules": "mine"}, {"mean_decay": 1.0}],
)
def test_settings_that_cannot_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        TemporalLocalization(**wrong)


# ---------------------------------------------------------------- files


def test_detections_are_exported_and_score_the_same(tmp_path: Path, exported: Path, outcome: Outcome) -> None:
    truth = {
        "version": "thumos",
        "database": {
            s.video_id: {
                "subset": "validation",
                "duration": DURATION,
                "annotations": [
                    {"label": CLASSES[i], "segment": list(pair)}
                    for pair, i in zip(s.target.ends_seconds, s.target.indices, strict=True)
                ],
            }
            for s in TEST.data.samples
            if isinstance(s.target, Segments)
        },
    }
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    report = score_detections(
        read_detections(exported.with_name("found-3.json")),
        read_truth(tmp_path / "truth.json"),
        rules=RULES["official"],
        thresholds=SMALL.settings.thresholds,
    )
    assert 100 * report.scores.average == pytest.approx(values(outcome)["map_avg"], abs=1e-9)
    assert report.num_detections == outcome.details["num_detections"]


def test_features_of_a_folder_give_the_same_and_are_read_again(tmp_path: Path) -> None:
    for name, part in (("train", TRAIN), ("val", TEST)):
        (tmp_path / name).mkdir()
        for video_id, one in part.embeddings.items():
            np.save(tmp_path / name / f"{video_id}_c.npy", one.vectors)
            (tmp_path / name / f"{video_id}.json").write_text(json.dumps({"duration": CLIP + 78 * STRIDE}))
    clock = FeatureClock(stride_seconds=STRIDE, clip_seconds=CLIP)
    folder = FeatureFolder(path=tmp_path, layout="official", clock=clock)
    train, test = (FolderFeatures(data=part.data, folder=folder) for part in (TRAIN, TEST))
    found = replace(QUICK, memory_gb=0.0).run(train, test)
    assert values(found) == values(QUICK.run(TRAIN, TEST))
    assert found.details["training"]["in_memory"] is False  # type: ignore[index, call-overload]


def test_the_four_published_settings() -> None:
    """The report's Table 7 prints the two rates swapped against the code, and 2 epochs of warm-up for 5."""
    rates = {name: (r.learning_rate, r.warmup_epochs, r.epochs, r.batch_size) for name, r in RECIPES.items()}
    assert rates["thumos14"] == (1e-4, 5, 45, 2)
    assert rates["activitynet"] == (1e-3, 5, 10, 16)
    assert rates["thumos14-table7"] == (1e-3, 2, 45, 2)
    assert rates["activitynet-table7"] == (1e-4, 2, 10, 16)
    protocol = localization_protocol("activitynet")
    assert (protocol.probe.recipe, protocol.sampling) == (
        "activitynet",
        MultiClip(clip_seconds=0.5, stride_seconds=0.25),
    )
    sampling = TemporalLocalization().default_sampling
    assert (sampling.clip_seconds, sampling.stride_seconds) == (0.5, 0.125)  # type: ignore[union-attr]
