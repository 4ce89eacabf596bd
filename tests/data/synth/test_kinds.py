"""What every kind promises of its labels, before a pixel is drawn; and that the scenes keep it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import combinations

import pytest
from scipy.stats import chi2_contingency

from twlv.data.synth import settings_for
from twlv.data.synth.make import PLANS, chosen, label_of
from twlv.data.synth.plan import Plan, Video
from twlv.video.synthetic import Scene

SMALL = {
    "recognition-appearance": (384, 256),
    "recognition-motion": (240, 128),
    "recognition-both": (384, 256),
    "reversal": (240, 120),
    "speed": (120, 80),
    "order": (240, 120),
    "dots": (80, 40),
}


def plan(kind: str) -> Plan:
    train, val = SMALL[kind]
    return PLANS[kind](settings_for(kind, num_train=train, num_val=val))


def of_split(made: Plan, split: str) -> list[Video]:
    return [video for video in made.videos if video.split == split]


@pytest.mark.parametrize("kind", SMALL)
def test_labels_are_balanced_in_both_splits(kind: str) -> None:
    made = plan(kind)
    assert (len(of_split(made, "train")), len(of_split(made, "val"))) == SMALL[kind]
    for manifest in made.manifests:
        everything = {label_of(video, manifest) for video in made.videos if chosen(video, manifest)}
        for split in ("train", "val"):
            counts = Counter(label_of(v, manifest) for v in of_split(made, split) if chosen(v, manifest))
            assert set(counts) == everything
            assert max(counts.values()) - min(counts.values()) <= 1


@pytest.mark.parametrize("kind", SMALL)
def test_no_group_and_no_id_is_in_both_splits(kind: str) -> None:
    made = plan(kind)
    assert len({video.video_id for video in made.videos}) == len(made.videos)
    assert {v.group for v in of_split(made, "train")}.isdisjoint(v.group for v in of_split(made, "val"))


def test_each_look_occurs_with_each_direction_equally_often() -> None:
    made = plan("recognition-both")
    for split in ("train", "val"):
        columns = [video.columns for video in of_split(made, split)]
        counts = Counter((c["shape"], c["texture"], c["direction"]) for c in columns)
        assert len(counts) == 16 * 8
        assert len(set(counts.values())) == 1


@pytest.mark.parametrize(
    ("kind", "factors"),
    [
        ("recognition-appearance", ("shape", "texture", "hue")),
        ("recognition-both", ("shape", "texture", "hue")),
        ("recognition-motion", ("shape", "texture")),
        ("reversal", ("shape", "texture")),
        ("speed", ("shape", "texture")),
        ("order", ("shape", "texture")),
    ],
)
def test_validation_shows_combinations_that_training_never_does(kind: str, factors: tuple[str, ...]) -> None:
    made = plan(kind)
    train, val = (
        {tuple(video.columns[name] for name in factors) for video in of_split(made, split)}
        for split in ("train", "val")
    )
    assert train.isdisjoint(val)
    for part in range(len(factors)):
        assert {look[part] for look in val} == {look[part] for look in train}


@pytest.mark.parametrize("kind", ["recognition-appearance", "recognition-motion", "reversal", "speed", "order"])
def test_scenes_are_what_the_columns_say(kind: str) -> None:
    for video in plan(kind).videos[::7]:
        assert video.scene is not None
        scene = video.scene()
        assert scene.subject.look.shape == video.columns["shape"]
        assert scene.subject.look.texture == video.columns["texture"]
        if "direction" in video.columns:
            assert scene.direction == video.columns["direction"]
        if "speed" in video.columns:
            assert scene.subject.path.speed == pytest.approx(float(video.columns["speed"]), abs=1e-3)
        if "events" in video.columns:
            assert "-".join(scene.order) == video.columns["events"]


FACTORS: dict[str, Callable[[Scene], object]] = {
    "look": lambda scene: scene.appearance,
    "direction": lambda scene: scene.direction,
    "left half": lambda scene: scene.subject.path.centre[0] < 0.5,
    "upper half": lambda scene: scene.subject.path.centre[1] < 0.5,
    "fast": lambda scene: scene.subject.path.speed < 0.21,
    "gains": lambda scene: (scene.subject.path.acceleration > 0) != scene.reversed,
    "spins right": lambda scene: (scene.subject.spin > 0) != scene.reversed,
    "grows": lambda scene: (scene.subject.growth > 0) != scene.reversed,
    "large": lambda scene: scene.subject.look.radius > 0.155,
    "movers": lambda scene: len(scene.movers),
    "backdrop": lambda scene: scene.backdrop.cells,
    "noise": lambda scene: scene.noise > 0.015,
}


@pytest.mark.parametrize("kind", ["recognition-both", "recognition-motion"])
def test_no_factor_tells_another(kind: str) -> None:
    scenes = [video.scene() for video in of_split(plan(kind), "train") if video.scene is not None]
    least = {pair: chi2_contingency(_table(scenes, *pair)).pvalue for pair in combinations(FACTORS, 2)}
    assert min(least.values()) > 0.01 / len(least), min(least, key=lambda pair: least[pair])


def test_in_a_reversal_set_nothing_but_the_direction_tells_up_from_down() -> None:
    made = plan("reversal")
    scenes = [video.scene() for video in made.videos if video.scene is not None]
    up = [video.columns["vertical"] == "up" for video in made.videos]
    assert 0.4 < sum(scene.reversed == is_up for scene, is_up in zip(scenes, up, strict=True)) / len(up) < 0.6
    first = [video.columns["vertical"] == "up" for video in made.videos if video.video_id.endswith("a")]
    assert 0.35 < sum(first) / len(first) < 0.65
    for name in set(FACTORS) - {"direction"}:
        table = Counter((FACTORS[name](scene), is_up) for scene, is_up in zip(scenes, up, strict=True))
        values = sorted({value for value, _ in table}, key=str)
        counts = [[table[value, side] for side in (True, False)] for value in values]
        assert chi2_contingency(counts).pvalue > 0.001, name


def _table(scenes: list[Scene], first: str, second: str) -> list[list[int]]:
    counts = Counter((FACTORS[first](scene), FACTORS[second](scene)) for scene in scenes)
    rows, columns = (sorted({pair[side] for pair in counts}, key=str) for side in (0, 1))
    return [[counts[row, column] for column in columns] for row in rows]
