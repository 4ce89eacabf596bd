"""Tar shards: any sample by its number, and nothing that a shard says is believed."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import tarfile
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twlv.errors import InputError, UsageError, VideoError
from twlv.pretrain.data import ClipForm, Stored, tar_index
from twlv.pretrain.data.shards import expand, open_shards
from twlv.pretrain.data.tar_index import TarIndex, scan

NAMES = st.lists(st.text("abc01é", min_size=1, max_size=150), min_size=1, max_size=6, unique=True)


def build(
    members: list[tuple[tarfile.TarInfo, bytes]], path: Path, tar_format: int = tarfile.GNU_FORMAT
) -> Path:
    with tarfile.open(path, "w", format=tar_format) as tar:
        for member, content in members:
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


@settings(max_examples=25, deadline=None)
@given(NAMES, st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]), st.randoms(use_true_random=False))
def test_offsets_are_those_that_tarfile_reads(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], tar_format: int, random: Any
) -> None:
    path = tmp_path_factory.mktemp("tar") / "a.tar"
    members = [(tarfile.TarInfo(f"{name}.jpg"), random.randbytes(random.randint(1, 1500))) for name in names]
    build(members, path, tar_format)
    index, content = scan(path), path.read_bytes()
    with tarfile.open(path) as tar:
        expected = {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]
    found = {
        name: content[offset : offset + size]
        for name, offset, size in zip(index.names, index.offset, index.size, strict=True)
    }
    assert found == expected
    assert index.refused == ()


def samples(make: Any, folder: Path, shards: int = 2, each: int = 3) -> list[Path]:
    """Images that are all of one colour, their number, among captions."""
    paths = []
    for shard in range(shards):
        members = {}
        for k in range(each):
            number = shard * each + k
            members[f"{number:06}.jpg.json"] = b"{}"
            members[f"{number:06}.json"] = b"{}"
            members[f"{number:06}.png"] = make.png(np.full((3, 9, 9), 5 * number, np.uint8))
        paths.append(make.write_tar(folder / f"s-{shard:03}.tar", members))
    return paths


def test_samples_are_numbered_through_all_shards(make: Any, tmp_path: Path) -> None:
    samples(make, tmp_path)
    shards, refused = open_shards(f"{tmp_path}/s-{{000..001}}.tar", "image", name="s")
    assert (len(shards), refused) == (6, ())
    assert [shards.name(k) for k in range(6)] == [f"s-{k // 3:03}.tar/{k:06}.png" for k in range(6)]
    source = Stored(name="s", entries=shards, form=ClipForm(num_frames=1, size_px=4))
    for turn in (5, 0, 3):
        ((item,),) = [read.items for read in source.read([turn], seed=0)]
        number = int(item.item_id.split("/")[2][:6])
        assert item.frames.unique().tolist() == [5 * number]


def test_one_sample_is_read_without_the_rest(
    make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path,) = samples(make, tmp_path, shards=1, each=40)
    shards, _ = open_shards(str(path), "image", name="s")
    content = path.read_bytes()
    start, size = int(shards.offset[31]), int(shards.size[31])
    blank = bytearray(len(content))
    blank[start : start + size] = content[start : start + size]
    path.write_bytes(blank)  # nothing but this one member is left in the file
    monkeypatch.setattr("twlv.pretrain.data.tar_index.scan", pytest.fail)
    assert shards.content(31) == content[start : start + size]


def test_an_index_is_made_once_and_again_when_the_shard_changes(
    make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scans: list[Path] = []

    def counting(path: Path) -> TarIndex:
        scans.append(path)
        return scan(path)

    monkeypatch.setattr(tar_index, "scan", counting)
    (path,) = samples(make, tmp_path, shards=1)
    first = tar_index.tar_index(path)
    kept = tar_index.tar_index(path)
    assert len(scans) == 1
    assert (kept.names, kept.offset.tolist(), kept.size.tolist()) == (
        first.names,
        first.offset.tolist(),
        first.size.tolist(),
    )
    samples(make, tmp_path, shards=1, each=5)
    assert len(tar_index.tar_index(path).names) == 5
    assert len(scans) == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("offset", [512, 1 << 40, 512]),
        ("offset", [512, -5, 512]),
        ("size", [10, 1 << 62, 10]),
        ("size", [10, 0, 10]),
        ("size", [10, "12", None]),
        ("names", ["a.png"]),
        ("refused", [1]),
    ],
)
def test_a_damaged_index_is_made_again(make: Any, tmp_path: Path, field: str, value: Any) -> None:
    (path,) = samples(make, tmp_path, shards=1)
    right = tar_index.tar_index(path)
    (beside,) = tmp_path.glob("*.index.json")
    kept = json.loads(beside.read_text())
    for damaged in (json.dumps({**kept, field: value}).encode(), beside.read_bytes()[:-40], b"\xff\xfe", b"[]"):
        beside.write_bytes(damaged)
        again = tar_index.tar_index(path)
        assert (again.names, again.offset.tolist()) == (right.names, right.offset.tolist())
    assert json.loads(beside.read_text()) == kept


def test_a_folder_that_cannot_be_written_is_scanned_each_time(
    make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (path,) = samples(make, tmp_path, shards=1)

    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(tar_index, "write_atomic", refuse)
    assert len(tar_index.tar_index(path).names) == 3
    assert "not kept (Read-only file system)" in caplog.text
    assert list(tmp_path.glob("*.json")) == []


def test_pickles_in_a_shard_are_never_opened(
    make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, pytest.fail)
    members = {"a.pyd": b"\x80\x04.", "a.pickle": b"\x80\x04.", "a.png": make.png(make.ramp(4, 4))}
    path = make.write_tar(tmp_path / "a.tar", members)
    shards, refused = open_shards(str(path), "image", name="s")
    assert ([shards.name(0)], refused) == (["a.tar/a.png"], ())


def test_names_links_and_sizes_that_are_no_samples_are_listed(tmp_path: Path, make: Any) -> None:
    picture = make.png(make.ramp(4, 4))

    def member(name: str, **more: Any) -> tarfile.TarInfo:
        found = tarfile.TarInfo(name)
        for key, value in more.items():
            setattr(found, key, value)
        return found

    path = build(
        [
            (member("good.png"), picture),
            (member("../up.png"), picture),
            (member("/etc/root.png"), picture),
            (member("a\\b.png"), picture),
            (member("line\nbreak.png"), picture),
            (member("link.png", type=tarfile.SYMTYPE, linkname="good.png"), b""),
            (member("hard.png", type=tarfile.LNKTYPE, linkname="/etc/passwd"), b""),
            (member("device.png", type=tarfile.CHRTYPE), b""),
            (member("folder.png", type=tarfile.DIRTYPE), b""),
            (member("nothing.png"), b""),
        ],
        tmp_path / "a.tar",
    )
    shards, refused = open_shards(str(path), "image", name="s")
    assert [shards.name(k) for k in range(len(shards))] == ["a.tar/good.png"]
    reasons = {one.item_id.removeprefix("a.tar/"): one.reason for one in refused}
    path_like, linked = "a name that is no relative path", "a link, a device or a sparse file"
    assert reasons == {
        "../up.png": path_like,
        "/etc/root.png": path_like,
        "a\\\\b.png": path_like,
        "line\\nbreak.png": path_like,
        "link.png": linked,
        "hard.png": linked,
        "device.png": linked,
        "nothing.png": "0 bytes; 1 to 67108864 are read",
    }


def test_a_sparse_member_is_listed_and_the_first_of_a_sample_is_taken(tmp_path: Path, make: Any) -> None:
    picture = make.png(make.ramp(4, 4))
    sparse = tarfile.TarInfo("sparse.png")
    sparse.pax_headers = {"GNU.sparse.map": "0,4", "GNU.sparse.size": "4"}
    members = [
        (sparse, picture),
        *((tarfile.TarInfo(name), picture) for name in ("x/a.png", "x/a.seg.png", "a.png")),
    ]
    shards, refused = open_shards(
        str(build(members, tmp_path / "a.tar", tarfile.PAX_FORMAT)), "image", name="s"
    )
    assert [shards.name(k) for k in range(len(shards))] == ["a.tar/x/a.png", "a.tar/a.png"]
    assert [one.reason for one in refused] == ["a link, a device or a sparse file"]


def test_a_sample_that_is_too_large_is_not_read(
    tmp_path: Path, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(tar_index.LARGEST, "image", 100)
    path = make.write_tar(tmp_path / "a.tar", {"a.png": bytes(100), "b.png": bytes(101)})
    _, refused = open_shards(str(path), "image", name="s")
    assert [(one.item_id, one.reason) for one in refused] == [("a.tar/b.png", "101 bytes; 1 to 100 are read")]


def test_a_cut_or_damaged_shard_gives_what_is_whole_and_says_so(tmp_path: Path, make: Any) -> None:
    (path,) = samples(make, tmp_path, shards=1, each=4)
    index, content = scan(path), path.read_bytes()
    inside_third = int(index.offset[2]) + 10
    damaged = bytearray(content)
    damaged[int(index.offset[2]) - 512 : int(index.offset[2])] = b"x" * 512
    for name, broken, word in (
        ("cut.tar", content[:inside_third], "behind the end"),
        ("damaged.tar", bytes(damaged), "cannot be read"),
        ("no_end.tar", content[: int(index.offset[3]) + -(-int(index.size[3]) // 512) * 512], "no end mark"),
    ):
        (tmp_path / name).write_bytes(broken)
        found = scan(tmp_path / name)
        assert found.names == index.names[: len(found.names)]
        assert len(found.names) == (4 if name == "no_end.tar" else 2)
        ((what, why),) = found.refused
        assert (what, word in why) == (name, True)


def test_what_is_no_tar_file_is_refused(tmp_path: Path, make: Any) -> None:
    (path,) = samples(make, tmp_path, shards=1)
    for name, content in (
        ("gz.tar", gzip.compress(path.read_bytes())),
        ("text.tar", b"<html>not found</html>" * 100),
        ("empty.tar", b""),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=f"{name}: not a tar file"):
            scan(tmp_path / name)
    with pytest.raises(InputError, match=r"no image in 1 shards.*gz\.tar"):
        open_shards(str(tmp_path / "gz.tar"), "image", name="s")
    shards, refused = open_shards([str(path), str(tmp_path / "gz.tar")], "image", name="s")
    assert (len(shards), [one.item_id for one in refused]) == (3, ["gz.tar"])


def header(name: str, kind: bytes, size_field: bytes) -> bytes:
    block = bytearray(tarfile.TarInfo(name).tobuf(tarfile.GNU_FORMAT))
    block[156:157] = kind
    block[124:136] = size_field
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


@pytest.mark.parametrize("kind", [b"x", b"g", b"L", b"0"])
@pytest.mark.parametrize(
    "size_field", [b"77777777777\0", b"\xff" * 11 + b"\x00", b"\xff" * 10 + b"\xfe\x00", b"\x80" + b"\x7f" * 11]
)
def test_sizes_that_lie_cost_neither_memory_nor_time(
    tmp_path: Path, make: Any, kind: bytes, size_field: bytes
) -> None:
    """8 GiB, -256, -512 (back to itself) and 2**86 bytes, of an extended header, a long name and a file."""
    (path,) = samples(make, tmp_path, shards=1, each=1)
    content = path.read_bytes().rstrip(b"\0")
    content += bytes(-len(content) % 512)
    path.write_bytes(content + header("b.png", kind, size_field) + bytes(4096))
    tracemalloc.start()
    found = scan(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.names == ("000000.png",)
    assert 1 <= len(found.refused) <= 2
    assert peak < 4e6


def test_many_headers_in_a_row_are_no_trouble(tmp_path: Path) -> None:
    one = header("x", b"g", b"00000000000\0")
    path = tmp_path / "a.tar"
    path.write_bytes(tarfile.TarInfo("a.png").tobuf() + one * 3000 + bytes(1024))
    assert len(scan(path).refused) == 2  # a.png of no bytes, and the damaged rest


def test_a_shard_that_shrank_after_it_was_indexed(make: Any, tmp_path: Path) -> None:
    (path,) = samples(make, tmp_path, shards=1)
    shards, _ = open_shards(str(path), "image", name="s")
    path.write_bytes(path.read_bytes()[: int(shards.offset[2]) + 5])
    with pytest.raises(VideoError, match="truncated: 5 of"):
        shards.content(2)


def test_videos_in_shards_are_those_on_disk(make: Any, tmp_path: Path, videos: Path) -> None:
    files = {f"clips/{path.stem}.{path.suffix[1:]}": path.read_bytes() for path in sorted(videos.glob("*.mp4"))}
    files |= {"clips/bad.mp4": b"no video", "clips/v0.txt": b"x"}
    path = make.write_tar(tmp_path / "a.tar", files)
    shards, _ = open_shards(str(path), "video", name="s")
    assert len(shards) == 5
    form = ClipForm(num_frames=3, size_px=8, strides=(1, 2))
    source = Stored(name="s", entries=shards, form=form, flip=0.0)
    failed = set()
    for read in source.read(range(10), seed=1):
        (item,) = read.items
        number = int(item.item_id.split("/v")[1][0])
        levels = item.frames.double().mean(dim=(1, 2, 3))
        assert 50 * number - 3 <= levels[0] < 50 * number + 48
        assert (levels.diff() > 2).all()
        failed |= {(one.item_id, one.reason.split(":")[0]) for one in read.failed}
    assert failed == {("a.tar/clips/bad.mp4", "not_a_video")}


def test_patterns_of_shards(tmp_path: Path) -> None:
    assert [path.name for path in expand(["x-{008..011}.tar"])] == [
        "x-008.tar",
        "x-009.tar",
        "x-010.tar",
        "x-011.tar",
    ]
    assert [str(path) for path in expand(["{1..2}/{0..1}.tar"])] == ["1/0.tar", "1/1.tar", "2/0.tar", "2/1.tar"]
    for name in ("b.tar", "a.tar"):
        (tmp_path / name).touch()
    assert [path.name for path in expand([f"{tmp_path}/*.tar"])] == ["a.tar", "b.tar"]
    with pytest.raises(InputError, match="no shards"):
        expand([f"{tmp_path}/*.zip"])
    with pytest.raises(UsageError, match="counts up"):
        expand(["{5..1}.tar"])
