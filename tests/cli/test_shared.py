"""Words of the command line to the records of twlv.types."""

from __future__ import annotations

import pytest

from twlv.cli.shared import ReadingOptions, is_manifest, part_of, refuse_reading_flags
from twlv.errors import UsageError


def test_shards_count_from_one() -> None:
    assert [part_of(f"{i}/8") for i in (1, 8)] == [(1, 8), (8, 8)]
    for wrong in ("0/8", "9/8", "1", "a/b", "1/0", "-1/8"):
        with pytest.raises(UsageError, match=r"counts from 1.*SLURM_ARRAY_TASK_ID") as caught:
            part_of(wrong)
        assert wrong in str(caught.value)


def test_flags_that_would_be_ignored_are_refused() -> None:
    refuse_reading_flags(ReadingOptions(), "--store")
    with pytest.raises(UsageError, match=r"--sampling, --num-frames: without effect, because --store"):
        refuse_reading_flags(ReadingOptions(sampling="uniform", num_frames=2), "--store")


@pytest.mark.parametrize("ending", [".csv", ".JSON", ".jsonl", ".tsv", ".txt"])
def test_annotation_files_are_known_by_their_ending(ending: str) -> None:
    assert is_manifest(f"folder/some{ending}")
    assert not is_manifest(f"folder{ending}/some.mp4")
