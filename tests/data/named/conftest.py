"""Miniature copies of every data set by name: annotation files in the official forms, and empty video files.

The class lists have the official number of classes and the names that matter for a trap; others are made up.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from twlv.data import dataset
from twlv.types import Dataset


@dataclass
class Copy:
    """A copy on disk: ``folder/annotations`` and ``folder/videos``; ``expected``: id -> (split, label)."""

    name: str
    folder: Path
    texts: dict[str, str]
    videos: tuple[str, ...]
    expected: dict[str, tuple[str, object]]
    options: Mapping[str, object] = field(default_factory=dict)

    def write(self, change: Callable[[bytes], bytes] = bytes) -> Copy:
        for name, text in self.texts.items():
            path = self.folder / "annotations" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(change(text.encode()))
        for name in self.videos:
            path = self.folder / "videos" / name
            if name.endswith("/"):
                path.mkdir(parents=True, exist_ok=True)
                (path / "00001.jpg").touch()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
        return self

    def read(self, **options: object) -> Dataset:
        return dataset(
            self.name,
            root=self.folder / "videos",
            annotations=self.folder / "annotations",
            **{**self.options, **options},
        )


def names(number: int, *known: str, fill: str = "class {:03}") -> list[str]:
    """``number`` class names: the known ones first, in their order."""
    return [*known, *(fill.format(index) for index in range(number - len(known)))]


def kinetics(folder: Path) -> Copy:
    classes = names(400, "zumba", "air drumming", "abseiling")
    rows = [f"{name},vid{index:08},{index},{index + 10},train\n" for index, name in enumerate(classes)]
    header = "label,youtube_id,time_start,time_end,split\n"
    order = sorted(classes)
    return Copy(
        name="kinetics400",
        folder=folder,
        texts={
            "train.csv": header + "".join(rows),
            "validate.csv": header
            + "air drumming,-a_bc-DEFgh,7,17,validate\nzumba,_0123456789,100,110,validate\n",
        },
        videos=(
            *(f"train/vid{index:08}_{index:06}_{index + 10:06}.mp4" for index in range(400)),
            "val/-a_bc-DEFgh_000007_000017.mp4",
            "val/_0123456789_000100_000110.mkv",
        ),
        expected={
            "-a_bc-DEFgh_000007_000017": ("val", order.index("air drumming")),
            "_0123456789_000100_000110": ("val", order.index("zumba")),
            "vid00000002_000002_000012": ("train", order.index("abseiling")),
        },
    )


LIFTING = (
    "Lifting something up completely without letting it drop down",
    "Lifting something up completely, then letting it drop down",
)


def ssv2(folder: Path) -> Copy:
    classes = names(174, LIFTING[1], "Putting something on a surface", LIFTING[0])
    labels = {name: str(index) for index, name in enumerate(classes)}
    train = [
        {"id": "78687", "label": "a", "template": "Lifting [something] up completely, then letting it drop "
         "down", "placeholders": ["a cup"]},
        {"id": "42326", "label": "b", "template": "Putting [something] on a surface", "placeholders": []},
    ]  # fmt: skip
    val = [
        {
            "id": "100904",
            "label": "x",
            "template": "Lifting [something] up completely without letting it drop down",
        }
    ]
    return Copy(
        name="ssv2",
        folder=folder,
        texts={
            "something-something-v2-labels.json": json.dumps(dict(sorted(labels.items()))),
            "something-something-v2-train.json": json.dumps(train),
            "something-something-v2-validation.json": json.dumps(val),
            "something-something-v2-test.json": json.dumps([{"id": "1420"}, {"id": "3185"}]),
            "something-something-v2-test-answers.csv": "1420;Putting something on a surface\n",
        },
        videos=("78687.webm", "42326.webm", "100904.webm", "1420.webm", "3185.webm"),
        expected={"78687": ("train", 0), "42326": ("train", 1), "100904": ("val", 2)},
    )


def moments(folder: Path, number: int = 339) -> Copy:
    classes = names(number, "clapping", "praying", "adult+female+singing")
    return Copy(
        name=f"mit{number}",
        folder=folder,
        texts={
            "moments_categories.txt": "".join(f"{name},{index}\n" for index, name in enumerate(classes)),
            "trainingSet.csv": f"clapping/a_1.mp4,clapping,3,0\n{classes[-1]}/yt, b_2.mp4,{classes[-1]},4,1\n",
            "validationSet.csv": "adult+female+singing/0P3XG_vf91c_35.mp4,adult+female+singing,5,2\n",
        },
        videos=(
            "training/clapping/a_1.mp4",
            f"training/{classes[-1]}/yt, b_2.mp4",
            "validation/adult+female+singing/0P3XG_vf91c_35.mp4",
        ),
        expected={
            "clapping/a_1.mp4": ("train", 0),
            f"{classes[-1]}/yt, b_2.mp4": ("train", number - 1),
            "adult+female+singing/0P3XG_vf91c_35.mp4": ("val", 2),
        },
    )


def diving48(folder: Path) -> Copy:
    vocabulary = [["Back", "15som", f"{index:02}Twis", "FREE"] for index in range(48)]
    train = [{"vid_name": "a_b_00001", "label": 47, "start_frame": 0, "end_frame": 90}]
    test = [{"vid_name": "a_b_00002", "label": "0", "start_frame": 0, "end_frame": 80}]
    return Copy(
        name="diving48",
        folder=folder,
        texts={
            "Diving48_vocab.json": json.dumps(vocabulary),
            "Diving48_V2_train.json": json.dumps(train),
            "Diving48_V2_test.json": json.dumps(test),
        },
        videos=("rgb/a_b_00001.mp4", "rgb/a_b_00002.mp4"),
        expected={"a_b_00001": ("train", 47), "a_b_00002": ("test", 0)},
    )


EPIC_HEADER = (
    "narration_id,participant_id,video_id,narration_timestamp,start_timestamp,stop_timestamp,start_frame,"
    "stop_frame,narration,verb,verb_class,noun,noun_class,all_nouns,all_noun_classes\n"
)


def epic_row(number: int, start: str, stop: str, verb: int, noun: int, video: str = "P01_11") -> str:
    times = f"00:00:00.560,{start},{stop},1,113"
    words = f'"take, plate",take,{verb},plate,{noun},"[\'plate\']","[{noun}]"'
    return f"{video}_{number},P01,{video},{times},{words}\n"


def epic_kitchens(folder: Path) -> Copy:
    def listed(name: str, number: int) -> str:
        rows = (f"{index},{name} {index},\"['a', 'b']\",c\n" for index in range(number))
        return "id,key,instances,category\n" + "".join(rows)

    return Copy(
        name="epickitchens100",
        folder=folder,
        texts={
            "EPIC_100_verb_classes.csv": listed("verb", 97),
            "EPIC_100_noun_classes.csv": listed("noun", 300),
            "EPIC_100_train.csv": EPIC_HEADER
            + epic_row(0, "00:00:00.00", "00:00:01.89", 0, 2)
            + epic_row(1, "00:01:02.50", "00:01:03.00", 96, 299),
            "EPIC_100_validation.csv": EPIC_HEADER + epic_row(0, "01:00:00.25", "01:00:09.00", 3, 2, "P02_1"),
        },
        videos=("P01/videos/P01_11.MP4", "P01/videos/P02_1.MP4"),
        expected={"P01_11_0": ("train", 0), "P01_11_1": ("train", 96), "P02_1_0": ("val", 3)},
    )


def ucf101(folder: Path) -> Copy:
    classes = names(101, "ApplyEyeMakeup", "Hammering", "HammerThrow", "HandstandPushups", fill="Xclass{:03}")
    return Copy(
        name="ucf101",
        folder=folder,
        texts={
            "classInd.txt": "".join(f"{index} {name}\n" for index, name in enumerate(classes, 1)),
            "trainlist01.txt": "Hammering/v_Hammering_g08_c01.avi 2\n"
            "HandStandPushups/v_HandStandPushups_g08_c02.avi 4\n",
            "testlist01.txt": "HammerThrow/v_HammerThrow_g01_c01.avi\nXclass096/v_Xclass096_g01_c01.avi\n",
            "trainlist02.txt": "HammerThrow/v_HammerThrow_g01_c01.avi 3\n",
            "testlist02.txt": "Hammering/v_Hammering_g08_c01.avi\n",
        },
        videos=(
            "Hammering/v_Hammering_g08_c01.avi",
            "HandstandPushups/v_HandStandPushups_g08_c02.avi",  # the folder is spelled as the class
            "HammerThrow/v_HammerThrow_g01_c01.avi",
            "Xclass096/v_Xclass096_g01_c01.avi",
        ),
        expected={
            "v_Hammering_g08_c01": ("train", 1),
            "v_HandStandPushups_g08_c02": ("train", 3),
            "v_HammerThrow_g01_c01": ("test", 2),
            "v_Xclass096_g01_c01": ("test", 100),
        },
    )


ODD = "#20_Rhythm_(clap)_&_more;_Part!_u_nm_np1_fr_goo_0"


def hmdb51(folder: Path) -> Copy:
    classes = sorted(names(51, "wave", "brush_hair"))
    texts = {f"{name}_test_split1.txt": f"{name} of 3.avi 0 \n" for name in classes}
    texts["brush_hair_test_split1.txt"] = f"{ODD}.avi 1 \nApril_09.avi 2 \nother.avi 0 \n"
    return Copy(
        name="hmdb51",
        folder=folder,
        texts=texts,
        videos=(f"brush_hair/{ODD}.avi", "brush_hair/April_09.avi"),
        expected={f"brush_hair/{ODD}": ("train", 0), "brush_hair/April_09": ("test", 0)},
    )


def jester(folder: Path) -> Copy:
    classes = names(27, "Swiping Left", "Swiping Right", "Doing other things")
    return Copy(
        name="jester",
        folder=folder,
        texts={
            "jester-v1-labels.csv": "\n".join(classes) + "\n",
            "jester-v1-train.csv": "34870;Swiping Left\n56557;Doing other things\n",
            "jester-v1-validation.csv": "9223;Swiping Right\n",
            "jester-v1-test.csv": "1\n",
        },
        videos=("34870/", "56557/", "9223/", "1/"),
        expected={"34870": ("train", 0), "56557": ("train", 2), "9223": ("val", 1)},
    )


CHARADES_HEADER = "id,subject,scene,quality,relevance,verified,script,objects,descriptions,actions,length\n"


def charades(folder: Path) -> Copy:
    classes = "".join(f"c{index:03} Action {index}\n" for index in range(157))
    return Copy(
        name="charades",
        folder=folder,
        texts={
            "Charades_v1_classes.txt": classes,
            "Charades_v1_train.csv": CHARADES_HEADER
            + '46GP8,HR43,Kitchen,6,7,Yes,"A, b.",a;b,"x, y",c092 11.90 21.20;c147 0.00 12.60,24.83\n'
            + "N11GT,0KZ7,Stairs,6,7,Yes,x,a,y,,18.33\n",
            "Charades_v1_test.csv": CHARADES_HEADER
            + "YSKX3,1,Room,6,7,Yes,x,a,y,c156 0.00 1.00;c000 1.00 2.00;c000 5.00 9.00,30.00\n",
        },
        videos=("46GP8.mp4", "N11GT.mp4", "YSKX3.mp4"),
        expected={"46GP8": ("train", (92, 147)), "N11GT": ("train", ()), "YSKX3": ("test", (0, 156))},
    )


BUILDERS = {
    "kinetics400": kinetics,
    "ssv2": ssv2,
    "mit339": moments,
    "diving48": diving48,
    "epickitchens100": epic_kitchens,
    "ucf101": ucf101,
    "hmdb51": hmdb51,
    "jester": jester,
    "charades": charades,
}
"""Every form of annotation; ImageNet's is its folders and has tests of its own."""


@pytest.fixture
def make_copy(tmp_path: Path) -> Callable[..., Copy]:
    """A miniature copy of a data set by name, not yet written."""
    return lambda name, **settings: BUILDERS[name](tmp_path, **settings)


@pytest.fixture(params=BUILDERS)
def copy(request: pytest.FixtureRequest, tmp_path: Path) -> Copy:
    """Every miniature copy in turn, not yet written."""
    return BUILDERS[request.param](tmp_path)


@pytest.fixture
def epic() -> Callable[..., str]:
    """A row of the Epic-Kitchens files."""
    return epic_row
