from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twlv.data.shots import few_shot
from twlv.errors import UsageError
from twlv.types import ClassLabel, ClassLabels, Dataset, DatasetCard, Sample


def data(sizes: dict[int, list[int]], *, grouped: bool = True, extra: tuple[Sample, ...] = ()) -> Dataset:
    """Class -> sizes of its groups; two test videos."""
    samples = [
        Sample(
            video_id=f"c{label}g{group}v{n}",
            path="x.mp4",
            split="train",
            target=ClassLabel(index=label),
            group=f"g{label}.{group}" if grouped else "",
        )
        for label, groups in sizes.items()
        for group, size in enumerate(groups)
        for n in range(size)
    ]
    test = [Sample(video_id=f"t{n}", path="x.mp4", split="val", target=ClassLabel(index=0)) for n in range(2)]
    return Dataset(card=DatasetCard(name="d", classes=("a", "b", "c")), samples=(*samples, *test, *extra))


def counts(found: Dataset) -> Counter[int]:
    return Counter(s.target.index for s in found.split("train").samples)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.integers(1, 6), min_size=1, max_size=6),
    st.lists(st.integers(1, 6), min_size=1, max_size=6),
    st.integers(1, 12),
    st.integers(0, 50),
)
def test_every_class_has_its_shots_and_at_most_one_group_is_cut(one, other, shots: int, seed: int) -> None:
    sizes = {0: one, 1: other}
    found = few_shot(data(sizes), shots, seed=seed)
    assert counts(found) == {label: min(shots, sum(groups)) for label, groups in sizes.items()}
    kept = Counter(s.group for s in found.split("train").samples)
    for label, groups in sizes.items():
        cut = [g for g, size in enumerate(groups) if 0 < kept[f"g{label}.{g}"] < size]
        assert len(cut) <= 1


def test_groups_stay_whole_where_they_fit() -> None:
    for seed in range(20):
        found = few_shot(data({0: [2, 2, 2], 1: [4, 2, 1]}), 4, seed=seed)
        kept = Counter(s.group for s in found.split("train").samples)
        assert sorted(v for name, v in kept.items() if name.startswith("g0")) == [2, 2]


def test_draws_differ_by_seed_and_not_by_order() -> None:
    whole = data({0: [1] * 20, 1: [1] * 20}, grouped=False)
    draws = [few_shot(whole, 5, seed=seed) for seed in range(6)]
    ids = [frozenset(s.video_id for s in draw.split("train").samples) for draw in draws]
    assert len(set(ids)) == 6
    order = np.random.default_rng(0).permutation(len(whole.samples))
    shuffled = Dataset(card=whole.card, samples=tuple(whole.samples[i] for i in order))
    again = few_shot(shuffled, 5, seed=3)
    assert frozenset(s.video_id for s in again.split("train").samples) == ids[3]
    often = Counter(name for draw in range(200) for name in _ids(few_shot(whole, 5, seed=draw)))
    assert 25 < min(often.values()) <= max(often.values()) < 80  # each video in about a quarter of the draws


def _ids(found: Dataset) -> list[str]:
    return [s.video_id for s in found.split("train").samples]


def test_the_test_split_and_the_order_of_samples_stay() -> None:
    whole = data({0: [3], 1: [3]})
    found = few_shot(whole, 2)
    assert found.split("val").samples == whole.split("val").samples
    places = [whole.samples.index(sample) for sample in found.samples]
    assert places == sorted(places)


def test_the_card_names_the_draw_and_small_classes_are_noted() -> None:
    found = few_shot(data({0: [3], 1: [1]}), 2, seed=7)
    assert found.card.selection == "2 shots of train, seed 7"
    assert found.notes == ("1 classes have fewer than 2 training videos",)


def test_a_video_that_is_not_on_disk_is_not_drawn() -> None:
    whole = data({0: [1] * 3}, grouped=False)
    whole = Dataset(card=whole.card, samples=whole.samples, missing=frozenset({"c0g0v0", "t0"}))
    for seed in range(5):
        found = few_shot(whole, 2, seed=seed)
        assert sorted(_ids(found)) == ["c0g1v0", "c0g2v0"]
        assert found.missing == {"t0"}


def test_what_cannot_be_drawn_is_refused() -> None:
    whole = data({0: [3]})
    with pytest.raises(UsageError, match="start at 1"):
        few_shot(whole, 0)
    with pytest.raises(UsageError, match="no split 'fit'"):
        few_shot(whole, 1, split="fit")
    several = Sample(video_id="m", path="x.mp4", split="train", target=ClassLabels(indices=(0, 1)))
    with pytest.raises(UsageError, match="'m' has not exactly one class"):
        few_shot(data({0: [3]}, extra=(several,)), 1)
