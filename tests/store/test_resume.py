"""Killed, resumed, failed, repeated and parallel runs end with the same files."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from twlv.store import Store, StoreSpec, StoreWriter
from twlv.store.store import failure_path
from twlv.types import Embedding

Make = Callable[..., Embedding]
Tree = Callable[[Path], dict[str, bytes]]
PLAN = [f"clip_{i}" + "x" * (i % 4) for i in range(60)]
SCRIPT = Path(__file__).with_name("writer_process.py")


def start(
    folder: Path, spec: StoreSpec, part: tuple[int, int] = (1, 1), failing: tuple[str, ...] = ()
) -> subprocess.Popen[str]:
    words = [str(folder), json.dumps(spec.to_json()), json.dumps(PLAN), *map(str, part), "8", *failing]
    return subprocess.Popen([sys.executable, str(SCRIPT), *words], stdout=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> int:
    process.communicate(timeout=60)
    return process.returncode


def test_killed_at_random_moments_and_resumed_gives_identical_bytes(
    tmp_path: Path, spec: StoreSpec, tree: Tree
) -> None:
    failing = (PLAN[5], PLAN[17])
    assert finish(start(tmp_path / "whole", spec, failing=failing)) == 0
    rng = random.Random(7)
    kills = 0
    for _ in range(12):
        process = start(tmp_path / "killed", spec, failing=failing)
        assert process.stdout is not None
        process.stdout.readline()  # 'open': the interpreter and numpy are loaded
        time.sleep(rng.uniform(0.0, 0.008))
        process.kill()
        kills += finish(process) < 0
        store = Store.open(tmp_path / "killed")
        assert store.verify() == []  # whatever was committed is whole
        assert {e.video_id for e in store.read()} == set(store.ids)
    assert kills >= 2
    assert finish(start(tmp_path / "killed", spec, failing=failing)) == 0
    assert tree(tmp_path / "killed") == tree(tmp_path / "whole")
    store = Store.open(tmp_path / "killed")
    assert len(store) == len(PLAN) - 2
    assert set(store.failed) == set(failing)


def test_parts_in_parallel_processes(tmp_path: Path, spec: StoreSpec, tree: Tree) -> None:
    parts = [(1, 3), (2, 3), (3, 3)]
    together = [start(tmp_path / "parallel", spec, part) for part in parts]
    assert [finish(process) for process in together] == [0, 0, 0]
    for part in parts:
        assert finish(start(tmp_path / "serial", spec, part)) == 0
    assert tree(tmp_path / "parallel") == tree(tmp_path / "serial")
    store = Store.open(tmp_path / "parallel")
    assert set(store.ids) == set(PLAN)
    assert store.verify() == []
    assert store.info()["num_single_shards"] == 0


def test_the_same_part_twice_at_once_loses_nothing(tmp_path: Path, spec: StoreSpec, tree: Tree) -> None:
    """A user error; the writers may sweep each other's temporary files, and must not mind."""
    assert finish(start(tmp_path / "once", spec)) == 0
    both = [start(tmp_path / "twice", spec) for _ in range(2)]
    assert [finish(process) for process in both] == [0, 0]
    assert finish(start(tmp_path / "twice", spec)) == 0
    assert tree(tmp_path / "twice") == tree(tmp_path / "once")


@pytest.mark.parametrize("stop_after", [1, 3, 4, 5, 11])
def test_stopping_at_any_chunk_boundary(
    tmp_path: Path, spec: StoreSpec, make: Make, tree: Tree, stop_after: int
) -> None:
    plan = [f"v{i}" for i in range(12)]

    def write(folder: str, ids: list[str], *, close: bool) -> None:
        writer = StoreWriter(Store.open_or_create(tmp_path / folder, spec), plan=plan, videos_per_shard=4)
        for video_id in ids:
            writer.write(make(video_id))
        if close:
            writer.close()

    write("whole", plan, close=True)
    write("abandoned", plan[:stop_after], close=False)
    write("abandoned", plan[stop_after:], close=True)
    write("closed", plan[:stop_after], close=True)
    write("closed", plan[stop_after:], close=True)
    assert tree(tmp_path / "abandoned") == tree(tmp_path / "whole")
    assert tree(tmp_path / "closed") == tree(tmp_path / "whole")


def test_a_crash_between_folding_and_removing_leaves_harmless_duplicates(
    store: Store, make: Make, tree: Tree
) -> None:
    plan = ["a", "b", "c"]
    writer = StoreWriter(store, plan=plan)
    for video_id in plan[:2]:
        writer.write(make(video_id))
    small = tree(store.path)
    writer.write(make("c"))
    folded = tree(store.path)
    for name, content in small.items():  # as if the small shards had not been removed yet
        (store.path / name).write_bytes(content)
    again = Store.open(store.path)
    assert again.ids == ("a", "b", "c")
    assert len(again) == 3
    assert again.verify() == []
    StoreWriter(again, plan=plan).close()
    assert tree(store.path) == folded


def test_a_failure_is_recorded_and_forgotten_when_it_succeeds(store: Store, make: Make) -> None:
    with StoreWriter(store, plan=["a", "b"]) as writer:
        writer.write(make("a"))
        writer.fail("b", "corrupt: bad NAL unit «é»")
    assert store.failed == {"b": "corrupt: bad NAL unit «é»"}
    with StoreWriter(store, plan=["a", "b"]) as writer:
        assert writer.todo == ("b",)
        writer.write(make("b"))
    assert store.failed == {}
    assert not list((store.path / "failures").iterdir())
    assert store.info()["num_shards"] == 1  # and it joined its chunk


def test_a_failure_is_forgotten_at_once_and_a_stored_video_has_none(store: Store, make: Make) -> None:
    writer = StoreWriter(store, plan=["a", "b"])
    writer.fail("a", "corrupt")
    record = failure_path(store.path, "a")
    content = record.read_bytes()
    writer.write(make("a"))
    assert not record.exists()
    record.write_bytes(content)  # as if the writer had been killed in between
    assert Store.open(store.path).failed == {}
    StoreWriter(store, plan=["a", "b"]).close()
    assert not record.exists()


def test_a_failure_of_a_stored_video_is_not_recorded(store: Store, make: Make) -> None:
    writer = StoreWriter(store, plan=["a"])
    writer.write(make("a"))
    writer.fail("a", "late")
    assert not failure_path(store.path, "a").exists()


def test_writing_again_does_nothing(store: Store, make: Make, tree: Tree) -> None:
    with StoreWriter(store, plan=["a"]) as writer:
        assert writer.write(make("a"))
    before = tree(store.path)
    with StoreWriter(store, plan=["a"]) as writer:
        assert not writer.write(make("a", rows=5))
    assert tree(store.path) == before


def test_an_exception_keeps_what_was_written(store: Store, make: Make) -> None:
    def interrupted() -> None:
        with StoreWriter(store, plan=["a", "b", "c"]) as writer:
            writer.write(make("a"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert store.ids == ("a",)


def test_other_cuts_of_the_same_videos_never_lose_one(store: Store, make: Make) -> None:
    """Plans in another order, other shard sizes and other parts, one after the other, all closed."""
    ids = [f"v{i:02d}" for i in range(17)]
    rng = random.Random(3)
    written: set[str] = set()
    for size in (1, 5, 3, 17, 4, 2):
        plan = rng.sample(ids, len(ids))
        number = rng.choice([1, 2])
        with StoreWriter(store, plan=plan, part=(number, 2), videos_per_shard=size) as writer:
            for video_id in writer.todo[: rng.randint(1, 4)]:
                writer.write(make(video_id))
        assert store.verify() == []
        assert written < set(store.ids)
        written = set(store.ids)
        for embedding in store.read():
            assert embedding.vectors.tobytes() == make(embedding.video_id).vectors.tobytes()
    with StoreWriter(store, plan=ids, videos_per_shard=len(ids)) as writer:
        for video_id in writer.todo:
            writer.write(make(video_id))
    assert written <= set(store.ids) == set(ids)
    assert store.info()["num_shards"] == 1


def test_provenance_of_two_runs_is_kept_by_video(store: Store, make: Make) -> None:
    for video_id, version in (("a", "18.1"), ("b", "18.2"), ("c", "18.1")):
        with StoreWriter(store, plan=["a", "b", "c"], provenance={"decoder": version}) as writer:
            writer.write(make(video_id))
    assert len(store.index.shards) == 1
    assert store.info()["provenance"] == [
        {"num_videos": 2, "decoder": "18.1"},
        {"num_videos": 1, "decoder": "18.2"},
    ]
    assert [block.provenance["decoder"] for block in store.blocks("abc")] == ["18.1", "18.2", "18.1"]
