"""Damaged and foreign files are named, by opening as by verify."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from twlv.errors import StoreError
from twlv.store import Store, StoreSpec, StoreWriter
from twlv.types import Embedding

Make = Callable[..., Embedding]


@pytest.fixture
def full(store: Store, make: Make) -> Store:
    with StoreWriter(store, plan=["a", "b", "c"], videos_per_shard=2) as writer:
        for video_id in "abc":
            writer.write(make(video_id))
    return store


def shard_of(store: Store, video_id: str) -> Path:
    return store.index.holders[video_id][0][0].path


def edit(path: Path, change: Callable[[dict, bytearray], None]) -> None:
    """Change header and data of a shard as safetensors' format allows; the hash is made to fit the data."""
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header, data = json.loads(content[8 : 8 + length]), bytearray(content[8 + length :])
    change(header, data)
    if "__metadata__" in header:
        header["__metadata__"]["data_sha256"] = hashlib.sha256(data).hexdigest()
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


@pytest.mark.parametrize("cut", [0, 4, 100, -1])
def test_truncated(full: Store, cut: int) -> None:
    path = shard_of(full, "a")
    path.write_bytes(path.read_bytes()[:cut])
    (problem,) = full.verify()
    assert str(path) in problem
    assert "truncated" in problem or "JSON" in problem
    with pytest.raises(StoreError, match="delete the file and run the same embed again"):
        len(Store.open(full.path))


def test_one_bit_that_flipped_on_the_disk(full: Store) -> None:
    path = shard_of(full, "a")
    content = bytearray(path.read_bytes())
    content[-3] ^= 1  # the lowest bits of a float32: as finite as before
    path.write_bytes(content)
    changed = "its bytes are not those that were written (sha256)"
    assert full.verify() == [f"{path}: {changed}; delete it and embed again"]


def test_a_shard_is_written_whole_again_if_its_temporary_file_was_swept(
    full: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from twlv import files

    whole, attempts = files._temporary, []

    def swept_once(target: Path, *args: object, **options: object) -> Path:
        path = whole(target, *args, **options)
        attempts.append(target)
        if len(attempts) == 1:
            path.unlink()
        return path

    monkeypatch.setattr(files, "_temporary", swept_once)
    with StoreWriter(full, plan=["a", "b", "c"], videos_per_shard=3):
        pass
    assert len(attempts) == 2
    assert full.verify() == []
    assert full.ids == ("a", "b", "c")


def test_not_finite(full: Store) -> None:
    path = shard_of(full, "c")

    def change(header: dict, data: bytearray) -> None:
        begin = header["vectors"]["data_offsets"][0]
        data[begin : begin + 4] = np.float32(np.nan).tobytes()

    edit(path, change)
    assert full.verify() == [f"{path}: video 'c' holds values that are not finite"]


@pytest.mark.parametrize("offsets", [[0, 2, 3], [0, 3, 2], [1, 2, 4], [0, 0, 4], [0, 2, 5]])
def test_inconsistent_offsets(full: Store, offsets: list[int]) -> None:
    edit(
        shard_of(full, "a"),
        lambda header, data: data.__setitem__(slice(0, 24), np.array(offsets, "<i8").tobytes()),
    )
    (problem,) = full.verify()
    assert "offsets are inconsistent" in problem


def test_missing_metadata(full: Store) -> None:
    edit(shard_of(full, "a"), lambda header, data: header["__metadata__"].pop("provenance"))
    (problem,) = full.verify()
    assert "its metadata lacks provenance" in problem


def test_unsafe_id_inside(full: Store) -> None:
    edit(shard_of(full, "a"), lambda header, data: header["__metadata__"].update(ids='["../a", "b"]'))
    (problem,) = full.verify()
    assert "'..' part" in problem


def test_tensor_beyond_the_file(full: Store) -> None:
    def change(header: dict, data: bytearray) -> None:
        header["vectors"]["shape"] = [10**12, 6]
        begin = header["vectors"]["data_offsets"][0]
        header["vectors"]["data_offsets"] = [begin, begin + 24 * 10**12]

    edit(shard_of(full, "a"), change)
    (problem,) = full.verify()
    assert "truncated" in problem


def test_renamed_file(full: Store) -> None:
    path = shard_of(full, "c")
    path.rename(path.with_name("0123456789abcdef.safetensors"))
    (problem,) = full.verify()
    assert "does not fit the ids" in problem


def test_shard_of_another_store(full: Store, tmp_path: Path, spec: StoreSpec, make: Make) -> None:
    other = Store.open_or_create(tmp_path / "other", dataclasses.replace(spec, num_frames=8))
    with StoreWriter(other, plan=["z"]) as writer:
        writer.write(make("z"))
    stray = shard_of(other, "z")
    stray.rename(full.path / "shards" / stray.name)
    (problem,) = full.verify()
    assert "made with other settings" in problem
    with pytest.raises(StoreError, match="made with other settings"):
        full.refresh() or len(full)


def test_one_id_with_two_contents(full: Store, tmp_path: Path, spec: StoreSpec, make: Make) -> None:
    twin = Store.open_or_create(tmp_path / "twin", spec)
    with StoreWriter(twin, plan=["a"]) as writer:
        writer.write(make("a", rows=4))
    path = shard_of(twin, "a")
    path.rename(full.path / "shards" / path.name)
    (problem,) = full.verify()
    assert "video 'a' lies in several shards with different content" in problem


def test_unusable_failure_record(full: Store) -> None:
    folder = full.path / "failures"
    folder.mkdir(exist_ok=True)
    (folder / "x.json").write_text('{"id": "a"}')
    (problem,) = full.verify()
    assert "not a failure record" in problem


def test_store_json(full: Store, tmp_path: Path) -> None:
    file = full.path / "store.json"
    good = json.loads(file.read_text())
    for change, said in (
        ({"schema": 99}, "use a newer twlv"),
        ({"spec": {**good["spec"], "num_frames": 3}}, "its key is not that of its spec"),
        ({"spec": {**good["spec"], "colour": 3}}, "no field colour"),
    ):
        file.write_text(json.dumps({**good, **change}))
        with pytest.raises(StoreError, match=said):
            Store.open(full.path)
    file.write_text("{")
    with pytest.raises(StoreError, match="not JSON"):
        Store.open(full.path)
    with pytest.raises(StoreError, match="no store here"):
        Store.open(tmp_path / "nowhere")


def test_a_store_is_not_made_among_other_things(tmp_path: Path, spec: StoreSpec) -> None:
    (tmp_path / "holiday.mp4").write_bytes(b"")
    with pytest.raises(StoreError, match="holds other things"):
        Store.open_or_create(tmp_path, spec)
    with pytest.raises(StoreError, match="is a file"):
        Store.open_or_create(tmp_path / "holiday.mp4", spec)


def test_info(full: Store) -> None:
    told = full.info()
    assert json.loads(json.dumps(told)) == told
    assert told["num_videos"] == 3
    assert told["num_rows"] == 6
    assert told["num_shards"] == 2
    assert told["bytes"] == sum(p.stat().st_size for p in (full.path / "shards").iterdir())
    assert told["row_shape"] == [6]
    assert told["sampling"] == {
        "kind": "MultiClip",
        "num_frames": None,
        "clip_seconds": 2.0,
        "stride_seconds": None,
        "tail": "drop",
    }


def test_the_first_command_is_kept(tmp_path: Path, spec: StoreSpec) -> None:
    Store.open_or_create(tmp_path / "s", spec, command="twlv embed a.mp4")
    assert Store.open_or_create(tmp_path / "s", spec, command="another").info()["command"] == "twlv embed a.mp4"


def test_many_shards_need_few_open_files(store: Store, make: Make) -> None:
    """A read of more shards than the usual limit of open files."""
    import resource

    ids = [f"v{i:04d}" for i in range(300)]
    with StoreWriter(store, plan=ids, videos_per_shard=1) as writer:
        for video_id in ids:
            writer.write(make(video_id, 1))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (160, hard))
    try:
        assert len(list(store.read())) == 300
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
