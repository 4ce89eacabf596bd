from __future__ import annotations

from pathlib import Path

import pytest

from twlv.data.synth import KINDS, make_set, settings_for
from twlv.data.synth.make import PLANS
from twlv.errors import InputError, TwlvError, UnknownName, UsageError


def test_every_kind_has_a_size_and_a_plan() -> None:
    assert set(KINDS) == set(PLANS)


@pytest.mark.parametrize(
    ("kind", "changes", "said"),
    [
        ("recognition-motion", {"num_train": 0}, "train must be 1 or more videos, got 0"),
        ("recognition-motion", {"num_val": -3}, "val must be 1 or more videos, got -3"),
        ("reversal", {"num_train": 7}, "7 videos are not whole pairs"),
        ("boxes", {"num_frames": 1}, "is its own reverse"),
        ("boxes", {"size_px": 0}, "size_px must be 16 or more"),
        ("boxes", {"fps": 0}, "fps must be 1 or more"),
        ("boxes", {"seed": -1}, "seed must be 0 or more"),
        ("boxes", {"format": "avi"}, "unknown format 'avi'"),
        ("boxes", {"num_frames": 8}, "give 12 frames or more"),
        ("boxes", {"num_val": 2}, "2 videos for the 9 classes"),
        ("recognition-appearance", {"num_train": 15}, "15 videos for the 16 classes"),
        ("recognition-both", {"num_val": 15}, "15 videos for the 16 classes"),
        ("recognition-motion", {"num_val": 7}, "7 videos for the 8 classes"),
        ("order", {"num_train": 11}, "11 videos for the 12 classes"),
        ("dots", {"num_train": 7}, "7 videos for the 8 classes"),
        ("untrimmed", {"num_val": 1, "num_frames": 80}, "have room for 1 actions"),
        ("pretrain", {"level": 6}, "there is no level 6"),
        ("pretrain", {"difficulty": "medium"}, "unknown difficulty 'medium'"),
        ("dots", {"combinations": "all"}, "unknown combinations 'all'"),
    ],
)
def test_what_no_set_can_be_made_from_is_refused(
    kind: str, changes: dict[str, object], said: str, tmp_path: Path
) -> None:
    small = {"num_train": 16, "num_val": 16}
    with pytest.raises(TwlvError, match=said) as refused:
        make_set(tmp_path / "set", settings_for(kind, **{**small, **changes}))  # type: ignore[arg-type]
    assert refused.value.exit_status == 2
    assert not (tmp_path / "set").exists()


def test_an_unknown_kind_suggests_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"did you mean .*recognition-both"):
        settings_for("recogniton-both")


def test_a_folder_of_another_set_is_refused_and_says_what_differs(tmp_path: Path) -> None:
    make_set(tmp_path / "set", settings_for("dots", num_train=8, num_val=8, size_px=16))
    before = sorted((tmp_path / "set").rglob("*"))
    with pytest.raises(UsageError, match="size_px is 16, asked for 32") as refused:
        make_set(tmp_path / "set", settings_for("dots", num_train=8, num_val=8, size_px=32, seed=1))
    assert "seed is 0, asked for 1" in str(refused.value)
    assert "num_train" not in str(refused.value)
    assert sorted((tmp_path / "set").rglob("*")) == before


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="is not empty"):
        make_set(tmp_path, settings_for("dots", num_train=8, num_val=8))


@pytest.mark.parametrize("text", ["", "[]", '{"made_from": 3}'])
def test_a_damaged_side_file_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "synth.json").write_text(text)
    with pytest.raises(InputError, match=r"synth\.json"):
        make_set(tmp_path, settings_for("dots", num_train=8, num_val=8))
