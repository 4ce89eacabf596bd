"""Words of the command line to the records of twlv.types."""

from __future__ import annotations

from typing import Any

import pytest

from twlv.cli.shared import ReadingOptions, is_manifest, part_of, refuse_reading_flags, sampling_of, views_of
from twlv.errors import UsageError
from twlv.types import MultiClip, Strided, Uniform, Views


def test_views_follow_the_report_spatial_first() -> None:
    assert views_of("3x4") == Views(spatial=3, temporal=4)
    assert views_of("1x1") == Views()
    for wrong in ("4x3", "3", "3x0", "0x1", "axb", "3x4x1"):
        with pytest.raises(UsageError, match="--views takes MxN"):
            views_of(wrong)


def test_shards_count_from_one() -> None:
    assert [part_of(f"{i}/8") for i in (1, 8)] == [(1, 8), (8, 8)]
    for wrong in ("0/8", "9/8", "1", "a/b", "1/0", "-1/8"):
        with pytest.raises(UsageError, match=r"counts from 1.*SLURM_ARRAY_TASK_ID") as caught:
            part_of(wrong)
        assert wrong in str(caught.value)


def test_sampling_takes_the_flags_of_its_kind() -> None:
    assert sampling_of(ReadingOptions()) == Uniform()
    assert sampling_of(ReadingOptions(num_frames=8)) == Uniform(num_frames=8)
    assert sampling_of(
        ReadingOptions(sampling="multiclip", clip_seconds=4.0, stride_seconds=1.0, tail="shift")
    ) == MultiClip(clip_seconds=4.0, stride_seconds=1.0, tail="shift")
    assert sampling_of(ReadingOptions(sampling="strided", frame_step=2)) == Strided(frame_step=2)


@pytest.mark.parametrize("field", ["clip_seconds", "stride_seconds", "num_frames", "frame_step"])
def test_lengths_are_positive(field: str) -> None:
    with pytest.raises(UsageError, match="must be positive, got 0"):
        sampling_of(ReadingOptions(**{field: 0}))


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"clip_seconds": 2.0}, "multiclip"),
        ({"tail": "drop", "sampling": "strided"}, "multiclip"),
        ({"frame_step": 4}, "strided"),
    ],
)
def test_a_flag_of_another_sampling_is_refused_even_with_its_default(given: dict[str, Any], kind: str) -> None:
    with pytest.raises(UsageError, match=f"is for --sampling {kind}"):
        sampling_of(ReadingOptions(**given))


def test_flags_that_would_be_ignored_are_refused() -> None:
    refuse_reading_flags(ReadingOptions(), "--store")
    with pytest.raises(UsageError, match=r"--sampling, --num-frames: without effect, because --store"):
        refuse_reading_flags(ReadingOptions(sampling="uniform", num_frames=2), "--store")


@pytest.mark.parametrize("ending", [".csv", ".JSON", ".jsonl", ".tsv", ".txt"])
def test_annotation_files_are_known_by_their_ending(ending: str) -> None:
    assert is_manifest(f"folder/some{ending}")
    assert not is_manifest(f"folder{ending}/some.mp4")
