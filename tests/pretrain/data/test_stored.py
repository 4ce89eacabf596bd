"""What fills a slot whose file cannot be read, and what is told of it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch

from twlv.errors import InputError, UsageError
from twlv.pretrain.data import Failed, Failures, Loader, Mixture, Read, Stored


def stored(make: Any, count: int = 10, broken: tuple[int, ...] = (), **more: Any) -> Stored:
    return Stored(name="numbers", entries=make.Numbers(count, broken), form=make.tiny, **more)


def shown(reads: list[Read]) -> list[int]:
    return [int(item.frames[0, 0, 0, 0]) for read in reads for item in read.items]


def loader(source: Stored, **more: Any) -> Loader:
    return Loader(Mixture(sources=(source,), weights=(1,)), num_clips=4, workers=0, **more)


def all_of(reading: Loader) -> None:
    for step in range(20):
        reading.batch(step)


def test_a_pass_shows_every_entry_once(make: Any) -> None:
    source = stored(make)
    passes = [shown(source.read(range(10 * k, 10 * k + 10), seed=3)) for k in range(3)]
    assert [sorted(one) for one in passes] == [list(range(10))] * 3
    assert passes[0] != passes[1]


def test_only_the_slots_of_broken_files_change(make: Any) -> None:
    whole, holed = stored(make), stored(make, broken=(2, 7))
    before, after = shown(whole.read(range(40), seed=0)), shown(holed.read(range(40), seed=0))
    changed = [b for b, a in zip(before, after, strict=True) if a != b]
    assert sorted(changed) == [2] * 4 + [7] * 4
    assert set(after) == set(range(10)) - {2, 7}


def test_what_comes_instead_depends_on_nothing_but_seed_and_turn(make: Any) -> None:
    holed = stored(make, broken=(0, 1, 2, 3, 4))
    together = shown(holed.read(range(30), seed=5))
    assert [shown(holed.read([turn], seed=5))[0] for turn in reversed(range(30))] == together[::-1]
    assert shown(holed.read(range(30), seed=6)) != together


def test_what_comes_instead_follows_the_seed(make: Any) -> None:
    holed = stored(make, broken=(0, 1, 2, 3, 4))
    pairs = zip(*(holed.read(range(100), seed=seed) for seed in (0, 1)), strict=True)
    differ = [shown([a]) != shown([b]) for a, b in pairs if a.failed and b.failed]
    assert len(differ) > 10
    assert sum(differ) > len(differ) / 2


def test_what_comes_instead_is_drawn_from_all(make: Any) -> None:
    holed = stored(make, count=5, broken=(0,))
    instead = [shown([read])[0] for read in holed.read(range(3000), seed=0) if read.failed]
    counts = Counter(instead)
    assert len(instead) == 600
    assert sum((counts[k] - 150) ** 2 / 150 for k in (1, 2, 3, 4)) < 30


def test_failures_are_counted_and_listed(make: Any, tmp_path: Path) -> None:
    with loader(stored(make, broken=(2, 7))) as reading:
        for step in range(10):
            reading.batch(step)
    failures = reading.failures
    assert failures.draws == 40 + failures.failed
    assert failures.failed == sum(failures.seen.values()) >= 8
    lines = [json.loads(line) for line in failures.save(tmp_path / "files.jsonl").read_text().splitlines()]
    assert [(line["source"], line["id"], line["reason"]) for line in lines] == [
        ("numbers", "entry2", "corrupt: nothing but noise"),
        ("numbers", "entry7", "corrupt: nothing but noise"),
    ]
    assert sum(line["times"] for line in lines) == failures.failed


def test_the_run_stops_when_too_large_a_share_fails(make: Any) -> None:
    broken = (0, 1)
    with loader(stored(make, broken=broken), failures=Failures(most=0.5, least_draws=20)) as reading:
        all_of(reading)
    failures = Failures(most=0.1, least_draws=20)
    with (
        loader(stored(make, broken=broken), failures=failures) as reading,
        pytest.raises(InputError, match=r"more than 10% of the draws failed; \d+ of \d+ .*numbers/entry[01] "),
    ):
        all_of(reading)
    assert failures.draws >= 20
    assert failures.failed / failures.draws > 0.1


def test_nothing_but_broken_files_stops_at_once(make: Any) -> None:
    with (
        loader(stored(make, count=3, broken=(0, 1, 2), tries=4)) as reading,
        pytest.raises(InputError, match="4 draws one after another failed; 4 of 4"),
    ):
        reading.batch(0)


def test_what_was_left_out_before_is_listed_with_no_times(make: Any) -> None:
    left = Failed(source="numbers", item_id="x.mp4", reason="0 bytes")
    with loader(stored(make, refused=(left,))) as reading:
        reading.batch(0)
    assert (reading.failures.seen, reading.failures.failed) == ({left: 0}, 0)


def test_an_empty_list_is_refused(make: Any) -> None:
    with pytest.raises(InputError, match="numbers: nothing to read"):
        stored(make, count=0)


@pytest.mark.parametrize("wrong", [{"flip": 1.5}, {"flip": -0.1}, {"tries": 0}])
def test_settings_that_cannot_be_meant_are_refused(make: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        stored(make, **wrong)


def test_ids_tell_source_file_turn_and_crop(make: Any) -> None:
    form = make.tiny.__class__(num_frames=2, size_px=8, crops=2)
    source = Stored(name="n", entries=make.Numbers(1), form=form)
    (read,) = source.read([6], seed=0)
    assert [item.item_id for item in read.items] == ["n/entry0@6.0", "n/entry0@6.1"]
    assert torch.equal(read.items[0].frames, read.items[1].frames)
