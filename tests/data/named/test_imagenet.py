"""ImageNet: folders by wnid, flat folders with the devkit, and a picture as a video of one frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.io
from PIL import Image

from twlv.data import check_dataset, dataset
from twlv.errors import InputError, ManifestError
from twlv.types import Dataset
from twlv.video import read_clip

WNIDS = [f"n{10_000_000 + 7 * index}" for index in range(1000)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two classes have training pictures, three pictures lie flat in val."""
    for wnid in WNIDS[:2]:
        (tmp_path / "train" / wnid).mkdir(parents=True)
        (tmp_path / "train" / wnid / f"{wnid}_1.JPEG").touch()
    (tmp_path / "train" / "notes").mkdir()
    (tmp_path / "val").mkdir()
    for number in (1, 2, 3):
        (tmp_path / "val" / f"ILSVRC2012_val_{number:08}.JPEG").touch()
    return tmp_path


def write_devkit(folder: Path, truth: str = "3\n1000\n1\n") -> Path:
    """ILSVRC ids run against the order of wnids; the tree lists an inner node first, and leaves by wnid."""
    folder.mkdir()
    (folder / "ILSVRC2012_validation_ground_truth.txt").write_text(truth)
    fields = [("ILSVRC2012_ID", "i4"), ("WNID", "O"), ("words", "O"), ("num_children", "i4")]
    leaves = [(index, wnid, "w", 0) for index, wnid in enumerate(reversed(WNIDS), 1)]
    synsets = np.array([(1001, "n99999999", "inner", 2), *reversed(leaves)], dtype=fields)
    scipy.io.savemat(folder / "meta.mat", {"synsets": synsets})
    return folder


def val_of(data: Dataset) -> dict[str, int]:
    return {s.video_id: s.target.index for s in data.samples if s.split == "val"}


def read(root: Path, **options: object) -> Dataset:
    """With the official list: the classes of the few folders here would be too few."""
    return dataset("imagenet1k", root=root, classes=WNIDS, **options)


def test_classes_are_sorted_wnids(root: Path) -> None:
    write_devkit(root / "data")
    for wnid in reversed(WNIDS[2:]):
        (root / "train" / wnid).mkdir()
        (root / "train" / wnid / f"{wnid}_1.JPEG").touch()
    data = dataset("imagenet1k", root=root)
    assert data.card.classes == tuple(sorted(WNIDS))
    assert data.samples[0].video_id == f"{WNIDS[0]}_1"
    assert data.samples[0].target.index == 0
    assert not data.missing


def test_a_flat_validation_folder_goes_through_the_devkits_own_ids(root: Path, tmp_path: Path) -> None:
    devkit = write_devkit(tmp_path / "devkit")
    found = val_of(read(root, annotations=devkit))
    assert found == {
        "ILSVRC2012_val_00000001": 997,  # id 3 counts from the other end
        "ILSVRC2012_val_00000002": 0,
        "ILSVRC2012_val_00000003": 999,
    }


def test_a_validation_folder_by_wnid_gives_the_same_ids(root: Path) -> None:
    for number, wnid in ((1, WNIDS[997]), (2, WNIDS[0]), (3, WNIDS[999])):
        name = f"ILSVRC2012_val_{number:08}.JPEG"
        (root / "val" / wnid).mkdir()
        (root / "val" / name).rename(root / "val" / wnid / name)
    found = val_of(read(root))
    assert set(found.values()) == {997, 0, 999}
    assert found["ILSVRC2012_val_00000001"] == 997


def test_a_flat_folder_without_or_with_another_devkit(root: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"3 pictures without folders by wnid; give the devkit's folder"):
        read(root)
    short = write_devkit(tmp_path / "short", "1\n2\n")
    with pytest.raises(ManifestError, match="2 lines, but 3 pictures"):
        read(root, annotations=short)
    high = write_devkit(tmp_path / "high", "1\n2\n1001\n")
    with pytest.raises(ManifestError, match="line 3: label 1000, but there are 1000 classes"):
        read(root, annotations=high)
    (high / "meta.mat").write_bytes(b"no matlab at all")
    with pytest.raises(InputError, match=r"not the devkit's meta\.mat"):
        read(root, annotations=high)


def test_a_part_of_the_classes_is_another_data_set(root: Path) -> None:
    with pytest.raises(InputError, match="imagenet1k: 2 classes in the annotations, but the data set has 1000"):
        dataset("imagenet1k", root=root, splits="train")


def test_the_hash_is_that_of_the_listing(root: Path) -> None:
    once = read(root, splits="train").card.annotation_sha256
    (root / "train" / WNIDS[0] / "more.JPEG").touch()
    assert read(root, splits="train").card.annotation_sha256 != once


def test_a_picture_is_a_video_of_one_frame_that_a_clip_repeats(root: Path) -> None:
    path = root / "train" / WNIDS[0] / f"{WNIDS[0]}_1.JPEG"
    Image.fromarray(np.full((40, 60, 3), 90, dtype=np.uint8)).save(path)
    sample = read(root, splits="train").samples[0]
    assert sample.path == str(path)
    one = read_clip(sample.path, num_frames=1, fps=sample.fps).frames
    repeated = read_clip(sample.path, num_frames=16, fps=sample.fps).frames
    assert (one.shape, repeated.shape) == ((1, 3, 40, 60), (16, 3, 40, 60))
    assert all((frame == one[0]).all() for frame in repeated)


def test_the_check_reads_pictures(root: Path) -> None:
    path = root / "train" / WNIDS[0] / f"{WNIDS[0]}_1.JPEG"
    Image.fromarray(np.zeros((40, 60, 3), dtype=np.uint8)).save(path)
    data = read(root, splits="train")
    report = check_dataset(Dataset(card=data.card, samples=data.samples[:2]))
    assert list(report.broken) == [f"{WNIDS[1]}_1"], "the empty one"
