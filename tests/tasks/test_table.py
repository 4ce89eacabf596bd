from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twlv.errors import FeatureError
from twlv.tasks import KNN, LinearProbe
from twlv.tasks.table import check_pair, class_count, gather


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 700))
def test_videos_are_sorted_by_id_with_their_rows_and_labels(fake, seed: int, n: int) -> None:
    random = np.random.default_rng(seed)
    ids = [f"v{i:04d}" for i in random.permutation(n)]
    vectors = [np.full((random.integers(1, 5), 3), int(name[1:])) for name in ids]
    table = gather(fake.features(vectors, list(range(n)), ids=ids, groups=ids), "clip", role="train")
    assert list(table.video_ids) == sorted(ids) == list(table.groups)
    for i, name in enumerate(table.video_ids):
        rows = table.rows[table.offsets[i] : table.offsets[i + 1]]
        np.testing.assert_array_equal(rows, vectors[ids.index(name)])
        assert table.labels[i] == ids.index(name)
    assert table.offsets[-1] == len(table.rows) == len(table.row_video)
    means = gather(fake.features(vectors, list(range(n)), ids=ids), "video", role="train")
    np.testing.assert_array_equal(means.rows[:, 0], np.arange(n))


def test_one_copy_of_the_vectors_is_held(fake) -> None:
    import tracemalloc

    vectors = [np.ones((4, 1024), dtype=np.float32) for _ in range(2000)]  # 32 MB
    features = fake.features(vectors, [0] * 2000)
    tracemalloc.start()
    table = gather(features, "clip", role="train")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert table.rows.nbytes <= peak < 1.5 * table.rows.nbytes


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("rows", ["video", "clip"])
def test_trap_39_what_is_not_finite_is_named(fake, value: float, rows: str) -> None:
    vectors = [np.ones((2, 3)), np.ones((3, 3)), np.array([[1, 1, 1], [1, value, 1]])]
    with pytest.raises(FeatureError, match="test video 'bad' has a vector that is not finite"):
        gather(fake.features(vectors, [0, 1, 0], ids=["z", "y", "bad"]), rows, role="test")


def test_a_changing_width_names_the_video(fake) -> None:
    with pytest.raises(FeatureError, match="train video 'b': vectors have width 4, the others 3"):
        gather(fake.features([np.ones(3), np.ones(4)], [0, 1], ids=["a", "b"]), "clip", role="train")


def test_other_shapes_and_levels_are_refused(fake) -> None:
    good = fake.features([np.ones(3)], [0])
    with pytest.raises(FeatureError, match="of level 'time', this task needs 'clip'; embed again"):
        gather(replace(good, level="time"), "clip", role="train")
    embedding, sample = good.items[0]
    for shape in ((2, 5, 3), (0, 3)):
        odd = replace(good, items=((replace(embedding, vectors=np.ones(shape, dtype=np.float32)), sample),))
        with pytest.raises(FeatureError, match=r"expected \(M, 3\)"):
            gather(odd, "clip", role="train")


def test_a_video_without_a_label_is_named(fake) -> None:
    with pytest.raises(FeatureError, match="video 'b' has no class label"):
        gather(fake.features(np.ones((2, 3)), [0, None], ids=["a", "b"]), "clip", role="train")


@pytest.mark.parametrize("task", [KNN(), LinearProbe()])
def test_an_empty_side_is_an_error(fake, task) -> None:
    full, empty = fake.blobs(5, prefix="v"), replace(fake.blobs(5, prefix="v"), items=())
    with pytest.raises(FeatureError, match=r"no train video has an embedding.*same manifest"):
        task.run(empty, full)
    with pytest.raises(FeatureError, match="no test video has an embedding"):
        task.run(full, empty)


def test_trap_34_labels_must_fit_the_class_list(fake) -> None:
    classes = [f"c{i}" for i in range(48)]
    table = gather(
        fake.features(np.ones((2, 3)), [0, 77], ids=["a", "b"], classes=classes), "clip", role="train"
    )
    with pytest.raises(
        FeatureError, match=r"video 'b' has label 77, but the data set has 48 classes \(0 to 47\)"
    ):
        class_count(tuple(classes), table)
    assert class_count((), table) == 78
    negative = gather(fake.features(np.ones((1, 3)), [-1], ids=["n"]), "clip", role="train")
    with pytest.raises(FeatureError, match="video 'n' has label -1"):
        class_count((), negative)
    unseen = gather(fake.features(np.ones((1, 3)), [0], missing={"m": 99}), "clip", role="test")
    with pytest.raises(FeatureError, match="video 'm' has label 99"):
        class_count(tuple(classes), unseen)
    assert class_count((), unseen) == 100


def test_the_two_sides_must_belong_together(fake) -> None:
    one = fake.blobs(5, prefix="v")
    with pytest.raises(FeatureError, match="train embeddings are by fake"):
        check_pair(one, replace(one, backbone=replace(one.backbone, weights_sha256="1" * 64)))
    with pytest.raises(FeatureError, match=r"different classes \(4 and 3\)"):
        check_pair(one, replace(one, dataset=replace(one.dataset, classes=("c0", "c1", "c2"))))
