"""What is particular to one data set: spans, splits, several labels, frame folders, test lists."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from twlv.data import dataset
from twlv.errors import InputError, ManifestError, UnknownName, UsageError
from twlv.types import ClassLabel, ClassLabels, Span

Make = Callable[..., Any]


def sample_of(data: Any, video_id: str) -> Any:
    return next(sample for sample in data.samples if sample.video_id == video_id)


# ---------------------------------------------------------------- Epic-Kitchens


def test_epic_kitchens_gives_spans_in_seconds(make_copy: Make) -> None:
    data = make_copy("epickitchens100").write().read()
    assert [sample.span for sample in data.samples] == [
        Span(start_seconds=0.0, end_seconds=1.89),
        Span(start_seconds=62.5, end_seconds=63.0),
        Span(start_seconds=3600.25, end_seconds=3609.0),
    ]
    assert [sample.group for sample in data.samples] == ["P01_11", "P01_11", "P02_1"]
    assert data.samples[0].path == data.samples[1].path


def test_epic_kitchens_by_verb_noun_and_action(make_copy: Make) -> None:
    made = make_copy("epickitchens100").write()
    verb, noun, action = made.read(), made.read(variant="noun"), made.read(variant="action")
    assert (verb.card.selection, noun.card.selection) == ("", "variant=noun")
    assert (verb.card.title, noun.card.title) == ("Epic-Kitchens-100, verbs", "Epic-Kitchens-100, nouns")
    assert [sample.target.index for sample in noun.samples] == [2, 299, 2]
    assert action.card.classes == ("verb 0 noun 2", "verb 3 noun 2", "verb 96 noun 299")
    assert [sample.target.index for sample in action.samples] == [0, 2, 1]
    assert "3 classes, the card expects 3806 (from memory, not looked up)" in action.notes
    assert made.read(variant="action", splits="val").card.classes == action.card.classes
    assert len({data.card.annotation_sha256 for data in (verb, noun)}) == 2


@pytest.mark.parametrize(
    ("start", "stop", "said"),
    [
        ("00:00:02.00", "00:00:02.00", "line 4: the action ends at 2 s, where or before it starts"),
        ("2.0", "00:00:02.00", r"line 4: start_timestamp is '2.0'; needs HH:MM:SS.ss"),
        ("00:61:00.00", "02:00:02.00", "needs HH:MM:SS.ss"),
    ],
)
def test_epic_kitchens_times(
    make_copy: Make, epic: Callable[..., str], start: str, stop: str, said: str
) -> None:
    made = make_copy("epickitchens100")
    made.texts["EPIC_100_train.csv"] += epic(7, start, stop, 1, 1)
    with pytest.raises(ManifestError, match=said):
        made.write().read()


def test_epic_kitchens_label_out_of_range(make_copy: Make, epic: Callable[..., str]) -> None:
    made = make_copy("epickitchens100")
    made.texts["EPIC_100_train.csv"] += epic(7, "00:00:01.00", "00:00:02.00", 97, 1)
    for variant in ("verb", "action"):
        with pytest.raises(ManifestError, match="label 97, but there are 97 classes"):
            made.write().read(variant=variant)


def test_epic_kitchens_pickles_are_not_opened(make_copy: Make) -> None:
    made = make_copy("epickitchens100").write()
    folder = made.folder / "annotations"
    for name in ("train", "validation"):
        (folder / f"EPIC_100_{name}.csv").unlink()
        (folder / f"EPIC_100_{name}.pkl").write_bytes(b"cos\nsystem\n(S'touch /tmp/opened'\ntR.")
    with pytest.raises(InputError, match=r"\.pkl files are not opened"):
        made.read()


def test_epic_kitchens_frame_folders_have_the_rate_of_their_video(make_copy: Make) -> None:
    made = make_copy("epickitchens100")
    made.videos = ("P01/rgb_frames/P01_11/", "P01/rgb_frames/P02_1/")
    made.texts["EPIC_100_video_info.csv"] = (
        "video_id,duration,fps,resolution\nP01_11,9,59.94,1x1\nP02_1,9,50,1x1\n"
    )
    data = made.write().read()
    assert [sample.fps for sample in data.samples] == [59.94, 59.94, 50.0]
    (made.folder / "annotations" / "EPIC_100_video_info.csv").unlink()
    with pytest.raises(
        UsageError, match=r"P01_11 is a folder of frames; epickitchens100 declares no rate: give fps="
    ):
        made.read()
    again = made.read(fps=25)
    assert again.samples[0].fps == 25.0
    assert again.card == data.card, "the rates are no annotation"


# ---------------------------------------------------------------- splits of UCF101 and HMDB51


def test_the_three_splits_of_ucf101(make_copy: Make) -> None:
    made = make_copy("ucf101").write()
    first, second = made.read(), made.read(split=2)
    assert (first.card.selection, second.card.selection) == ("", "split=2")
    assert second.card.title == "UCF101, split 2"
    assert {s.video_id: s.split for s in second.samples} == {
        "v_HammerThrow_g01_c01": "train", "v_Hammering_g08_c01": "test",
    }  # fmt: skip
    assert made.read(variant="2") == second, "the command line's word for the same option"
    assert first.samples[0].group == "v_Hammering_g08"
    with pytest.raises(InputError, match=r"no trainlist03\.txt or testlist03\.txt here"):
        made.read(split=3)


def test_hmdb51_leaves_out_what_is_not_used(make_copy: Make) -> None:
    data = make_copy("hmdb51").write().read()
    assert [(sample.video_id[:14], sample.split) for sample in data.samples] == [
        ("brush_hair/#20", "train"), ("brush_hair/Apr", "test"),
    ]  # fmt: skip


# ---------------------------------------------------------------- the others


def test_charades_has_several_labels_or_none(make_copy: Make) -> None:
    data = make_copy("charades").write().read()
    assert sample_of(data, "46GP8").target == ClassLabels(indices=(92, 147))
    assert sample_of(data, "N11GT").target == ClassLabels(indices=())
    assert sample_of(data, "YSKX3").target == ClassLabels(indices=(0, 156))


def test_charades_from_slowfasts_frame_lists(make_copy: Make) -> None:
    made = make_copy("charades")
    header = "original_vido_id video_id frame_id path labels\n"
    made.texts = {
        "Charades_v1_classes.txt": made.texts["Charades_v1_classes.txt"],
        "frame_lists/train.csv": header
        + '46GP8 0 0 46GP8/46GP8-000001.jpg ""\n46GP8 0 1 46GP8/46GP8-000002.jpg "92,147"\n'
        + '46GP8 0 2 46GP8/46GP8-000003.jpg "92"\n',
        "frame_lists/val.csv": header + 'YSKX3 1 0 YSKX3/YSKX3-000001.jpg "0,156"\n',
    }
    made.videos = ("Charades_v1_rgb/46GP8/", "Charades_v1_rgb/YSKX3/")
    data = made.write().read()
    assert [(s.video_id, s.split, s.target.indices, s.fps) for s in data.samples] == [
        ("46GP8", "train", (92, 147), 24.0), ("YSKX3", "test", (0, 156), 24.0),
    ]  # fmt: skip


def test_jester_is_folders_of_frames_at_12_a_second(make_copy: Make) -> None:
    made = make_copy("jester").write()
    assert {sample.fps for sample in made.read().samples} == {12.0}
    assert {sample.fps for sample in made.read(fps=10).samples} == {10.0}


def test_jester_as_video_files(make_copy: Make) -> None:
    made = make_copy("jester")
    made.videos = ("videos/34870.mp4", "videos/56557.mp4", "videos/9223.webm")
    data = made.write().read()
    assert not data.missing
    assert {sample.fps for sample in data.samples} == {None}, "a file has its own times"


def test_lists_without_labels_and_their_answers(make_copy: Make) -> None:
    ssv2 = make_copy("ssv2").write()
    data = ssv2.read(splits=("test",))
    assert [sample.target for sample in data.samples] == [ClassLabel(index=1), None]
    assert make_copy("jester").write().read(splits=["test"]).samples[0].target is None
    assert "test" not in ssv2.read().splits, (
        "splits without public labels are read only when they are asked for"
    )


def test_ssv2_names_of_the_second_release(make_copy: Make) -> None:
    made = make_copy("ssv2")
    before = made.write().read()
    made.texts = {f"labels/{name.removeprefix('something-something-v2-')}": t for name, t in made.texts.items()}
    made.folder = made.folder / "second"
    data = made.write().read()
    assert [s.target for s in data.samples] == [s.target for s in before.samples]


def test_kinetics_in_one_file_of_any_name(make_copy: Make) -> None:
    made = make_copy("kinetics400").write()
    text = made.texts["train.csv"] + "".join(made.texts["validate.csv"].splitlines(keepends=True)[1:])
    one = made.folder / "all my clips.csv"
    one.write_text(text)
    data = dataset("kinetics400", root=made.folder / "videos", annotations=one)
    assert [(s.video_id, s.split, s.target) for s in data.samples] == [
        (s.video_id, s.split, s.target) for s in made.read().samples
    ]
    one.write_text("label,youtube_id,time_start,time_end\nzumba,abc,1,2\n")
    with pytest.raises(ManifestError, match="line 1: no column split"):
        dataset("kinetics400", annotations=one)
    with pytest.raises(UsageError, match="the annotations of ssv2 are several: give their folder"):
        dataset("ssv2", annotations=one)


def test_the_files_of_another_kinetics_are_left_alone(make_copy: Make) -> None:
    made = make_copy("kinetics400")
    before = made.write().read()
    for name in ("train", "validate"):
        text = made.texts.pop(f"{name}.csv")
        made.texts[f"kinetics400_{name}.csv"] = text
        made.texts[f"kinetics600_{name}.csv"] = made.texts[f"{name}.csv"] = "not a table"
    assert made.write().read().samples == before.samples


def test_diving48_refuses_the_first_labels(make_copy: Make) -> None:
    made = make_copy("diving48")
    made.texts = {name.replace("_V2", ""): text for name, text in made.texts.items()}
    with pytest.raises(InputError, match="these are the first labels of Diving-48"):
        made.write().read()


def test_diving48_groups_are_source_videos(make_copy: Make) -> None:
    made = make_copy("diving48")
    made.texts["Diving48_vocab.json"] = json.dumps([f"Back {index}" for index in range(48)])
    assert {sample.group for sample in made.write().read().samples} == {"a_b"}


def test_one_split_alone(make_copy: Make) -> None:
    made = make_copy("mit339").write()
    (made.folder / "annotations" / "trainingSet.csv").unlink()
    data = made.read()
    assert data.splits == ("val",)
    assert "train: no annotation file, looked for trainingSet.csv" in data.notes


# ---------------------------------------------------------------- options


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("ucf101", {"split": 4}, "unknown split of ucf101 '4'; known: 1, 2, 3"),
        ("ucf101", {"splt": 1}, "unknown option of ucf101 'splt'; did you mean split"),
        ("ssv2", {"variant": "noun"}, "unknown option of ssv2 'variant'; known: fps, splits"),
        ("ssv2", {"splits": "practice"}, "unknown split of ssv2 'practice'"),
        (
            "epickitchens100",
            {"variant": "verbs"},
            "unknown variant of epickitchens100 'verbs'; did you mean verb",
        ),
    ],
)
def test_options_that_are_none(make_copy: Make, name: str, options: dict[str, object], said: str) -> None:
    with pytest.raises(UnknownName, match=said):
        make_copy(name).write().read(**options)


@pytest.mark.parametrize(
    "options", [{"fps": 0}, {"fps": True}, {"fps": "12"}, {"splits": ()}, {"where": {"a": "b"}}]
)
def test_values_that_are_none(make_copy: Make, options: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        make_copy("jester").write().read(**options)


def test_a_manifest_takes_no_options_of_names(tmp_path: Any) -> None:
    (tmp_path / "m.csv").write_text("path\na.mp4\n")
    with pytest.raises(UsageError, match="annotations, split: for a data set by name"):
        dataset(tmp_path / "m.csv", annotations=tmp_path, split=1)
    assert len(dataset(tmp_path / "m.csv", annotations=None, variant=None).samples) == 1
