"""Read-outs against what is known of the features, and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest

from twlv.pretrain.ablation.probes import SPLITS, ProbeSizes, moving, ordered
from twlv.pretrain.ablation.readout import Labelled, neighbours, read_out, ridge

TINY = ProbeSizes(fit=12, selection=10, reported=8)


def _drawn(seed: int, count: int, *, told: float) -> Labelled:
    random = np.random.default_rng(seed)
    labels = random.integers(3, size=count)
    features = random.normal(size=(count, 6)) + told * np.eye(6)[labels]
    return Labelled(features=features, labels=labels, clips=np.arange(count))


def test_features_that_tell_are_read_and_noise_is_not() -> None:
    told = read_out(_drawn(0, 200, told=8.0), _drawn(1, 150, told=8.0))
    noise = read_out(_drawn(0, 200, told=0.0), _drawn(1, 150, told=0.0))
    for reader in ("ridge", "knn"):
        assert told[reader]["accuracy"] > 0.95
        low, high = noise[reader]["ci95"]
        assert low < 1 / 3 < high
        assert noise[reader]["n"] == 150


def test_ridge_and_neighbours_answer_as_scikit_learn() -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    near = pytest.importorskip("sklearn.neighbors")
    fit, scored = _drawn(2, 120, told=1.0), _drawn(3, 90, told=1.0)
    mean, scale = fit.features.mean(axis=0), fit.features.std(axis=0)
    strengths = tuple(10.0**power for power in range(-3, 6))
    model = linear.RidgeCV(alphas=strengths).fit((fit.features - mean) / scale, np.eye(3)[fit.labels])
    expected = model.predict((scored.features - mean) / scale).argmax(axis=1)
    assert np.mean(ridge(fit, scored.features) == expected) > 0.97
    search = near.KNeighborsClassifier(n_neighbors=10, metric="cosine").fit(fit.features - mean, fit.labels)
    assert np.mean(neighbours(fit, scored.features) == search.predict(scored.features - mean)) > 0.9


def test_rows_of_one_clip_share_their_luck() -> None:
    fit, scored = _drawn(4, 100, told=1.0), _drawn(5, 80, told=1.0)
    twice = Labelled(
        features=np.tile(scored.features, (2, 1)),
        labels=np.tile(scored.labels, 2),
        clips=np.tile(scored.clips, 2),
    )
    once, paired = read_out(fit, scored), read_out(fit, twice)
    width = {name: np.diff(found["ridge"]["ci95"])[0] for name, found in (("once", once), ("paired", paired))}
    assert paired["ridge"]["n"] == 80
    assert width["paired"] == pytest.approx(width["once"], rel=0.2)


def test_splits_share_no_clip_and_come_out_the_same_again() -> None:
    for drawn, counts in ((moving, [12, 10, 8]), (ordered, [6, 5, 4])):
        clips = [drawn(split, TINY, 4, 16).frames for split in SPLITS]
        assert [len(part) for part in clips] == counts
        names = [frames.numpy().tobytes() for part in clips for frames in part]
        assert len(set(names)) == len(names)
        again = drawn.__wrapped__("fit", TINY, 4, 16)
        assert bool((again.frames == clips[0]).all())
