"""What is written is read, at every level and precision, and any reader of safetensors opens it."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open

from twlv.errors import FeatureError, StoreError, UsageError
from twlv.store import Store, StoreSpec, StoreWriter, share
from twlv.types import Embedding

Make = Callable[..., Embedding]
TRAILING = {"clip": (6,), "time": (3, 6), "patch": (5, 6)}


@settings(max_examples=25, deadline=None)
@given(
    level=st.sampled_from(sorted(TRAILING)),
    dtype=st.sampled_from(["float32", "float16"]),
    counts=st.lists(st.integers(1, 5), min_size=1, max_size=9),
    size=st.integers(1, 4),
    order=st.randoms(use_true_random=False),
)
def test_round_trip(
    level: str, dtype: str, counts: list[int], size: int, order: Any, spec: StoreSpec, make: Make
) -> None:
    spec = dataclasses.replace(spec, level=level, dtype=dtype)
    given_ = {f"v{i}/ü": make(f"v{i}/ü", rows, TRAILING[level], level) for i, rows in enumerate(counts)}
    with tempfile.TemporaryDirectory() as folder:
        with StoreWriter(
            Store.open_or_create(folder, spec), plan=list(given_), videos_per_shard=size
        ) as writer:
            shuffled = list(given_.values())
            order.shuffle(shuffled)
            for embedding in shuffled:
                assert writer.write(embedding)
        store = Store.open(folder)
        asked = [e.video_id for e in shuffled]
        read = list(store.read(asked))
        assert [e.video_id for e in read] == asked
        assert store.ids == tuple(sorted(given_))
        assert len(store.index.shards) == -(-len(counts) // size)
        assert store.verify() == []
        for embedding in read:
            wanted = given_[embedding.video_id]
            assert embedding.level == level
            assert embedding.vectors.dtype == np.float32
            np.testing.assert_array_equal(embedding.vectors, wanted.vectors.astype(dtype).astype(np.float32))
            np.testing.assert_array_equal(embedding.spans_seconds, wanted.spans_seconds)


def test_another_reader_of_safetensors_sees_the_same(store: Store, make: Make) -> None:
    with StoreWriter(store, plan=["a", "b"], provenance={"decoder": "pyav 18"}) as writer:
        writer.write(make("a", 2))
        writer.write(make("b", 3))
    (file,) = (store.path / "shards").iterdir()
    with safe_open(file, framework="numpy") as opened:
        np.testing.assert_array_equal(opened.get_tensor("offsets"), [0, 2, 5])
        np.testing.assert_array_equal(opened.get_slice("vectors")[2:5], make("b", 3).vectors)
        assert opened.get_tensor("spans").shape == (5, 2)
        assert int.from_bytes(file.read_bytes()[:8], "little") % 8 == 0  # so every tensor lies aligned
        assert opened.metadata()["ids"] == '["a","b"]'
        assert opened.metadata()["key"] == store.spec.key
        assert opened.metadata()["provenance"] == '[{"decoder":"pyav 18"}]'


def test_every_video_is_there_before_close(store: Store, make: Make) -> None:
    writer = StoreWriter(store, plan=["a", "b", "c"])
    writer.write(make("b"))
    other = Store.open(store.path)
    assert other.ids == ("b",)
    np.testing.assert_array_equal(next(other.read(["b"])).vectors, make("b").vectors)


def test_reading_goes_on_while_shards_are_folded(store: Store, make: Make) -> None:
    writer = StoreWriter(store, plan=list("abc"))
    writer.write(make("a"))
    writer.write(make("b"))
    reader = Store.open(store.path)
    stream = reader.read(["a", "b"])
    assert next(stream).video_id == "a"
    writer.write(make("c"))  # the chunk is full: the small shards go away
    assert len(list((store.path / "shards").iterdir())) == 1
    np.testing.assert_array_equal(next(stream).vectors, make("b").vectors)


def test_values_read_are_owned_and_writable(store: Store, make: Make) -> None:
    with StoreWriter(store) as writer:
        writer.write(make("a"))
    store.refresh()
    embedding = next(store.read())
    embedding.vectors[0] = 0
    assert next(store.read()).vectors[0].any()


@pytest.mark.parametrize(
    "bad", ["", "/etc/passwd", "../x", "a/../b", "a\0b", "a\\b", "C:/x", "x" * 2000, "\ud800"]
)
def test_unsafe_ids_are_refused(store: Store, make: Make, bad: str) -> None:
    embedding = dataclasses.replace(make("a"), video_id=bad)
    with pytest.raises(StoreError, match="video id"):
        StoreWriter(store).write(embedding)
    with pytest.raises(StoreError, match="video id"):
        StoreWriter(store).fail(bad, "why")


@pytest.mark.parametrize(
    "name", ["日本語/видео 1.mp4", "a..b", "#20_Rhythm & (clap)!", "ends.", "line\u2028break", '"q"']
)
def test_any_other_text_is_an_id(store: Store, make: Make, name: str) -> None:
    with StoreWriter(store, plan=[name]) as writer:
        writer.write(make(name))
    assert Store.open(store.path).ids == (name,)


def _vectors(value: float, shape: tuple[int, ...] = (2, 6)) -> np.ndarray:
    vectors = np.zeros(shape, np.float32)
    vectors[-1, 3] = value
    return vectors


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"vectors": _vectors(np.nan)},
            r"video 'a': 1 of 12 values are not finite \(the first is nan at \[1, 3\]\)",
        ),
        ({"vectors": _vectors(-np.inf)}, "not finite"),
        (
            {"vectors": np.zeros((2, 7), np.float32)},
            "7 wide, but backbone 'tiny_vit.random' of this store gives 6",
        ),
        ({"vectors": np.zeros((0, 6), np.float32), "spans_seconds": np.zeros((0, 2))}, r"shape \(0, 6\)"),
        ({"vectors": np.zeros((2, 3, 6), np.float32)}, r"level 'clip' is \(M, D\)"),
        ({"vectors": np.zeros((2, 6), np.int64)}, "int64"),
        ({"level": "time"}, "level 'time', but the store holds 'clip'"),
        ({"spans_seconds": np.zeros((3, 2))}, r"spans of shape \(3, 2\) for 2 rows"),
        ({"spans_seconds": np.array([[0.0, 2.0], [4.0, 4.0]])}, "end > start"),
        ({"spans_seconds": np.array([[0.0, 2.0], [4.0, np.nan]])}, "end > start"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused_naming_the_id(
    store: Store, make: Make, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(FeatureError, match=said) as caught:
        StoreWriter(store).write(dataclasses.replace(make("a"), **change))
    assert "video 'a'" in str(caught.value)
    assert len(Store.open(store.path)) == 0


def test_float16_overflow_is_refused(tmp_path: Path, spec: StoreSpec, make: Make) -> None:
    store = Store.open_or_create(tmp_path / "s", dataclasses.replace(spec, dtype="float16"))
    with pytest.raises(FeatureError, match="70000 is too large for float16"):
        StoreWriter(store).write(dataclasses.replace(make("a"), vectors=_vectors(70000.0)))


def test_another_token_grid_is_refused_naming_both(tmp_path: Path, spec: StoreSpec, make: Make) -> None:
    store = Store.open_or_create(tmp_path / "s", dataclasses.replace(spec, level="time"))
    with StoreWriter(store) as writer:
        writer.write(make("a", 2, (3, 6), "time"))
    for writer in (StoreWriter(store), StoreWriter(store)):  # an open writer, and a later one
        with pytest.raises(
            FeatureError, match=r"video 'b' has rows of shape \(4, 6\), but video 'a' .* \(3, 6\)"
        ):
            writer.write(make("b", 2, (4, 6), "time"))


def test_an_unknown_id_is_an_error(store: Store) -> None:
    with pytest.raises(StoreError, match="no video 'x' among the 0 stored"):
        next(store.read(["x"]))


def test_share_deals_every_id_once() -> None:
    ids = [f"v{i}" for i in range(10)]
    parts = [share(ids, (i, 3)) for i in (1, 2, 3)]
    assert parts[0] == ("v0", "v3", "v6", "v9")
    assert sorted(i for part in parts for i in part) == sorted(ids)
    with pytest.raises(UsageError, match="part 4/3"):
        share(ids, (4, 3))
    with pytest.raises(UsageError, match="'v1' stands twice"):
        share(["v0", "v1", "v1"], (1, 1))


def test_an_id_of_another_part_is_refused(store: Store, make: Make) -> None:
    writer = StoreWriter(store, plan=["a", "b"], part=(1, 2))
    assert writer.todo == ("a",)
    with pytest.raises(UsageError, match="'b' is not in this writer's part"):
        writer.write(make("b"))
