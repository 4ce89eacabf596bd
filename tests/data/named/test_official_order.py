"""Class lists keep their official index, and labels that do not fit them are named with file and line."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from twlv.data import dataset
from twlv.errors import InputError, ManifestError
from twlv.types import ClassLabel

Make = Callable[..., Any]


def label_of(data: Any, video_id: str) -> object:
    return next(sample.target for sample in data.samples if sample.video_id == video_id)


# ---------------------------------------------------------------- order


def test_trap_30_ssv2_templates_keep_their_index_without_brackets(make_copy: Make) -> None:
    data = make_copy("ssv2").write().read()
    first = "Lifting something up completely, then letting it drop down"
    second = "Lifting something up completely without letting it drop down"
    assert (data.card.classes[0], data.card.classes[2]) == (first, second)
    assert sorted((first, second)) == [second, first], "sorted() would change the two"
    assert label_of(data, "78687") == ClassLabel(index=0)
    assert label_of(data, "100904") == ClassLabel(index=2)


def test_trap_32_official_orders_are_not_sorted(make_copy: Make) -> None:
    ucf = make_copy("ucf101").write().read().card.classes
    assert ucf.index("Hammering") < ucf.index("HammerThrow")
    assert sorted(("Hammering", "HammerThrow"))[0] == "HammerThrow"
    assert make_copy("jester").write().read().card.classes[:2] == ("Swiping Left", "Swiping Right")
    moments = make_copy("mit339").write().read().card.classes
    assert moments[:2] == ("clapping", "praying")
    assert sorted(moments)[0] == "adult+female+singing"


def test_kinetics_is_sorted_by_name(make_copy: Make) -> None:
    data = make_copy("kinetics400").write().read()
    assert list(data.card.classes) == sorted(data.card.classes)
    assert (data.card.classes[0], data.card.classes[-1]) == ("abseiling", "zumba")


def test_the_spelling_of_a_folder_does_not_matter_in_ucf101(make_copy: Make) -> None:
    data = make_copy("ucf101").write().read()
    assert data.card.classes[3] == "HandstandPushups"
    assert label_of(data, "v_HandStandPushups_g08_c02") == ClassLabel(index=3)
    assert not data.missing


def test_a_class_list_that_is_not_the_known_one_is_noted(make_copy: Make) -> None:
    for name in ("kinetics400", "ssv2", "ucf101", "jester"):
        notes = make_copy(name).write().read().notes
        assert any("the class list is not the known one" in note for note in notes)


# ---------------------------------------------------------------- labels counted from one


def test_trap_31_labels_of_ucf101_count_from_one(make_copy: Make) -> None:
    made = make_copy("ucf101").write()
    data = made.read()
    assert max(sample.target.index for sample in data.samples) == 100
    made.texts["trainlist01.txt"] = "Hammering/v_Hammering_g08_c01.avi 1\n"  # as if counted from 0
    said = r"trainlist01.txt, line 1: label 1 for a video of Hammering, which classInd.txt has as 2"
    with pytest.raises(ManifestError, match=said):
        made.write().read()


def test_trap_31_a_class_list_with_another_base_is_refused(make_copy: Make) -> None:
    ucf = make_copy("ucf101")
    lines = ucf.texts["classInd.txt"].splitlines()
    ucf.texts["classInd.txt"] = "\n".join(f"{index} {line.split()[1]}" for index, line in enumerate(lines))
    with pytest.raises(
        ManifestError, match="101 classes with indices 0 to 100, but they must run from 1 to 101"
    ):
        ucf.write().read()
    ssv2 = make_copy("ssv2")
    shifted = {
        name: int(index) + 1
        for name, index in json.loads(ssv2.texts["something-something-v2-labels.json"]).items()
    }
    ssv2.texts["something-something-v2-labels.json"] = json.dumps(shifted)
    with pytest.raises(ManifestError, match="must run from 0 to 173; they look counted from 1"):
        ssv2.write().read()


def test_trap_31_integer_labels_that_look_counted_from_one(make_copy: Make) -> None:
    made = make_copy("diving48")
    entries = [{"vid_name": f"v_{label}", "label": label} for label in (1, 48)]
    made.texts["Diving48_V2_train.json"] = json.dumps(entries)
    said = r"label 48, but there are 48 classes \(0 to 47\); the labels look counted from 1: subtract 1"
    with pytest.raises(ManifestError, match=said):
        made.write().read()
    made.texts["Diving48_V2_train.json"] = json.dumps([{"vid_name": "v_1", "label": -1}])
    with pytest.raises(ManifestError, match="label -1; indices count from 0"):
        made.write().read()


# ---------------------------------------------------------------- numbers of classes


def test_trap_33_338_is_a_label_of_339_classes_and_an_error_of_305(make_copy: Make) -> None:
    made = make_copy("mit339").write()
    assert max(sample.target.index for sample in made.read().samples) == 338
    places = {"root": made.folder / "videos", "annotations": made.folder / "annotations"}
    said = "mit305: 339 classes in the annotations, but the data set has 305; did you mean mit339"
    with pytest.raises(InputError, match=said):
        dataset("mit305", **places)
    given = [f"class {index}" for index in range(305)]
    with pytest.raises(ManifestError, match="label 'clapping' is not among the 305 classes"):
        dataset("mit305", **places, classes=given)


def test_trap_34_the_classes_are_those_of_the_list_not_of_one_split(make_copy: Make) -> None:
    for name in ("ssv2", "ucf101", "mit339", "diving48", "jester", "epickitchens100"):
        data = make_copy(name).write().read()
        assert all(data.split(split).card.classes == data.card.classes for split in data.splits)
    kinetics = make_copy("kinetics400").write()
    val = kinetics.read(splits="val", classes=kinetics.read().card.classes)
    assert (len(val.card.classes), val.splits) == (400, ("val",))


def test_a_misspelt_label_of_kinetics_is_one_class_too_many_or_named(make_copy: Make) -> None:
    made = make_copy("kinetics400").write()
    classes = made.read().card.classes
    made.texts["train.csv"] += "zumbaa,abc,1,2,train\n"
    with pytest.raises(InputError, match="kinetics400: 401 classes in the annotations"):
        made.write().read()
    with pytest.raises(ManifestError, match=r"train.csv, line 402: label 'zumbaa' .* did you mean 'zumba'"):
        made.read(classes=classes)


def test_a_part_of_kinetics_needs_the_official_list(make_copy: Make) -> None:
    said = "kinetics400: 2 classes in the annotations, but the data set has 400; give the official list"
    with pytest.raises(InputError, match=said):
        make_copy("kinetics400").write().read(splits="val")


@pytest.mark.parametrize(
    ("name", "file", "row", "said"),
    [
        ("kinetics400", "train.csv", "zumba,abc,one,2,train\n", "line 402: time_start is 'one'"),
        ("kinetics400", "train.csv", "zumba,abc,1,2,train,4,5\n", "line 402: 7 fields, but the header has 5"),
        ("kinetics400", "train.csv", "zumba,abc,1,2,practice\n", "line 402: split 'practice'; known: train"),
        ("mit339", "trainingSet.csv", "clapping/x.mp4,claping,1,1\n", "line 3: label 'claping'.*'clapping'"),
        ("mit339", "trainingSet.csv", "clapping/x.mp4\n", "line 3: needs category/file.mp4,category,n,n"),
        ("mit339", "moments_categories.txt", "clapping,339\n", "line 340: class 'clapping' with index 339"),
        ("mit339", "moments_categories.txt", "new,none\n", "line 340: the class index is 'none'"),
        ("ucf101", "trainlist01.txt", "Hamering/v_x.avi 1\n", "line 3: label 'Hamering'.*'Hammering'"),
        ("ucf101", "trainlist01.txt", "v_Hammering_g01_c01.avi\n", "line 3: needs Class/v_Class_g01_c01.avi"),
        ("hmdb51", "wave_test_split1.txt", "x.avi 3\n", "line 2: needs file.avi and 0, 1 or 2"),
        ("jester", "jester-v1-train.csv", "12;Swipe Left\n", "line 3: label 'Swipe Left'.*'Swiping Left'"),
        ("jester", "jester-v1-train.csv", "12\n", "line 3: needs id;name"),
        ("charades", "Charades_v1_train.csv", "Z,a,b,6,7,Y,x,a,y,c157 0 1,9\n", "line 4: label 157, but"),
        ("charades", "Charades_v1_train.csv", "Z,a,b,6,7,Y,x,a,y,d1 0 1,9\n", "line 4: the class code is 'd1'"),
        ("ssv2", "something-something-v2-train.json", "x", "something-something-v2-train.json: not JSON"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(
    make_copy: Make, name: str, file: str, row: str, said: str
) -> None:
    made = make_copy(name)
    made.texts[file] += row
    with pytest.raises(ManifestError, match=said):
        made.write().read()


def test_lines_are_counted_as_an_editor_does(make_copy: Make) -> None:
    made = make_copy("jester")
    made.texts["jester-v1-train.csv"] = "34870;Swiping Left\n\n12;Swipe Left\n"
    for ending in (b"\n", b"\r\n", b"\r"):
        with pytest.raises(ManifestError, match=r"jester-v1-train\.csv, line 3: label"):
            made.write(lambda text, ending=ending: text.replace(b"\n", ending)).read()


def test_json_that_is_of_another_form(make_copy: Make) -> None:
    made = make_copy("ssv2")
    for text, said in (
        ('{"a": 1}', "a JSON list of objects is needed, this is dict"),
        ('[{"id": "1"}]', "entry 1 has no template"),
        ("[5]", "entry 1 has no id, template"),
        (
            '[{"id": "1", "template": "Unheard of [something]"}]',
            "label 'Unheard of something' is not among the 174",
        ),
    ):
        made.texts["something-something-v2-train.json"] = text
        with pytest.raises(ManifestError, match=said):
            made.write().read()


# ---------------------------------------------------------------- repetitions


def test_a_repeated_row_is_read_once_and_said(make_copy: Make) -> None:
    made = make_copy("jester")
    made.texts["jester-v1-train.csv"] += "34870;Swiping Left\n"
    data = made.write().read()
    assert [sample.video_id for sample in data.samples] == ["34870", "56557", "9223"]
    assert "1 repeated rows were read once" in data.notes


@pytest.mark.parametrize("file", ["jester-v1-train.csv", "jester-v1-validation.csv"])
def test_a_repetition_that_contradicts_is_an_error(make_copy: Make, file: str) -> None:
    made = make_copy("jester")
    made.texts[file] += "34870;Swiping Right\n"
    with pytest.raises(ManifestError, match=r"'34870' .* stands in jester-v1-train.csv, line 1 .* already"):
        made.write().read()
