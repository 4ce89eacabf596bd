"""Sampling and views: words and YAML to the records of twlv.types."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from twlv import video
from twlv.cli.options import parse
from twlv.cli.sampling import RULES, RULES_WITH_STEP, flags_of, records_of, sampling_of, views_of
from twlv.cli.shared import ReadingOptions
from twlv.codec import from_json
from twlv.errors import UnknownName, UsageError
from twlv.types import MultiClip, Rule, Sampling, Strided, Uniform, Views


def test_views_follow_the_report_spatial_first() -> None:
    assert views_of("3x4") == Views(spatial=3, temporal=4)
    assert views_of("1x1") == Views()
    for wrong in ("4x3", "3", "3x0", "0x1", "axb", "3x4x1"):
        with pytest.raises(UsageError, match="--views takes MxN"):
            views_of(wrong)


def test_sampling_takes_the_flags_of_its_kind() -> None:
    assert sampling_of(ReadingOptions()) == Uniform()
    assert sampling_of(ReadingOptions(num_frames=8)) == Uniform(num_frames=8)
    assert sampling_of(
        ReadingOptions(sampling="multiclip", clip_seconds=4.0, stride_seconds=1.0, tail="shift")
    ) == MultiClip(clip_seconds=4.0, stride_seconds=1.0, tail="shift")
    assert sampling_of(ReadingOptions(sampling="strided", frame_step=2)) == Strided(frame_step=2)


@pytest.mark.parametrize("field", ["clip_seconds", "stride_seconds", "num_frames", "frame_step", "num_clips"])
def test_lengths_are_positive(field: str) -> None:
    with pytest.raises(UsageError, match="must be positive, got 0"):
        sampling_of(ReadingOptions(**{field: 0}))


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"clip_seconds": 2.0}, "multiclip"),
        ({"tail": "drop", "sampling": "strided"}, "multiclip"),
        ({"frame_step": 4}, "strided, vjepa, "),
        ({"frame_step": 4, "sampling": "slowfast_ssv2"}, "strided, vjepa, "),
        ({"num_clips": 1, "sampling": "multiclip"}, "vjepa, "),
        ({"clip_seconds": 2.0, "sampling": "vjepa"}, "multiclip"),
    ],
)
def test_a_flag_of_another_sampling_is_refused_even_with_its_default(given: dict[str, Any], kind: str) -> None:
    with pytest.raises(UsageError, match=f"is for --sampling {kind}"):
        sampling_of(ReadingOptions(**given))


def test_the_rules_are_those_of_the_video_room_and_take_a_step_where_it_shows() -> None:
    assert sorted(RULES) == sorted(video.RULES)
    for name, rule in video.RULES.items():
        two, five = (rule(300, clip_frames=8, step=step, num_clips=2, fps=25.0) for step in (2, 5))
        assert np.array_equal(two, five) == (name not in RULES_WITH_STEP)


@pytest.mark.parametrize("name", RULES)
def test_every_rule_is_a_sampling(name: str) -> None:
    assert sampling_of(ReadingOptions(sampling=name)) == Rule(name=name)
    assert sampling_of(ReadingOptions(sampling=name, num_clips=3)) == Rule(name=name, num_clips=3)
    if name in RULES_WITH_STEP:
        stepped = sampling_of(ReadingOptions(sampling=name, frame_step=2, num_frames=8))
        assert stepped == Rule(name=name, frame_step=2, num_frames=8)


def test_an_unknown_sampling_names_the_nearest() -> None:
    for wrong, near in (("videomae_dense", "videomae_dense_test"), ("multi-clip", "multiclip")):
        with pytest.raises(UnknownName, match=f"unknown sampling '{wrong}'; did you mean {near}"):
            sampling_of(ReadingOptions(sampling=wrong))


def test_help_lists_every_sampling(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read("--help")
    shown = " ".join(capsys.readouterr().out.split())
    for name in ("uniform", "multiclip", "strided", *RULES, "--num-clips", "--frame-step"):
        assert name in shown


def read(*words: str) -> ReadingOptions:
    return parse(ReadingOptions, words, prog="twlv verb", description="what it does")


WORDS = {
    "uniform": ["--num-frames", "4", "--sampling", "uniform", "--views", "3x2"],
    "multiclip": ["--sampling", "multiclip", "--clip-seconds", "1", "--tail", "short", "--num-frames", "8"],
    "strided": ["--sampling", "strided", "--frame-step", "3"],
    "vjepa": ["--sampling", "vjepa", "--num-clips", "2"],
    "slowfast_ssv2": ["--sampling", "slowfast_ssv2"],
}


@pytest.mark.parametrize("name", WORDS)
def test_the_printed_records_are_those_of_the_api_and_are_read_back(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        read(*WORDS[name], "--print_config")
    file = tmp_path / "run.yaml"
    file.write_text(capsys.readouterr().out)
    printed = yaml.safe_load(file.read_text())
    asked, read_back = read(*WORDS[name]), read("--config", str(file))
    assert from_json(Sampling, printed["sampling"]) == sampling_of(asked) == sampling_of(read_back)
    assert from_json(Views, printed["views"]) == views_of(asked.views) == views_of(read_back.views)
    assert "clip_seconds" not in printed


def test_what_was_not_asked_for_stays_open(capsys: pytest.CaptureFixture[str]) -> None:
    """So that a printed configuration may go with --store, which refuses flags of reading."""
    with pytest.raises(SystemExit):
        read("--print_config")
    printed = yaml.safe_load(capsys.readouterr().out)
    assert printed["sampling"] is None
    assert ReadingOptions(**flags_of(printed, {})) == ReadingOptions()


COUNTS = st.none() | st.integers(1, 64)
SECONDS = st.floats(0.1, 100)
SAMPLINGS = st.one_of(
    st.builds(Uniform, num_frames=COUNTS),
    st.builds(
        MultiClip, num_frames=COUNTS, clip_seconds=SECONDS, stride_seconds=st.none() | SECONDS,
        tail=st.sampled_from(["drop", "short", "shift"]),
    ),
    st.builds(Strided, num_frames=COUNTS, frame_step=st.integers(1, 9)),
    st.builds(
        Rule, name=st.sampled_from(RULES_WITH_STEP), num_frames=COUNTS, frame_step=st.integers(1, 9),
        num_clips=st.integers(1, 9),
    ),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(SAMPLINGS, st.builds(Views, temporal=st.integers(1, 9), spatial=st.sampled_from([1, 3])))
def test_every_record_of_the_api_can_stand_in_a_configuration(sampling: Sampling, views: Views) -> None:
    from twlv.codec import to_json

    records = {"sampling": to_json(sampling, Sampling), "views": to_json(views)}
    options = ReadingOptions(**flags_of(records, {}))
    assert (sampling_of(options), views_of(options.views)) == (sampling, views)
    assert records_of(options) == records


def test_a_record_by_hand(tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    file.write_text("sampling: {kind: multiclip, clip_seconds: 1}\nviews: {spatial: 3}\ndevice: cpu\n")
    assert read("--config", str(file)) == ReadingOptions(
        sampling="multiclip", clip_seconds=1.0, views="3x1", device="cpu"
    )
    changed = read("--config", str(file), "--sampling", "strided", "--frame-step", "2")
    assert sampling_of(changed) == Strided(frame_step=2)
    longer = read("--config", str(file), "--clip-seconds", "5")
    assert sampling_of(longer) == MultiClip(clip_seconds=5.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "sampling: {kind: multiclip, clip_second: 1}",
            "field of sampling 'clip_second'; did you mean clip_s",
        ),
        ("sampling: {kind: multiclip, device: cpu}", "unknown field of sampling 'device'"),
        ("sampling: {kind: multiclp}", "unknown sampling 'multiclp'; did you mean multiclip"),
        ("sampling: {kind: uniform, clip_seconds: 1}", "--clip-seconds is for --sampling multiclip"),
        ("sampling: {kind: multiclip, clip_seconds: x}", "--clip-seconds: expected float or none, got 'x'"),
        (
            "sampling: {kind: multiclip, num_frames: 4}\nnum_frames: 8",
            "num_frames: in the sampling and",
        ),
        ("views: {spacial: 3}", "unknown field of views 'spacial'; did you mean spatial"),
        ("views: {spatial: 2}", "--views takes MxN"),
    ],
)
def test_a_record_that_cannot_be_meant_is_refused(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    file.write_text(text)
    with pytest.raises(UsageError, match=message):
        records_of(read("--config", str(file)))
