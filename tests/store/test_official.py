"""The authors' layout, with every quirk (spec traps 2, 33, 34, 37, 39, 42)."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from twlv.errors import FeatureError, InputError, StoreError, UsageError
from twlv.store import Store, StoreSpec, StoreWriter
from twlv.store.npy import TruncatedNpy, read_npy
from twlv.store.official import read_official
from twlv.store.official_store import import_official, write_official
from twlv.types import ClassLabel, Dataset, DatasetCard, Embedding, MultiClip, Sample, Uniform

Make = Callable[..., Embedding]


def put(folder: Path, video_id: str, rows: Any, label: Any = 0, video: Any = None, **meta: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    rows = np.asarray(rows)
    np.save(folder / f"{video_id}_c.npy", rows)
    np.save(folder / f"{video_id}_v.npy", np.atleast_2d(rows).mean(0) if video is None else video)
    (folder / f"{video_id}.json").write_text(json.dumps({"annotation": label, **meta}))
    return folder


def vectors(seed: int, rows: int = 3, dim: int = 5, dtype: str = "float32") -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, dim)).astype(dtype)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two training videos and a validation video, as the authors write them."""
    base = tmp_path / "DIVING" / "multi-clip"
    put(base / "train", "b", vectors(1), 2, duration=6.0, num_frames=180)
    put(
        base / "train",
        "a.with.dots",
        vectors(2, 2),
        "0",
        clips=[{"start": 0, "end": 2}, {"start": 2, "end": 4}],
    )
    put(base / "val", "c", vectors(3, 1), 1, duration=2.5)
    return base


def test_reading(folder: Path) -> None:
    read = read_official(folder)
    assert [s.video_id for s in read.data.samples] == ["a.with.dots", "b", "c"]
    assert [s.split for s in read.data.samples] == ["train", "train", "val"]
    assert [s.target for s in read.data.samples] == [ClassLabel(index=i) for i in (0, 2, 1)]
    assert read.data.card.classes == ("0", "1", "2")  # the largest label of both splits
    assert read.data.card.name == "DIVING"
    assert (read.failed, read.notes) == ({}, ())
    assert read.card.dim == 5
    np.testing.assert_array_equal(read.embeddings["b"].vectors, vectors(1))
    assert read.embeddings["b"].level == "clip"
    np.testing.assert_array_equal(read.embeddings["b"].spans_seconds, [[0, 2], [2, 4], [4, 6]])
    np.testing.assert_array_equal(read.embeddings["a.with.dots"].spans_seconds, [[0, 2], [2, 4]])


@pytest.mark.parametrize("backwards", [False, True])
def test_the_order_of_the_folder_does_not_matter(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, backwards: bool
) -> None:
    wanted = read_official(folder)
    real = os.scandir

    class Ordered:
        def __init__(self, path: Any) -> None:
            with real(path) as entries:
                self.entries = sorted(entries, key=lambda entry: entry.name, reverse=backwards)

        def __enter__(self) -> Any:
            return iter(self.entries)

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(os, "scandir", Ordered)
    assert read_official(folder).data == wanted.data
    assert [sample.video_id for sample in wanted.data.samples] == ["a.with.dots", "b", "c"]


def test_one_vector_may_have_one_axis_or_two(tmp_path: Path) -> None:
    one = vectors(1, 1)
    put(tmp_path / "train", "flat", one[0], video=one)  # _c (D,), _v (1, D)
    put(tmp_path / "train", "fortran", np.asfortranarray(vectors(2)), video=vectors(2).mean(0))
    put(tmp_path / "train", "big", vectors(3).astype(">f4"))
    read = read_official(tmp_path)
    np.testing.assert_array_equal(read.embeddings["flat"].vectors, one)
    np.testing.assert_array_equal(read.embeddings["fortran"].vectors, vectors(2))
    np.testing.assert_array_equal(read.embeddings["big"].vectors, vectors(3))
    assert all(e.vectors.dtype == np.float32 for e in read.embeddings.values())


def test_one_clip_of_width_d_beside_a_video_of_the_same_width(tmp_path: Path) -> None:
    put(tmp_path / "train", "a", vectors(1, 4, 4), video=vectors(1, 4, 4))
    with pytest.raises(FeatureError, match=r"a_v\.npy: shape \(4, 4\)"):
        read_official(tmp_path)


@pytest.mark.parametrize(
    ("meta", "spans"),
    [
        ({"clips": [{"start_time": 1, "end_time": 2}, {"start_time": 2, "end_time": 5}]}, [[1, 2], [2, 5]]),
        ({"segments": [[0, 1.5], [1.5, 3]]}, [[0, 1.5], [1.5, 3]]),
        ({"start": [0, 4], "end": [4, 8]}, [[0, 4], [4, 8]]),
        ({"start_times": [0, 4], "end_times": [4, 8], "duration": 100}, [[0, 4], [4, 8]]),
        ({"duration": 5}, [[0, 2.5], [2.5, 5]]),
        ({"clips": [{"start": 0, "end": 1}], "duration": 5}, [[0, 2.5], [2.5, 5]]),  # one time for two rows
        ({"clips": [{"start": 3, "end": 1}] * 2, "duration": 5}, [[0, 2.5], [2.5, 5]]),
        ({"tags": ["x"], "duration": None}, [[0, 1], [1, 2]]),
    ],
)
def test_times_of_clips_by_whatever_keys(
    tmp_path: Path, meta: dict[str, Any], spans: list[list[float]]
) -> None:
    put(tmp_path / "train", "a", vectors(1, 2), **meta)
    np.testing.assert_array_equal(read_official(tmp_path).embeddings["a"].spans_seconds, spans)


# ---------------------------------------------------------------- folders


def test_the_folder_above_the_samplings(folder: Path) -> None:
    (folder.parent / "uniform").mkdir()
    with pytest.raises(InputError, match=r"give one of them: .*uniform or .*multi-clip"):
        read_official(folder.parent)


def test_the_folder_of_one_split(folder: Path) -> None:
    with pytest.raises(InputError, match=f"is one split; give the folder above it: {folder}"):
        read_official(folder / "train")


def test_only_train(tmp_path: Path) -> None:
    put(tmp_path / "train", "a", vectors(1))
    assert read_official(tmp_path).data.splits == ("train",)
    with pytest.raises(InputError, match="no sub-folder val"):
        read_official(tmp_path, ["train", "val"])


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        read_official(tmp_path / "x")
    with pytest.raises(InputError, match="no sub-folder train and val"):
        read_official(tmp_path)
    (tmp_path / "train").mkdir()
    with pytest.raises(FeatureError, match=r"no \.json files"):
        read_official(tmp_path)


# ---------------------------------------------------------------- labels


def test_classes_are_checked(folder: Path) -> None:
    assert len(read_official(folder, classes=48).data.card.classes) == 48
    assert read_official(folder, classes=["x", "y", "z"]).data.card.classes == ("x", "y", "z")
    with pytest.raises(InputError, match=r"b\.json: label 2, but there are 2 classes \(0 to 1\)"):
        read_official(folder, classes=2)


def test_a_class_of_one_split_only_counts(tmp_path: Path) -> None:
    put(tmp_path / "train", "a", vectors(1), 1)
    put(tmp_path / "val", "b", vectors(2), 7)
    assert len(read_official(tmp_path).data.card.classes) == 8


def test_moments_in_time_has_339_or_305(tmp_path: Path) -> None:
    put(tmp_path / "train", "a", vectors(1), 338)
    assert len(read_official(tmp_path, classes=339).data.card.classes) == 339
    with pytest.raises(InputError, match="label 338, but there are 305 classes"):
        read_official(tmp_path, classes=305)


@pytest.mark.parametrize("label", ["dog", -1, "-1", 1.5, True, [3], "1e3", ""])
def test_labels_that_are_no_index(tmp_path: Path, label: Any) -> None:
    put(tmp_path / "train", "a", vectors(1), label)
    with pytest.raises(InputError, match=r"a\.json: annotation .* is no class index"):
        read_official(tmp_path)


def test_no_label_is_no_target(tmp_path: Path) -> None:
    put(tmp_path / "train", "a", vectors(1), None)
    assert read_official(tmp_path).data.samples[0].target is None


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe"])
def test_broken_json_is_named(tmp_path: Path, content: bytes) -> None:
    put(tmp_path / "train", "a", vectors(1))
    (tmp_path / "train" / "a.json").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.json"):
        read_official(tmp_path)


def test_one_id_in_two_splits(tmp_path: Path) -> None:
    put(tmp_path / "train", "a", vectors(1))
    put(tmp_path / "val", "a", vectors(1))
    with pytest.raises(InputError, match="video 'a' is in train/ and in val/"):
        read_official(tmp_path)
    with pytest.raises(UsageError, match="'a' stands twice"):
        import_official(tmp_path, tmp_path / "store")


# ---------------------------------------------------------------- videos without usable vectors


def test_what_is_absent_or_broken_is_named_and_counted(folder: Path) -> None:
    train = folder / "train"
    put(train, "no_c", vectors(5), 1)
    (train / "no_c_c.npy").unlink()
    put(train, "no_v", vectors(5), 1)
    (train / "no_v_v.npy").unlink()
    nan = vectors(6)
    nan[1, 2] = np.nan
    put(train, "nan", nan, 1)
    put(train, "cut", vectors(7), 1)
    (train / "cut_c.npy").write_bytes((train / "cut_c.npy").read_bytes()[:-8])
    put(train, "empty", vectors(7), 1)
    (train / "empty_c.npy").write_bytes(b"")
    np.save(train / "lone_c.npy", vectors(8))
    read = read_official(folder)
    assert set(read.failed) == {"no_c", "no_v", "nan", "cut", "empty"}
    assert read.failed["no_c"].startswith("not_found:")
    assert "no_c_c.npy" in read.failed["no_c"]
    assert "no_v_v.npy" in read.failed["no_v"]
    assert "nan_c.npy holds NaN" in read.failed["nan"]
    assert "the header promises 60 bytes" in read.failed["cut"]
    assert len(read.data.samples) == 8  # they stay in the data set, with their labels
    assert len(read.embeddings) == 3
    assert read.notes == ("1 files in train/ have no .json and are left out: lone_c.npy",)
    assert "no_v" in read_official(folder, mean_tolerance=None).embeddings


def test_v_is_the_mean_of_c(tmp_path: Path) -> None:
    put(tmp_path / "train", "half", vectors(1).astype("float16"), video=vectors(1).mean(0).astype("float16"))
    read_official(tmp_path)
    put(tmp_path / "train", "half", vectors(1).astype("float16"), video=vectors(2).mean(0).astype("float16"))
    with pytest.raises(FeatureError, match=r"half_v\.npy: not the mean of half_c\.npy"):
        read_official(tmp_path)
    assert read_official(tmp_path, mean_tolerance=None).failed == {}


@pytest.mark.parametrize(("dim", "dtype"), [(6, "float32"), (5, "float16")])
def test_mixed_widths_and_dtypes_name_both_files(folder: Path, dim: int, dtype: str) -> None:
    put(folder / "val", "z", vectors(9, 2, dim, dtype), 0)
    with pytest.raises(
        FeatureError, match=rf"z_c\.npy is {dim} wide, {dtype}, but .*a\.with\.dots_c\.npy is 5 wide"
    ):
        read_official(folder)


# ---------------------------------------------------------------- hostile files


class Evil:
    def __reduce__(self) -> Any:
        return (os.mkdir, ("pickle-was-run",))


def test_pickled_objects_are_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    put(tmp_path / "train", "a", vectors(1))
    np.save(tmp_path / "train" / "a_c.npy", np.array([Evil()], dtype=object), allow_pickle=True)
    with pytest.raises(FeatureError, match=r"a_c\.npy: it holds objects \(pickle\), refused"):
        read_official(tmp_path)
    (tmp_path / "train" / "a_c.npy").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(FeatureError, match=r"a_c\.npy: not a \.npy file"):
        read_official(tmp_path)
    assert not (tmp_path / "pickle-was-run").exists()


def npy(header: str, data: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    text = header.encode()
    return b"\x93NUMPY" + version + len(text).to_bytes(2 if version[0] == 1 else 4, "little") + text + data


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000, 1024), }", b"x" * 64),
            "promises",
        ),
        (npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }", b"x" * 64), "promises 16 bytes"),
        (npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-4,), }"), r"shape \(-4,\)"),
        (npy("{'descr': '<f4', 'fortran_order': False, 'shape': (True,), }", b"1234"), "shape"),
        (npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1), }", b"1234"), "shape"),
        (npy("{'descr': '<f4', 'fortran_order': False, 'shape': (), }", b"1234"), "shape"),
        (npy("{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }", b"12345678"), "dtype '<i8'"),
        (npy("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", b"12345678"), "dtype '<c8'"),
        (npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", b"1234"), "dtype"),
        (npy("__import__('os').abort()"), "header cannot be read"),
        (npy("(" * 2000), "header cannot be read"),
        (npy(" " * 60000), "a header of 60000 bytes"),
        (npy("{'descr': '<f4'}", version=b"\x02\x00"), "header cannot be read"),
        (b"PK\x03\x04 not an array", "not a .npy file"),
    ],
    ids=range(14),
)
def test_hostile_headers_are_refused_before_anything_is_made(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "x_c.npy"
    path.write_bytes(content)
    with pytest.raises(FeatureError, match=said) as caught:
        read_npy(path)
    assert not isinstance(caught.value, TruncatedNpy)


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_every_version_of_the_format(tmp_path: Path, version: tuple[int, int]) -> None:
    with (tmp_path / "a.npy").open("wb") as handle:
        np.lib.format.write_array(handle, vectors(1), version=version)
    np.testing.assert_array_equal(read_npy(tmp_path / "a.npy"), vectors(1))


def test_names_that_are_no_ids(tmp_path: Path) -> None:
    put(tmp_path / "train", "a\\b", vectors(1))
    with pytest.raises(StoreError, match="backslash"):
        read_official(tmp_path)


# ---------------------------------------------------------------- to a store and back


def test_import_and_write_back(folder: Path, tmp_path: Path) -> None:
    nan = vectors(6)
    nan[0, 0] = np.inf
    put(folder / "val", "inf", nan, 1)
    store = import_official(folder, tmp_path / "store", command="twlv store import x")
    assert store.ids == ("a.with.dots", "b", "c")
    assert set(store.failed) == {"inf"}
    assert store.verify() == []
    assert store.spec.sampling == MultiClip()
    assert (tmp_path / "store" / "manifest.csv").read_text().splitlines() == [
        "video_id,path,label,split",
        "a.with.dots,a.with.dots,0,train",
        "b,b,2,train",
        "c,c,1,val",
        "inf,inf,1,val",
    ]
    before = sorted(p.name for p in (tmp_path / "store" / "shards").iterdir())
    import_official(folder, tmp_path / "store")
    assert sorted(p.name for p in (tmp_path / "store" / "shards").iterdir()) == before

    read = read_official(folder)
    assert write_official(store, read.data, tmp_path / "out") == 3
    again = read_official(tmp_path / "out")
    assert [(s.video_id, s.split, s.target) for s in again.data.samples] == [
        (s.video_id, s.split, s.target) for s in read.data.samples if s.video_id != "inf"
    ]
    for video_id in store.ids:
        np.testing.assert_array_equal(again.embeddings[video_id].vectors, read.embeddings[video_id].vectors)
        np.testing.assert_array_equal(
            again.embeddings[video_id].spans_seconds, read.embeddings[video_id].spans_seconds
        )


def test_import_of_uniform_half_precision(tmp_path: Path) -> None:
    put(tmp_path / "set" / "uniform" / "train", "a", vectors(1, 1, dtype="float16"))
    store = import_official(tmp_path / "set" / "uniform", tmp_path / "store")
    assert store.spec.sampling == Uniform()
    assert store.spec.dtype == "float16"
    assert store.spec.backbone.name == "official.set"


def test_written_files_suit_the_authors_reader(store: Store, make: Make, tmp_path: Path) -> None:
    """Their dataset class: np.load, int(annotation), _v of one axis, flat names."""
    with StoreWriter(store, plan=["x/a.mp4"]) as writer:
        writer.write(make("x/a.mp4", 3))
    sample = Sample(video_id="x/a.mp4", path="x/a.mp4", split="train", target=ClassLabel(index=4))
    other = Sample(video_id="y", path="y", split="train", target=ClassLabel(index=1))  # not in the store
    data = Dataset(card=DatasetCard(name="d"), samples=(sample, other))
    assert write_official(store, data, tmp_path / "out") == 1
    folder = tmp_path / "out" / "train"
    assert sorted(p.name for p in folder.iterdir()) == ["x__a.mp4.json", "x__a.mp4_c.npy", "x__a.mp4_v.npy"]
    assert int(json.loads((folder / "x__a.mp4.json").read_text())["annotation"]) == 4
    clips, video = np.load(folder / "x__a.mp4_c.npy"), np.load(folder / "x__a.mp4_v.npy")
    assert (clips.shape, video.shape, clips.dtype, video.dtype) == ((3, 6), (6,), np.float32, np.float32)
    np.testing.assert_allclose(video, clips.mean(0), rtol=1e-6)
    with pytest.raises(StoreError, match="not an empty folder"):
        write_official(store, data, tmp_path / "out")


def test_two_ids_with_one_flat_name(store: Store, make: Make, tmp_path: Path) -> None:
    with StoreWriter(store) as writer:
        writer.write(make("x/a"))
        writer.write(make("x__a"))
    store.refresh()
    samples = tuple(Sample(video_id=i, path=i, split="train") for i in ("x/a", "x__a"))
    with pytest.raises(StoreError, match="'x/a' and 'x__a' would both be called 'x__a'"):
        write_official(store, Dataset(card=DatasetCard(name="d"), samples=samples), tmp_path / "out")


def test_a_hostile_split_name_is_refused(store: Store, make: Make, tmp_path: Path) -> None:
    with StoreWriter(store) as writer:
        writer.write(make("a"))
    store.refresh()
    samples = (Sample(video_id="a", path="a", split="../../up"),)
    with pytest.raises(StoreError, match=r"'\.\.' part"):
        write_official(store, Dataset(card=DatasetCard(name="d"), samples=samples), tmp_path / "out")


def test_tokens_have_no_official_form(tmp_path: Path, spec: StoreSpec) -> None:
    import dataclasses

    store = Store.open_or_create(tmp_path / "s", dataclasses.replace(spec, level="patch"))
    with pytest.raises(FeatureError, match="level 'patch'"):
        write_official(store, Dataset(card=DatasetCard(name="d"), samples=()), tmp_path / "out")


@pytest.mark.shared
def test_folders_of_the_reference_generator(shared_dir: Path, tmp_path: Path) -> None:
    """An independent writer of the layout, both samplings."""
    script = shared_dir / "golden" / "recognition" / "make_embeddings.py"
    sizes = ["--train", "40", "--val", "9", "--dim", "8", "--classes", "4"]
    subprocess.run([sys.executable, str(script), "--out", str(tmp_path / "set"), *sizes], check=True)
    for sampling in ("uniform", "multi-clip"):
        read = read_official(tmp_path / "set" / sampling, classes=4)
        assert [len(read.data.split(name).samples) for name in ("train", "val")] == [40, 9]
        assert (read.failed, read.notes) == ({}, ())
        for video_id, embedding in read.embeddings.items():
            split = "train" if "train" in video_id else "val"
            meta = json.loads((tmp_path / "set" / sampling / split / f"{video_id}.json").read_text())
            wanted = [[clip["start"], clip["end"]] for clip in meta["clips"]]
            np.testing.assert_array_equal(embedding.spans_seconds, wanted)
        store = import_official(tmp_path / "set" / sampling, tmp_path / f"store-{sampling}")
        assert store.verify() == []
        assert len(store) == 49


def test_labels_and_splits_of_a_manifest_replace_the_folders_own(tmp_path: Path) -> None:
    for video_id in ("a", "b__c", "d"):
        put(tmp_path / "o" / "train", video_id, vectors(1))
    put(tmp_path / "o" / "train", "bad", np.full((1, 5), np.nan))
    ids = ("a", "b/c", "bad", "absent")
    samples = tuple(
        Sample(video_id=i, path=i, target=ClassLabel(index=n % 2), split="val") for n, i in enumerate(ids)
    )
    data = Dataset(card=DatasetCard(name="mine", classes=("x", "y")), samples=samples, missing=frozenset())
    found = read_official(tmp_path / "o").labelled_by(data)
    assert found.data is data
    assert {i: e.video_id for i, e in found.embeddings.items()} == {"a": "a", "b/c": "b/c"}
    assert set(found.failed) == {"bad", "absent"}
    assert "not_embedded" in found.failed["absent"]
    with pytest.raises(FeatureError, match="not one id of mine"):
        found.labelled_by(replace(data, samples=(replace(samples[0], video_id="z"),)))
