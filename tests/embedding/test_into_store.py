from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from twlv.embedding import StoredFeatures, embed_dataset
from twlv.errors import StoreError, UsageError
from twlv.store import Store
from twlv.types import Dataset, MultiClip, Strided, Uniform, Views

MakeDataset = Callable[..., Dataset]


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


class Interrupt:
    """A Progress that stops the run after n videos, as Ctrl-C would."""

    def __init__(self, after: int) -> None:
        self.after = after

    def start(self, total: int, done: int) -> None:
        pass

    def advance(self, video_id: str, failed: str | None) -> None:
        self.after -= 1
        if self.after == 0:
            raise KeyboardInterrupt

    def finish(self) -> None:
        pass


def test_coverage_names_every_video_that_is_not_there(
    backbone, make_dataset: MakeDataset, tmp_path: Path
) -> None:
    data = make_dataset(extra=("broken",), missing=("gone",))
    report = embed_dataset(backbone, data, tmp_path / "store")
    coverage = report.coverage
    assert (coverage.expected, coverage.present, coverage.decoded, coverage.used) == (8, 7, 6, 6)
    assert sorted(coverage.failed) == ["broken", "gone"]
    assert coverage.failed["broken"].startswith("not_a_video")
    assert (report.skipped, report.embedded) == (0, 6)


def test_a_second_run_skips_what_is_there_and_tries_failures_again(
    backbone, make_dataset: MakeDataset, tmp_path: Path
) -> None:
    data = make_dataset(extra=("broken",))
    embed_dataset(backbone, data, tmp_path / "store")
    before = files(tmp_path / "store")
    report = embed_dataset(backbone, data, tmp_path / "store")
    assert (report.skipped, report.embedded) == (6, 0)
    assert report.coverage.failed.keys() == {"broken"}
    assert files(tmp_path / "store") == before


@pytest.mark.parametrize("after", [1, 3, 6])
def test_an_interrupted_run_resumes_to_the_same_bytes(
    backbone, make_dataset: MakeDataset, tmp_path: Path, after: int
) -> None:
    data = make_dataset(extra=("broken",))
    embed_dataset(backbone, data, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        embed_dataset(backbone, data, tmp_path / "cut", progress=Interrupt(after))
    report = embed_dataset(backbone, data, tmp_path / "cut")
    assert report.skipped == after
    assert files(tmp_path / "cut") == files(tmp_path / "whole")


def test_parts_are_disjoint_and_make_the_whole(backbone, make_dataset: MakeDataset, tmp_path: Path) -> None:
    data = make_dataset()
    for index in (2, 3, 1):
        embed_dataset(backbone, data, tmp_path / "parts", part=(index, 3))
    embed_dataset(backbone, data, tmp_path / "whole")
    parts, whole = Store.open(tmp_path / "parts"), Store.open(tmp_path / "whole")
    ids = [sample.video_id for sample in data.samples]
    for one, other in zip(parts.read(ids), whole.read(ids), strict=True):
        assert one.vectors.tobytes() == other.vectors.tobytes()
    with pytest.raises(UsageError, match="0/3"):
        embed_dataset(backbone, data, tmp_path / "parts", part=(0, 3))


def test_a_store_made_with_other_settings_is_refused(
    backbone, make_dataset: MakeDataset, tmp_path: Path
) -> None:
    embed_dataset(backbone, make_dataset(), tmp_path / "store")
    with pytest.raises(StoreError, match="sampling"):
        embed_dataset(backbone, make_dataset(), tmp_path / "store", sampling=MultiClip(clip_seconds=1.0))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sampling": MultiClip(), "views": Views(temporal=2)}, "several clips"),
        ({"sampling": MultiClip(clip_seconds=0.0)}, "must be positive"),
        ({"sampling": Strided(frame_step=0)}, "frame_step"),
        ({"views": Views(temporal=0)}, "views must be 1 or more"),
        ({"part": (4, 3)}, "4/3"),
        ({"decoder": "opencv"}, "unknown video backend 'opencv'"),
    ],
)
def test_settings_that_fit_no_video_make_no_store(
    backbone, make_dataset: MakeDataset, tmp_path: Path, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        embed_dataset(backbone, make_dataset(), tmp_path / "store", **settings)
    assert not (tmp_path / "store").exists()


def test_three_crops_of_a_stretched_picture_make_no_store(
    backbone, make_dataset: MakeDataset, tmp_path: Path
) -> None:
    backbone.card = replace(backbone.card, resize_mode="stretch")
    with pytest.raises(UsageError, match="long side"):
        embed_dataset(backbone, make_dataset(), tmp_path / "store", views=Views(spatial=3))
    assert not (tmp_path / "store").exists()


def test_a_store_keeps_the_command_that_made_it(backbone, make_dataset: MakeDataset, tmp_path: Path) -> None:
    embed_dataset(backbone, make_dataset(), tmp_path / "store", command="twlv embed first")
    embed_dataset(backbone, make_dataset(), tmp_path / "store", command="twlv embed again")
    assert Store.open(tmp_path / "store").command == "twlv embed first"


def test_features_follow_the_data_set_not_the_store(
    backbone, make_dataset: MakeDataset, tmp_path: Path
) -> None:
    data = make_dataset(extra=("broken",))
    embed_dataset(backbone, data, tmp_path / "store")
    backwards = Dataset(card=data.card, samples=data.samples[::-1])
    features = StoredFeatures(data=backwards, store=Store.open(tmp_path / "store"))
    assert [sample.video_id for _, sample in features] == [f"v{n}" for n in (5, 4, 3, 2, 1, 0)]
    assert [embedding.video_id for embedding, _ in features] == [f"v{n}" for n in (5, 4, 3, 2, 1, 0)]
    assert len(features) == 6
    assert [sample.video_id for sample in features.missing] == ["broken"]


KILLED = """
import sys, time
sys.path.insert(0, sys.argv[1])
from conftest import GridColours
from pathlib import Path
from twlv import data
from twlv.embedding import embed_dataset
class Slow:
    def start(self, total, done): print("started", flush=True)
    def advance(self, video_id, failed): time.sleep(0.05)
    def finish(self): pass
embed_dataset(GridColours(), data.collect([sys.argv[2]]), Path(sys.argv[3]), progress=Slow())
"""


@pytest.mark.parametrize("delay_seconds", [0.02, 0.12, 0.22])
def test_a_killed_process_resumes_to_the_same_bytes(
    backbone, videos: Path, tmp_path: Path, delay_seconds: float
) -> None:
    from twlv import data

    command = [sys.executable, "-c", KILLED, str(Path(__file__).parent), str(videos), str(tmp_path / "cut")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    time.sleep(delay_seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    embed_dataset(backbone, data.collect([videos]), tmp_path / "cut")
    embed_dataset(backbone, data.collect([videos]), tmp_path / "whole")
    assert files(tmp_path / "cut") == files(tmp_path / "whole")


def test_a_frame_count_that_no_tubelet_fits_makes_no_store(
    backbone, make_dataset: MakeDataset, tmp_path: Path
) -> None:
    backbone.card = replace(backbone.card, patch=(2, 16, 16), flexible_frames=True)
    with pytest.raises(UsageError, match="multiple of 2"):
        embed_dataset(backbone, make_dataset(), tmp_path / "store", sampling=Uniform(num_frames=3))
    assert not (tmp_path / "store").exists()


def test_a_negative_number_of_workers_is_a_usage_error(
    backbone, make_dataset: MakeDataset, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="workers must be 0 or more"):
        embed_dataset(backbone, make_dataset(), tmp_path / "store", workers=-1)
