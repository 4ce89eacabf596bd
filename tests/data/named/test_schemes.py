"""Where copies keep their files: the scheme that fits is found and said, in the documented order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from twlv.data.named.files import TextFile
from twlv.data.named.items import Item
from twlv.data.named.schemes import Finder
from twlv.data.named.table import TABLE

Make = Callable[..., Any]


@pytest.mark.parametrize(
    ("scheme", "val"),
    [
        ("{split}/{clip}.mp4", "val/{}.mp4"),
        ("{split}/{label}/{clip}.webm", "val/{label}/{}.webm"),
        ("videos_{split}/{label_}/{clip}.mp4", "videos_val/{label_}/{}.mp4"),
        ("{written}/{label}/{clip}.avi", "validate/{label}/{}.avi"),
        ("{label}/{clip}.mp4", "{label}/{}.mp4"),
        ("{clip}.mkv", "{}.mkv"),
    ],
)
def test_the_scheme_of_a_copy_of_kinetics_is_found_and_said(make_copy: Make, scheme: str, val: str) -> None:
    made = make_copy("kinetics400")
    made.videos = (
        val.format("-a_bc-DEFgh_000007_000017", label="air drumming", label_="air_drumming"),
        val.format("_0123456789_000100_000110", label="zumba", label_="zumba"),
    )
    data = made.write().read()
    assert len(data.missing) == 400
    assert f"2 of 402 videos found as {scheme}" in data.notes


def test_a_copy_of_two_schemes_is_found_whole(make_copy: Make) -> None:
    notes = make_copy("kinetics400").write().read().notes
    assert "401 of 402 videos found as {split}/{clip}.mp4" in notes
    assert "1 of 402 videos found as {split}/{clip}.mkv" in notes


def test_no_scheme_fits(make_copy: Make) -> None:
    made = make_copy("ssv2")
    made.videos = ("a.webm", "b.webm", "c.webm", "d.webm")
    data = made.write().read()
    assert len(data.missing) == 3
    assert data.notes[-1] == (
        "3 of 3 videos are not on disk, for instance 78687, 42326, 100904; no naming "
        "scheme fits, the first are {id}.webm, {id}.mp4, {id}.mkv, {id}.avi; there, but asked for by none: "
        "a.webm, b.webm, c.webm"
    )
    assert data.samples[0].path.endswith("videos/78687.webm")


def finder(root: Path, *schemes: str, suffixes: tuple[str, ...] = (".mp4",)) -> Finder:
    return Finder(root=root, schemes=schemes, suffixes=suffixes)


def item(names: Mapping[str, str]) -> Item:
    file = TextFile(path=Path("x"), text="")
    return Item(video_id=names["id"], split="", target=None, names=names, file=file, line=1)


def test_the_fullest_scheme_is_first_and_ties_keep_their_order(tmp_path: Path) -> None:
    for name in ("one/a.mp4", "two/a.mp4", "two/b.mp4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    both = [item({"id": "a"}), item({"id": "b"})]
    fuller = finder(tmp_path, "one/{id}", "two/{id}")
    fuller.rank(both)
    assert fuller.place(both[0]).scheme == "two/{id}.mp4"
    tie = finder(tmp_path, "one/{id}", "two/{id}")
    tie.rank(both[:1])
    assert tie.place(both[0]).scheme == "one/{id}.mp4"


def test_names_are_compared_exactly_first_then_without_case(tmp_path: Path) -> None:
    for name in ("clip.MP4", "Other.mp4", "other.mp4"):
        (tmp_path / name).touch()
    found = finder(tmp_path, "{id}")
    assert found.place(item({"id": "CLIP"})).path == str(tmp_path / "clip.MP4")
    assert found.place(item({"id": "other"})).path == str(tmp_path / "other.mp4")


def test_a_link_that_leads_nowhere_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").symlink_to(tmp_path / "gone.mp4")
    (tmp_path / "real.mp4").touch()
    (tmp_path / "b.mp4").symlink_to(tmp_path / "real.mp4")
    found = finder(tmp_path, "{id}")
    assert found.place(item({"id": "a"})).scheme == ""
    assert found.place(item({"id": "b"})).scheme == "{id}.mp4"


def test_a_frame_folder_must_be_a_folder(tmp_path: Path) -> None:
    (tmp_path / "7").touch()
    found = finder(tmp_path, "{id}/", "{id}", suffixes=(".mp4",))
    assert found.place(item({"id": "7"})).scheme == ""
    (tmp_path / "8").mkdir()
    assert found.place(item({"id": "8"})).scheme == "", "the folder was listed before"
    assert finder(tmp_path, "{id}/").place(item({"id": "8"})).is_folder


def test_folders_are_listed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    listed: list[str] = []
    real = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: listed.append(str(path)) or real(path))
    many = [item({"id": str(number)}) for number in range(1000)]
    found = finder(tmp_path, "{id}", "a/{id}", suffixes=(".mp4", ".webm"))
    found.rank(many)
    for one in many:
        found.place(one)
    assert len(listed) == len(set(listed)) <= 2


def test_every_scheme_of_every_card_can_be_filled(make_copy: Make) -> None:
    from twlv.data.named.files import Annotations
    from twlv.data.named.items import Request

    for name in ("kinetics400", "ssv2", "mit339", "diving48", "ucf101", "hmdb51", "jester", "charades"):
        made, card = make_copy(name).write(), TABLE[name]
        files = Annotations(made.folder / "annotations")
        choice = card.choice.values[0] if card.choice else ""
        request = Request(files=files, root=made.folder, splits=card.splits, choice=choice)
        for one in card.read(request).items[:3]:
            assert all(scheme.format_map(one.names) for scheme in card.schemes)
