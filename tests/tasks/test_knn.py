"""kNN against a plain oracle that goes video by video, and the traps of the protocol by number."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from twlv.errors import FeatureError, UsageError
from twlv.tasks import KNN
from twlv.tasks.knn import class_scores


def unit(vector: np.ndarray) -> np.ndarray:
    vector = np.asarray(vector, dtype=np.float64)
    return vector / max(np.linalg.norm(vector), 1e-12)


def oracle(train, test, *, k: int, tau: float, vote: str, bank: str, query: str, classes: int) -> list[int]:
    """Predictions, one test video after another, with Python's own sorts."""
    memory = []
    for embedding, sample in sorted(train, key=lambda item: item[1].video_id):
        rows = embedding.vectors if bank == "clip" else [embedding.vectors.mean(0, dtype=np.float64)]
        memory += [(unit(row), sample.target.index) for row in rows]
    answers = []
    for embedding, _ in sorted(test, key=lambda item: item[1].video_id):
        rows = embedding.vectors if query == "clip" else [embedding.vectors.mean(0, dtype=np.float64)]
        scores = [0.0] * classes
        for row in rows:
            near = sorted(
                ((float(unit(row) @ v), i) for i, (v, _) in enumerate(memory)), key=lambda p: (-p[0], p[1])
            )
            near = near[:k]
            total = sum(math.exp(s / tau) for s, _ in near)
            for s, i in near:
                weight = {"exp": math.exp(s / tau), "softmax": math.exp(s / tau) / total, "count": 1.0}[vote]
                scores[memory[i][1]] += weight
        answers.append(max(range(classes), key=lambda c: (scores[c], -c)))
    return answers


@settings(max_examples=12, deadline=None)
@given(
    st.integers(0, 10_000),
    st.sampled_from(["exp", "softmax", "count"]),
    st.sampled_from(["video", "clip"]),
    st.sampled_from(["video", "clip"]),
    st.integers(1, 30),
)
def test_predictions_equal_the_oracles(fake, seed: int, vote: str, bank: str, query: str, k: int) -> None:
    train = fake.blobs(40, clips=4, noise=3.0, seed=seed, prefix="t")
    test = fake.blobs(15, clips=4, noise=3.0, seed=seed + 1, prefix="e")
    task = KNN(k=k, vote=vote, bank=bank, query=query, device="cpu")
    outcome = task.run(train, test)
    expected = oracle(train, test, k=k, tau=0.1, vote=vote, bank=bank, query=query, classes=4)
    assert [p.predicted for p in outcome.predictions] == expected
    right = [p.truth == p.predicted for p in outcome.predictions]
    assert outcome.scores["knn/top1"].value == pytest.approx(100 * np.mean(right))


def answers(task: KNN, train, test) -> list[int | None]:
    return [prediction.predicted for prediction in task.run(train, test).predictions]


def test_trap_1_every_training_video_is_in_the_bank(fake) -> None:
    """The last of 1025 (a batch of 1024 and one) is the only one of its class and direction."""
    vectors = np.random.default_rng(0).standard_normal((1025, 4))
    vectors[:1024, 3] = 0.0
    vectors[1024] = [0, 0, 0, 1]
    train = fake.features(vectors, [*[0] * 1024, 1], prefix="t")
    test = fake.features([[0, 0, 0, 1]], [1], prefix="e")
    for bank in ("video", "clip"):
        outcome = KNN(k=1, bank=bank).run(train, test)
        assert outcome.details["bank_rows"] == 1025
        assert outcome.predictions[0].predicted == 1


def test_trap_2_the_order_of_a_listing_changes_no_bit(fake) -> None:
    train, test = fake.blobs(60, clips=3, noise=3.0, prefix="t"), fake.blobs(30, clips=3, seed=1, prefix="e")
    order = np.random.default_rng(0).permutation(60)
    shuffled = fake.FakeFeatures(
        items=tuple(train.items[i] for i in order), dataset=train.dataset, backbone=train.backbone
    )
    backwards = fake.FakeFeatures(items=test.items[::-1], dataset=test.dataset, backbone=test.backbone)
    for task in (KNN(k=9), KNN(k=9, bank="clip", query="clip")):
        assert task.run(train, test, seed=3) == task.run(shuffled, backwards, seed=3)


def test_trap_3_k_above_the_bank_is_lowered_and_said(fake) -> None:
    train, test = fake.blobs(5, prefix="t"), fake.blobs(6, seed=1, prefix="e")
    outcome = KNN(k=(200, 3)).run(train, test)
    assert outcome.details["k"] == [5, 3]
    assert "k = 200 is more than the bank holds; k = 5 was used" in outcome.notes
    assert set(outcome.scores) >= {"knn/top1", "knn/top1_k200", "knn/top1_k3"}


def test_trap_4_ties_go_to_the_earlier_row_and_the_lower_class(fake) -> None:
    same = np.ones((30, 5))
    labels = [3, 1] * 15
    test = fake.features([np.ones(5)], [0], prefix="e")
    assert answers(KNN(k=1), fake.features(same, labels, prefix="t"), test) == [3]
    assert answers(KNN(k=2), fake.features(same, labels, prefix="t"), test) == [1]
    assert answers(KNN(k=3), fake.features(same, labels, prefix="t"), test) == [3]
    doubles = fake.features(same.astype(np.float64) * 0.1, labels, prefix="t")
    assert answers(KNN(k=1), doubles, test) == [3]


def test_trap_6_how_many_clips_others_have_changes_nothing(fake) -> None:
    train = fake.blobs(50, clips=6, noise=2.0, prefix="t")
    together = fake.blobs(12, clips=6, noise=2.0, seed=7, prefix="e")
    for vote in ("exp", "softmax", "count"):  # a row of padding has little weight in exp, but a whole vote else
        task = KNN(k=7, bank="clip", query="clip", vote=vote)
        alone = []
        for item in together.items:
            one = fake.FakeFeatures(items=(item,), dataset=together.dataset, backbone=together.backbone)
            alone += answers(task, train, one)
        assert answers(task, train, together) == alone


def test_trap_7_the_sum_of_exponentials_is_not_the_mean_of_probabilities() -> None:
    """Clip 1 has neighbours A 0.90 and B 0.85, clip 2 has B 0.50 and B 0.40 (classes A = 0, B = 1)."""
    similarity = np.array([[0.90, 0.85], [0.50, 0.40]])
    labels, video = np.array([[0, 1], [1, 1]]), np.array([0, 0])
    scores = {
        vote: class_scores(similarity, labels, video, (1, 2), temperature=0.1, vote=vote)[0]
        for vote in ("exp", "softmax", "count")
    }
    assert scores["exp"] * math.exp(9) == pytest.approx([8103.1, 5117.8], abs=0.1)
    assert scores["softmax"] == pytest.approx([0.622, 1.378], abs=1e-3)
    assert scores["count"].tolist() == [1, 3]
    assert [scores[vote].argmax() for vote in ("exp", "softmax", "count")] == [0, 1, 1]


def test_trap_8_the_mean_is_taken_before_the_length(fake) -> None:
    train = fake.features([[1, 0], [0, 1]], [0, 1], prefix="t")
    test = fake.features([[[10, 0], [0, 1], [0, 1]]], [0], prefix="e")
    assert answers(KNN(k=1), train, test) == [0]


def test_trap_9_zero_vectors_are_counted_and_harmless(fake) -> None:
    train = fake.features([[0, 0], [0, 1], [1, 0]], [1, 1, 0], prefix="t")
    test = fake.features([[0, 0], [2, 0]], [1, 0], prefix="e")
    for task in (KNN(k=1), KNN(k=1, bank="clip", query="clip")):
        outcome = task.run(train, test)
        assert [p.predicted for p in outcome.predictions] == [1, 0]
        assert {"1 bank vectors are zero", "1 query vectors are zero"} <= set(outcome.notes)


def test_trap_19_top_5_with_three_classes(fake) -> None:
    train, test = fake.blobs(30, classes=3, prefix="t"), fake.blobs(10, classes=3, seed=1, prefix="e")
    scores = KNN(k=5).run(train, test).scores
    assert scores["knn/top5"].value == 100.0 >= scores["knn/top1"].value


def test_trap_34_a_class_may_be_in_one_split_only(fake) -> None:
    train = fake.features(np.eye(4), [0, 1, 2, 7], prefix="t")
    test = fake.features(np.eye(4), [0, 9, 2, 7], prefix="e")
    outcome = KNN(k=1).run(train, test)
    assert outcome.details["num_classes"] == 10
    assert outcome.scores["knn/top1"].value == 75.0
    assert outcome.scores["knn/mean_per_class"].value == 75.0


@pytest.mark.parametrize("temperature", [1e-6, 1e-3, 100.0])
def test_no_temperature_overflows_or_erases_the_vote(fake, temperature: float) -> None:
    train, test = fake.blobs(60, noise=0.1, prefix="t"), fake.blobs(20, noise=0.1, seed=1, prefix="e")
    for query in ("video", "clip"):
        outcome = KNN(k=5, temperature=temperature, query=query).run(train, test)
        assert outcome.scores["knn/top1"].value == 100.0


def test_several_k_share_one_search(fake) -> None:
    train, test = fake.blobs(80, noise=3.0, prefix="t"), fake.blobs(40, noise=3.0, seed=1, prefix="e")
    together = KNN(k=(20, 1, 5)).run(train, test).scores
    for k in (20, 1, 5):
        assert together[f"knn/top1_k{k}"] == KNN(k=k).run(train, test).scores["knn/top1"]
    assert together["knn/top1"] == together["knn/top1_k20"]
    assert "knn/top1_k20" not in KNN(k=20).run(train, test).scores


def test_no_global_state_is_touched(fake) -> None:
    before, other = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002 - is it left alone?
    KNN(k=3).run(fake.blobs(20, prefix="t"), fake.blobs(10, prefix="e"))
    assert torch.equal(before, torch.get_rng_state())
    np.testing.assert_array_equal(other, np.random.get_state()[1])  # noqa: NPY002
    assert torch.get_float32_matmul_precision() == "highest"


@pytest.mark.parametrize(
    "fields",
    [{"k": 0}, {"k": ()}, {"temperature": 0.0}, {"vote": "mean"}, {"bank": "row"}, {"missing": "skip"}],
)
def test_settings_that_make_no_sense_are_refused(fields: dict) -> None:
    with pytest.raises(UsageError):
        KNN(**fields)


def test_a_device_that_is_not_there_is_a_usage_error(fake) -> None:
    with pytest.raises(UsageError, match="device 'abacus'"):
        KNN(device="abacus").run(fake.blobs(5, prefix="t"), fake.blobs(5, prefix="e"))


def test_two_backbones_do_not_mix(fake) -> None:
    train, test = fake.blobs(8, prefix="t"), fake.blobs(8, dim=5, prefix="e")
    with pytest.raises(FeatureError, match="width 16, test vectors 5"):
        KNN().run(train, test)
