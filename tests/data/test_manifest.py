"""Manifests: what is understood, and what every kind of mistake is told."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twlv.data import dataset, read_manifest
from twlv.errors import InputError, ManifestError, UnknownName, UsageError
from twlv.types import ClassLabel, Dataset, Span

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a manifest and return its path."""

    def written(text: str | bytes, name: str = "set.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return written


def labels(data: Dataset) -> list[int | None]:
    return [None if s.target is None else s.target.index for s in data.samples]


def ids(data: Dataset) -> list[str]:
    return [s.video_id for s in data.samples]


# ---------------------------------------------------------------- CSV


def test_csv_with_every_column(write: Write, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    (tmp_path / "frames").mkdir()
    text = (
        "video_id,path,label,split,start_seconds,end_seconds,group,fps,camera\n"
        "one,a.mp4,serve,train,0,2.5,court 1,30,left\n"
        "two,frames,smash,val,,,court 2,12.5,right\n"
        "three,gone.mp4,,test,,,,,\n"
    )
    data = read_manifest(write(text))
    one, two, three = data.samples
    assert (one.video_id, one.path, one.split, one.group) == (
        "one",
        str(tmp_path / "a.mp4"),
        "train",
        "court 1",
    )
    assert one.span == Span(start_seconds=0, end_seconds=2.5)
    assert one.fps is None  # a file has timestamps, whatever the column says
    assert two.fps == 12.5
    assert (three.target, three.span, three.group) == (None, None, "")
    assert data.card.classes == ("serve", "smash")
    assert labels(data) == [0, 1, None]
    assert data.missing == {"three"}
    assert data.card.name == "set"
    assert data.card.annotation_sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert data.card.selection == ""


def test_ids_default_to_paths_and_spans(write: Write) -> None:
    text = "path,start_seconds,end_seconds\nd/./a.mp4,,\nd\\b.mp4,0,1.5\nd\\b.mp4,1.5,3\n/abs/c.mp4,,\n"
    assert ids(read_manifest(write(text))) == ["d/a.mp4", "d/b.mp4#0-1.5", "d/b.mp4#1.5-3", "abs/c.mp4"]


def test_an_absolute_path_below_the_root_is_cut_there(write: Write, tmp_path: Path) -> None:
    data = read_manifest(write(f"path\n{tmp_path}/x/a.mp4\n"))
    assert ids(data) == ["x/a.mp4"]
    assert data.samples[0].path == f"{tmp_path}/x/a.mp4"


def test_root(write: Write, tmp_path: Path) -> None:
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "a.mp4").touch()
    manifest = write("path\na.mp4\n")
    assert read_manifest(manifest).missing == {"a.mp4"}
    data = read_manifest(manifest, root=tmp_path / "videos")
    assert data.missing == frozenset()
    assert data.samples[0].path == str(tmp_path / "videos" / "a.mp4")


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfpath,label\na.mp4,x\nb.mp4,y\n",
        b"path,label\r\na.mp4,x\r\nb.mp4,y\r\n",
        b"path,label\ra.mp4,x\rb.mp4,y",
        b"# made by hand\n\npath,label\na.mp4,x\n# half way\nb.mp4,y\n\n",
        b"path;label\na.mp4;x\nb.mp4;y\n",
        b"path\tlabel\na.mp4\tx\nb.mp4\ty\n",
        b'"path","label"\n"a.mp4","x"\n"b.mp4","y"\n',
        b"Path, Label\n a.mp4 , x\n b.mp4 , y\n",
    ],
)
def test_ways_of_writing_the_same_table(write: Write, content: bytes) -> None:
    data = read_manifest(write(content))
    assert ids(data) == ["a.mp4", "b.mp4"]
    assert data.card.classes == ("x", "y")


@pytest.mark.parametrize(
    ("name", "split"),
    [("train", "train"), ("Validation", "val"), ("dev", "val"), ("testing", "test"), ("", "")],
)
def test_split_names(write: Write, name: str, split: str) -> None:
    assert read_manifest(write(f"path,split\na.mp4,{name}\n")).samples[0].split == split


def test_json_lines(write: Write) -> None:
    text = (
        '{"path": "a b.mp4", "label": 1, "start_seconds": 0.5, "end_seconds": 2, "t": ["x"]}\n'
        "\n"
        '{"path": "b.mp4", "label": "0", "group": null}\n'
    )
    for name in ("set.jsonl", "set.txt"):
        data = read_manifest(write(text, name))
        assert ids(data) == ["a b.mp4#0.5-2", "b.mp4"]
        assert labels(data) == [1, 0]


# ---------------------------------------------------------------- labels


def test_integers_are_indices_and_classes_are_those_of_all_splits(write: Write) -> None:
    data = read_manifest(write("path,label,split\na.mp4,1,train\nb.mp4,4,val\n"))
    assert labels(data) == [1, 4]
    assert data.card.classes == ("0", "1", "2", "3", "4")


def test_names_are_sorted_over_all_splits(write: Write) -> None:
    data = read_manifest(write("path,label,split\na.mp4,z,train\nb.mp4,a,val\nc.mp4,m,train\n"))
    assert data.card.classes == ("a", "m", "z")
    assert labels(data) == [2, 0, 1]
    assert data.split("train").card.classes == ("a", "m", "z")


@pytest.mark.parametrize(
    "official",
    [
        ("HammerThrow", "Hammering"),  # sorted(): capitals first; UCF101 lists Hammering first
        ("Swiping Left", "Swiping Right", "Doing other things"),
        ("clapping", "praying", "dropping"),
        (
            "Lifting something up completely, then letting it drop down",
            "Lifting something up completely without letting it drop down",
        ),
    ],
)
def test_an_official_list_is_never_sorted_again(
    write: Write, tmp_path: Path, official: tuple[str, ...]
) -> None:
    official = official[::-1] if official[0] == "HammerThrow" else official
    assert list(official) != sorted(official)
    rows = "".join(f'{i}.mp4,"{name}"\n' for i, name in enumerate(official))
    manifest = write(f"path,label\n{rows}")
    listed = tmp_path / "classes.txt"
    listed.write_text("\n".join(official))
    for classes in (official, listed):
        data = read_manifest(manifest, classes=classes)
        assert labels(data) == list(range(len(official)))
        assert data.card.classes == official


def test_labels_counted_from_one(write: Write) -> None:
    manifest = write("path,label\na.mp4,1\nb.mp4,2\nc.mp4,3\n")
    with pytest.raises(
        ManifestError, match=r"line 4: label 3 with 3 classes: .*look counted from 1; subtract 1"
    ):
        read_manifest(manifest, classes=["x", "y", "z"])
    assert labels(read_manifest(manifest, classes=["w", "x", "y", "z"])) == [1, 2, 3]
    both = write("path,label\na.mp4,0\nb.mp4,3\n")  # with a 0 it is only one too many
    with pytest.raises(ManifestError, match=r"line 3: label 3, but there are 3 classes \(0 to 2\)"):
        read_manifest(both, classes=["x", "y", "z"])


def test_moments_in_time_has_339_or_305(write: Write) -> None:
    manifest = write("path,label\na.mp4,338\nb.mp4,0\n")
    assert labels(read_manifest(manifest, classes=[f"c{i}" for i in range(339)])) == [338, 0]
    with pytest.raises(ManifestError, match=r"line 2: label 338, but there are 305 classes \(0 to 304\)"):
        read_manifest(manifest, classes=[f"c{i}" for i in range(305)])


def test_names_and_integers_do_not_mix(write: Write) -> None:
    said = "line 4: labels mix names and integers: 'serve' in line 4, '0' in line 2"
    with pytest.raises(ManifestError, match=said):
        read_manifest(write("path,label\na.mp4,0\nb.mp4,1\nc.mp4,serve\n"))


def test_an_unknown_name(write: Write) -> None:
    with pytest.raises(
        ManifestError, match=r"line 2: label 'serv' is not among the 2 given .* did you mean 'serve'"
    ):
        read_manifest(write("path,label\na.mp4,serv\n"), classes=["smash", "serve"])


@pytest.mark.parametrize("classes", [[], ["a", "b", "a"]])
def test_class_lists_that_are_none(write: Write, classes: list[str]) -> None:
    with pytest.raises(InputError, match="not a class list"):
        read_manifest(write("path,label\na.mp4,a\n"), classes=classes)


# ---------------------------------------------------------------- list files

PATHS = st.text(st.sampled_from("abé 1,;:_-#()&!'"), min_size=1, max_size=12).map(
    lambda stem: "d/" + stem.strip().replace("::", ":").rstrip(":") + ".mp4"
)


@settings(max_examples=80, deadline=None)
@given(
    rows=st.lists(st.tuples(PATHS, st.integers(0, 99)), min_size=1, max_size=5, unique_by=lambda row: row[0]),
    separator=st.sampled_from([" ", ",", "::", "\t"]),
    header=st.booleans(),
    ending=st.sampled_from(["\n", "\r\n", "\r"]),
    mark=st.booleans(),
)
def test_list_files_keep_blanks_and_commas_in_paths(
    rows: list[tuple[str, int]],
    separator: str,
    header: bool,
    ending: str,
    mark: bool,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    lines = [f"path{separator}label"] * (header and separator in " ::") + [
        f"{p}{separator}{n}" for p, n in rows
    ]
    path = tmp_path_factory.mktemp("list") / "all.csv"
    path.write_bytes(b"\xef\xbb\xbf" * mark + ("# list" + ending + ending.join(lines) + ending).encode())
    data = read_manifest(path)
    assert [Path(s.path) for s in data.samples] == [path.parent / written for written, _ in rows]
    assert labels(data) == [number for _, number in rows]


def test_list_files_with_names(write: Write) -> None:
    data = read_manifest(write("my clip.mp4,playing guitar\nb, c.mp4,archery\n", "k400.txt"))
    assert ids(data) == ["my clip.mp4", "b, c.mp4"]
    assert data.card.classes == ("archery", "playing guitar")


def test_a_comma_list_with_a_header_and_commas_in_a_path(write: Write) -> None:
    assert ids(read_manifest(write("path,label\na.mp4,0\nb, c.mp4,1\n"))) == ["a.mp4", "b, c.mp4"]


def test_a_list_without_labels(write: Write) -> None:
    data = read_manifest(write("Archery/v 1.avi\nArchery/v 2.avi\n", "testlist01.txt"))
    assert ids(data) == ["Archery/v 1.avi", "Archery/v 2.avi"]
    assert labels(data) == [None, None]


def test_the_name_of_a_list_gives_its_split(write: Write) -> None:
    assert read_manifest(write("a.mp4 0\n", "val.csv")).splits == ("val",)
    assert read_manifest(write("a.mp4 0\n", "k400_val.csv")).splits == ("",)


def test_names_that_begin_with_the_sign_of_a_comment(write: Write) -> None:
    data = read_manifest(write("# hmdb\n#20_Rhythm_clap_u_nm_np1_fr_goo_0.avi 1\nb.avi 0\n", "list.txt"))
    assert ids(data) == ["#20_Rhythm_clap_u_nm_np1_fr_goo_0.avi", "b.avi"]


def test_a_list_of_frame_folders_is_told_apart(write: Write) -> None:
    with pytest.raises(ManifestError, match=r"three fields .* columns path,label,fps"):
        read_manifest(write("v_1 120 3\nv_2 99 0\n", "list.txt"))


def test_a_list_with_one_odd_line(write: Write) -> None:
    with pytest.raises(ManifestError, match=r"list\.txt, line 3: neither 'path label' .* seen 'c\.mp4'"):
        read_manifest(write("a.mp4 1\nb.mp4 0\nc.mp4\n", "list.txt"))


# ---------------------------------------------------------------- where


TABLE = "path,label,task,kind\na.mp4,x,one,motion\nb.mp4,y,two,motion\nc.mp4,z,one,motion\n"


def test_where(write: Write) -> None:
    manifest = write(TABLE)
    data = dataset(manifest, where={"task": "one"})
    assert ids(data) == ["a.mp4", "c.mp4"]
    assert data.card.classes == ("x", "z")
    assert data.card.selection == "task=one"
    assert data.card.name == "set"
    assert data.card.kind == "motion"
    assert data.card.annotation_sha256 == read_manifest(manifest).card.annotation_sha256
    assert dataset(manifest, where={"task": "one", "label": "z"}).card.selection == "label=z,task=one"


def test_where_that_matches_nothing(write: Write) -> None:
    manifest = write(TABLE)
    with pytest.raises(UnknownName, match=r"column of .*set\.csv 'tasks'; did you mean task"):
        dataset(manifest, where={"tasks": "one"})
    with pytest.raises(UnknownName, match=r"value of column 'task' .* 'on'; did you mean one"):
        dataset(manifest, where={"task": "on"})
    with pytest.raises(ManifestError, match="no row has task=two, label=x together"):
        dataset(manifest, where={"task": "two", "label": "x"})


# ---------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no rows"),
        ("# only\n\n", "no rows"),
        ("path,label\n", "a header but no rows"),
        ("file,label\na.mp4,x\n", "no column 'path' .* did you mean 'file'"),
        ("video_id,label\nv,x\n", r"no column 'path' \(seen: video_id, label\); add it"),
        ("path,class\na.mp4,x\n", "no column 'label' .* did you mean 'class'"),
        ("path,labell\na.mp4,x\n", "no column 'label' .* did you mean 'labell'"),
        ("path,label,subset\na.mp4,x,train\n", "no column 'split' .* did you mean 'subset'"),
        ("path,label,label\na.mp4,x,y\n", "line 1: the column 'label' stands twice"),
        ("path,label,split\na.mp4,x\n", "line 2: 2 fields, but the header has 3; fill the row"),
        ("path,label,split\na.mp4,x,y,train\n", "line 2: 4 fields, but the header has 3; quote a field"),
        ('path,label,split\n"a.mp4,x,train\n', "not CSV"),
        ("path,split\na.mp4,training2\n", "line 2: unknown split 'training2'; use train, val or test"),
        ("path,label\n,x\n", "line 2: the path is empty"),
        ("path,label\na.mp4,-1\n", "line 2: label -1; indices count from 0"),
        ("path,label\na.mp4,99999999999\n", "line 2: label 99999999999 is no class index"),
        ("video_id,path\na,1.mp4\na,2.mp4\n", "line 3: video_id 'a' stands in line 2 already"),
        ("path\na.mp4\n./a.mp4\n", "line 3: video_id 'a.mp4' stands in line 2 already"),
        ("path\n../a.mp4\n", "line 2: path '../a.mp4' leaves the root"),
        ("path\nb/../../a.mp4\n", "line 2: path .* leaves the root"),
        ("path\n.\n", "line 2: "),
        ("video_id,path\n../a,1.mp4\n", "line 2: video_id '../a' is no relative name; use for instance 'a'"),
        ("video_id,path\n/a,1.mp4\n", "line 2: video_id '/a' is no relative name"),
        ("path,start_seconds,end_seconds\na.mp4,2,1\n", r"line 2: span \[2, 1\) s; it needs 0 <= start < end"),
        ("path,start_seconds,end_seconds\na.mp4,-1,1\n", "line 2: span"),
        ("path,start_seconds,end_seconds\na.mp4,0,\n", "line 2: one of start_seconds and end_seconds is empty"),
        (
            "path,start_seconds,end_seconds\na.mp4,00:01,00:02\n",
            "line 2: start_seconds is '00:01'; give a number",
        ),
        ("path,start_seconds,end_seconds\na.mp4,0,inf\n", "line 2: end_seconds is 'inf'"),
        ("path,start_seconds,end_seconds\na.mp4,0,nan\n", "line 2: end_seconds is 'nan'"),
        ('{"path": "a.mp4"}\n{"path": \n', "line 2: not JSON"),
        ('{"path": "a.mp4"}\n["a.mp4"]\n', "line 2: one object a line"),
        ('{"path": ["a.mp4"]}\n', "line 1: 'path' is .* give a text"),
        ('{"path": "a.mp4", "label": true}\n', "line 1: 'label' is True"),
        ("path,label\na.mp4,x\0\n", "line 2: a NUL character"),
        ("nothing here\nat all\n", "line 1: neither 'path label'"),
    ],
)
def test_mistakes_say_where_and_what_to_do(write: Write, text: str, said: str) -> None:
    path = write(text)
    with pytest.raises(ManifestError, match=said) as caught:
        read_manifest(path)
    assert str(path) in str(caught.value)


def test_encodings(write: Write, tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="line 2: byte 0xe9 is not UTF-8; save the file as UTF-8"):
        read_manifest(write("path,label\ncafé.mp4,x\n".encode("latin1")))
    with pytest.raises(ManifestError, match="UTF-16"):
        read_manifest(write("path,label\n".encode("utf-16")))
    with pytest.raises(ManifestError, match="no such file"):
        read_manifest(tmp_path / "gone.csv")


def test_a_folder_of_frames_needs_its_rate(write: Write, tmp_path: Path) -> None:
    (tmp_path / "frames").mkdir()
    with pytest.raises(
        ManifestError, match="line 2: the path is a folder of frames; give its rate in a column fps"
    ):
        read_manifest(write("path,label\nframes,x\n"))
    with pytest.raises(ManifestError, match="line 2: fps is 0"):
        read_manifest(write("path,fps\nframes,0\n"))


def test_dataset_names(tmp_path: Path, write: Write) -> None:
    write("path\na.mp4\n", "mine.csv")
    with pytest.raises(UnknownName, match=r"unknown data set or manifest file .*did you mean .*mine\.csv"):
        dataset(tmp_path / "mein.csv")
    with pytest.raises(UnknownName, match="a manifest is a CSV file"):
        dataset("vimeo9")
    with pytest.raises(UsageError, match="is a folder"):
        dataset(tmp_path)


def test_targets_are_class_labels(write: Write) -> None:
    assert read_manifest(write("path,label\na.mp4,x\n")).samples[0].target == ClassLabel(index=0)


@pytest.mark.shared
def test_real_manifests(shared_dir: Path) -> None:
    folder = shared_dir / "data"
    tennis = dataset(folder / "manifest.csv", where={"task": "tennis_stroke"})
    assert (len(tennis.samples), len(tennis.card.classes), tennis.card.kind) == (371, 7, "motion")
    assert tennis.missing == frozenset()
    assert set(tennis.splits) == {"train", "val"}
    assert all(sample.fps is None for sample in tennis.samples)
    assert len(dataset(folder / "manifest.csv").samples) == 927
    scene = dataset(folder / "manifest_scene.csv")
    assert (len(scene.samples), len(scene.card.classes)) == (105, 8)
    assert len(dataset(folder / "zoo_manifest.csv").samples) == 165
