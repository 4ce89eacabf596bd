"""Files and folders to a data set."""

from __future__ import annotations

from pathlib import Path

import pytest

from twlv.data import collect
from twlv.errors import InputError, UsageError


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def test_a_folder_is_searched_to_the_bottom_and_sorted(tmp_path: Path) -> None:
    names = [
        "z.mp4",
        "a/b/c.MKV",
        "a/a.webm",
        "a b/é.avi",
        "notes.txt",
        ".hidden.mp4",
        ".git/x.mp4",
        "a/._a.webm",
    ]
    touch(*(tmp_path / "videos" / name for name in names))
    data = collect([tmp_path / "videos"])
    assert sorted(s.video_id for s in data.samples) == ["a b/é.avi", "a/a.webm", "a/b/c.MKV", "z.mp4"]
    assert [s.video_id for s in data.samples] == [
        s.video_id for s in collect([str(tmp_path / "videos")]).samples
    ]
    assert all(s.target is None and s.split == "" for s in data.samples)
    assert {s.path for s in data.samples} >= {str(tmp_path / "videos" / "z.mp4")}
    assert data.card.name == "videos"
    assert data.missing == frozenset()


def test_pictures_beside_videos_are_videos_of_one_frame_and_the_rest_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    touch(*(tmp_path / "f" / name for name in ("a.mp4", "b.jpg", "c.txt", "d.txt", "e")))
    assert [s.video_id for s in collect([tmp_path / "f"]).samples] == ["a.mp4", "b.jpg"]
    assert "left out 3 files that are not videos (2 x .txt, 1 x no ending)" in caplog.text


def test_files_keep_the_path_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path / "x" / "a.mp4", tmp_path / "y" / "a.mp4", tmp_path / "odd")
    monkeypatch.chdir(tmp_path / "x")
    data = collect(["a.mp4", "./../y/a.mp4", tmp_path / "odd"])
    assert [s.video_id for s in data.samples] == ["a.mp4", "y/a.mp4", "odd"]


def test_two_files_with_one_id(tmp_path: Path) -> None:
    touch(tmp_path / "x" / "a.mp4", tmp_path / "y" / "a.mp4")
    with pytest.raises(InputError, match=r"would both be called 'a\.mp4'; write a manifest"):
        collect([tmp_path / "x", tmp_path / "y"])
    with pytest.raises(InputError, match="would both be called"):
        collect([tmp_path / "x" / "a.mp4", tmp_path / "y" / "a.mp4"])


def test_the_same_file_twice_is_one_video(tmp_path: Path) -> None:
    touch(tmp_path / "x" / "a.mp4")
    assert len(collect([tmp_path / "x", tmp_path / "x" / "a.mp4"]).samples) == 1


def test_links(tmp_path: Path) -> None:
    touch(tmp_path / "far" / "a.mp4")
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "link").symlink_to(tmp_path / "far")
    (tmp_path / "videos" / "loop").symlink_to(tmp_path / "videos")
    assert [s.video_id for s in collect([tmp_path / "videos"]).samples] == ["link/a.mp4"]


def test_folders_without_videos_say_what_they_hold(tmp_path: Path) -> None:
    touch(tmp_path / "f" / "1.jpg", tmp_path / "f" / "2.jpg")
    with pytest.raises(InputError, match=r"seen 2 x \.jpg; if they are the frames .* path,fps; .*f/\*"):
        collect([tmp_path / "f"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no video files in this folder; seen no files"):
        collect([tmp_path / "empty"])


def test_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder"):
        collect([tmp_path / "gone.mp4"])
    with pytest.raises(UsageError, match="nothing to read"):
        collect([])
