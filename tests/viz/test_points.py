"""Points from a store and a data set; which are taken, and which classes are coloured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from twlv.errors import FeatureError, UnknownName, UsageError
from twlv.store import Store
from twlv.types import Dataset, Embedding
from twlv.viz import Points, choose_classes, choose_points, read_points
from twlv.viz.choose import labelled, only

Make = Callable[..., tuple[Store, Dataset]]


def test_a_video_is_the_mean_of_its_clips_and_a_clip_is_itself(make: Make) -> None:
    store, data = make(12, 3, clips=3)
    videos, clips = read_points(store, data), read_points(store, data, of="clip")
    assert videos.ids[:2] == ("v000", "v001")
    assert clips.ids[:4] == ("v000#0", "v000#1", "v000#2", "v001#0")
    assert clips.groups[:4] == ("v000", "v000", "v000", "v001")
    np.testing.assert_allclose(clips.vectors.reshape(12, 3, -1).mean(axis=1), videos.vectors, atol=1e-6)
    assert videos.labels.tolist() == [i % 3 for i in range(12)]
    assert videos.classes[:3] == ("class a", "class b", "class c")


def test_a_split_is_in_data_set_order_and_says_what_is_not_embedded(make: Make) -> None:
    store, data = make(12, 3)
    extra = replace(data.samples[1], video_id="absent")
    data = replace(data, samples=(*data.samples[::-1], extra))
    points = read_points(store, data, split="val")
    assert points.ids == ("v011", "v010", "v008", "v007", "v005", "v004", "v002", "v001")
    assert points.notes == ("1 of 9 videos have no embedding and are not shown",)
    assert points.origin["videos"] == {"expected": 9, "present": 8}
    assert points.origin["store_key"] == store.spec.key
    assert points.origin["backbone"] == "tiny_vit.random"


def test_without_a_data_set_there_are_no_labels(make: Make) -> None:
    points = read_points(make(8, 2)[0])
    assert points.present == ()
    assert set(points.labels) == {-1}
    with pytest.raises(UsageError, match="--split needs --dataset"):
        read_points(make(8, 2)[0], split="val")


def test_a_split_or_data_set_that_is_not_here(make: Make) -> None:
    store, data = make(8, 2)
    with pytest.raises(UnknownName, match="did you mean val"):
        read_points(store, data, split="vall")
    others = replace(data, samples=tuple(replace(s, video_id="x" + s.video_id) for s in data.samples))
    with pytest.raises(UsageError, match="holds an embedding of none of the 8 samples of clouds"):
        read_points(store, others)


def test_what_is_not_finite_is_named(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    store, data = make(8, 2)
    read = Store.read

    def damaged(self: Store, ids: list[str]) -> list[Embedding]:
        found = list(read(self, ids))
        for place in (2, 5):
            vectors = found[place].vectors.copy()
            vectors[0, 0] = np.nan
            found[place] = replace(found[place], vectors=vectors)
        return found

    monkeypatch.setattr(Store, "read", damaged)
    with pytest.raises(FeatureError, match=r"2 of 8 points are not finite \(NaN or infinity\): v002, v005"):
        read_points(store, data)


@pytest.fixture
def points(make: Make) -> Points:
    return read_points(*make(100, 25))


def test_a_share_is_uniform_seeded_and_in_order(points: Points) -> None:
    half = choose_points(points, share=0.5, seed=3)
    assert len(half) == 50
    assert half.ids == tuple(sorted(half.ids))
    assert half.ids == choose_points(points, share=0.5, seed=3).ids
    assert half.ids != choose_points(points, share=0.5, seed=4).ids
    assert half.notes == ("50 of 100 points, drawn uniformly with seed 3",)
    assert choose_points(points) is points
    for wrong in (0, 1.5, -1):
        with pytest.raises(UsageError, match="--share"):
            choose_points(points, share=wrong)


def test_ten_classes_are_drawn_of_many_and_all_of_few(points: Points) -> None:
    drawn = choose_classes(points, seed=1)
    assert drawn.drawn
    assert len(set(drawn.shown)) == 10
    assert drawn.shown == choose_classes(points, seed=1).shown
    few = only(points, range(20))
    assert choose_classes(few).shown == tuple(range(20))
    assert not choose_classes(few).drawn
    assert choose_classes(few, num_classes=0).shown == ()


def test_named_classes_are_coloured_in_the_order_given(points: Points) -> None:
    assert choose_classes(points, include=("class c", "class a", "class c")).shown == (2, 0)
    with pytest.raises(UnknownName, match="unknown class 'clas c'; did you mean class c"):
        choose_classes(points, include=("clas c",))
    with pytest.raises(UsageError, match="--include and --num-classes"):
        choose_classes(points, include=("class a",), num_classes=2)
    with pytest.raises(UsageError, match="21 classes to colour; at most 20"):
        choose_classes(points, num_classes=21)
    with pytest.raises(UsageError, match="'class b' has no point here"):
        choose_classes(only(points, [0]), include=("class b",))
    with pytest.raises(UsageError, match="have no labels"):
        choose_classes(replace(points, labels=np.full(100, -1)), include=("class a",))


def test_points_without_a_label_can_be_left_out(points: Points) -> None:
    labels = points.labels.copy()
    labels[:3] = -1
    known = labelled(replace(points, labels=labels))
    assert len(known) == 97
    assert known.notes == ("3 points have no label",)
    assert labelled(points) is points
