"""Arrays of others: found by id, turned by layout, dated by a clock that is never guessed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from twlv.embedding import FolderFeatures
from twlv.errors import FeatureError, UsageError
from twlv.store.folder_features import FeatureClock, FeatureFolder, Layout
from twlv.types import Dataset, DatasetCard, Sample, Segments


def data(*ids: str, fps: float | None = None) -> Dataset:
    target = Segments(ends_seconds=((0.0, 1.0),), indices=(0,), fps=fps)
    samples = tuple(Sample(video_id=i, path=i, target=target) for i in ids)
    return Dataset(card=DatasetCard(name="long", classes=("x",)), samples=samples)


def rows(count: int, width: int = 3) -> np.ndarray:
    return np.arange(count * width, dtype=np.float32).reshape(count, width)


@pytest.mark.parametrize(("layout", "name"), [("time-first", "v_a.npy"), ("dimension-first", "a.npy")])
def test_the_layout_says_which_axis_is_time(tmp_path: Path, layout: Layout, name: str) -> None:
    np.save(tmp_path / name, rows(5) if layout == "time-first" else rows(5).T)
    folder = FeatureFolder(path=tmp_path, layout=layout, clock=FeatureClock(stride_seconds=0.5, clip_seconds=2))
    features = FolderFeatures(data=data("a"), folder=folder)
    ((embedding, _),) = list(features)
    np.testing.assert_array_equal(embedding.vectors, rows(5))
    np.testing.assert_array_equal(embedding.spans_seconds[[0, 4]], [[0, 2], [2, 4]])
    assert (features.dim, len(features), embedding.duration_seconds) == (3, 1, None)


def test_a_clock_in_frames_takes_the_rate_of_each_video(tmp_path: Path) -> None:
    clock = FeatureClock(stride_frames=4, clip_frames=16)
    np.testing.assert_allclose(clock.spans(2, fps=25), [[0, 0.64], [0.16, 0.8]])
    with pytest.raises(UsageError, match="fps"):
        clock.spans(2)
    np.save(tmp_path / "a.npy", rows(5))
    features = FolderFeatures(
        data=data("a", fps=10.0), folder=FeatureFolder(path=tmp_path, layout="time-first", clock=clock)
    )
    assert next(iter(features))[0].spans_seconds[1].tolist() == [0.4, 2.0]


def test_what_is_absent_broken_or_empty_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", rows(5))
    np.save(tmp_path / "b.npy", rows(0))
    np.save(tmp_path / "c.npy", rows(5))
    (tmp_path / "c.npy").write_bytes((tmp_path / "c.npy").read_bytes()[:-8])
    clock = FeatureClock(stride_seconds=1)
    features = FolderFeatures(
        data=data("a", "b", "c", "d"), folder=FeatureFolder(path=tmp_path, layout="time-first", clock=clock)
    )
    assert [embedding.video_id for embedding, _ in features] == ["a"]
    assert [features.reasons[i].split(":")[0] for i in "bcd"] == ["empty", "unreadable", "not_found"]
    assert (features.coverage.expected, features.coverage.decoded) == (4, 1)
    assert [sample.video_id for sample in features.missing] == ["b", "c", "d"]


def test_two_widths_and_no_file_at_all_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", rows(5))
    np.save(tmp_path / "b.npy", rows(6, 4))
    folder = FeatureFolder(path=tmp_path, layout="time-first", clock=FeatureClock(stride_seconds=1))
    with pytest.raises(FeatureError, match="layout right"):
        FolderFeatures(data=data("a", "b"), folder=folder)
    with pytest.raises(FeatureError, match="not one video"):
        FolderFeatures(data=data("z"), folder=folder)


def test_the_authors_layout_takes_times_from_the_json_or_the_clock(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    np.save(tmp_path / "train" / "a_c.npy", rows(2))
    meta = tmp_path / "train" / "a.json"
    meta.write_text(json.dumps({"num_frames": 90, "duration": 3.0}))
    clock = FeatureClock(stride_seconds=0.125, clip_seconds=0.5)
    folder = FeatureFolder(path=tmp_path, layout="official", clock=clock)
    embedding = folder.read("a", folder.find(["a"])["a"])
    assert embedding.spans_seconds.tolist() == [[0, 0.5], [0.125, 0.625]]
    assert embedding.duration_seconds == 3.0  # of the embedding, not of the annotation
    guessing = FeatureFolder(path=tmp_path, layout="official")
    with pytest.raises(FeatureError, match="stride and length"):
        guessing.read("a", guessing.find(["a"])["a"])
    meta.write_text(json.dumps({"duration": 3.0, "clips": [[0, 1], [0.5, 1.5]]}))
    assert guessing.read("a", guessing.find(["a"])["a"]).spans_seconds.tolist() == [[0, 1], [0.5, 1.5]]


@pytest.mark.parametrize(
    "wrong",
    [{}, {"stride_seconds": 1, "stride_frames": 4}, {"stride_seconds": 1, "fps": 25}, {"stride_seconds": -1},
     {"stride_frames": 4, "clip_seconds": 1}, {"stride_seconds": float("nan")}],
)  # fmt: skip
def test_clocks_that_say_nothing_or_two_things_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        FeatureClock(**wrong)


def test_a_folder_without_a_clock_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="which times"):
        FeatureFolder(path=tmp_path, layout="time-first")
