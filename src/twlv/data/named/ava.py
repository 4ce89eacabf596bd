"""AVA v2.2: people and what they do at every second from 902 to 1798 of 299 movies; key frames are the samples.

Every valid second of a movie is a sample, also those with nobody in them, so that their number is the report's:
897 seconds of each movie less those on the lists of exclusions.
"""

from __future__ import annotations

from twlv.data.boxes.classes import AVA_NOT_EVALUATED, read_actions
from twlv.data.boxes.folder import read_excluded, read_times
from twlv.data.boxes.key_frames import Clock, key_frames
from twlv.data.boxes.rows import MICROSECONDS, read_box_rows
from twlv.data.named.card import Choice, ClassList, Count, NamedSet
from twlv.data.named.files import Annotations
from twlv.data.named.items import Annotated, Item, Request

FILES = {split: (f"ava_{split}_v2.2.csv",) for split in ("train", "val")}
ALL_ACTIONS = "ava_action_list_v2.2.pbtxt"
EVALUATED = (
    "ava_action_list_v2.2_for_activitynet_2019.pbtxt",
    "ava_action_list_v2.1_for_activitynet_2018.pbtxt",
)
INCLUDED = "ava_included_timestamps_v2.2.txt"
SECONDS = range(902, 1799)
STARTS = {"clips": 900, "movies": 0}


def read(request: Request) -> Annotated:
    """All key frames of the CSV files; either list of actions will do, the ids of both are the same."""
    files = request.files
    names = _names(files)
    index = {number: number - 1 for number in names}
    included = files.find(INCLUDED)
    times = read_times(included.path) if included else tuple(second * MICROSECONDS for second in SECONDS)
    items: list[Item] = []
    for split, file in files.by_split(FILES, request.splits):
        excluded = files.find(f"ava_{split}_excluded_timestamps_v2.2.csv")
        if excluded is None:
            files.notes.append(f"{split}: no list of excluded seconds; those are among the key frames")
        clock = Clock(
            times_us=times,
            excluded=read_excluded(excluded.path) if excluded else frozenset(),
            starts_us=STARTS[request.choice] * MICROSECONDS,
        )
        frames, notes = key_frames(read_box_rows(file.path), index, len(names), clock)
        files.notes += [f"{split}: {note}" for note in notes]
        items += [
            Item(
                video_id=frame.video_id,
                split=split,
                target=frame.target,
                names={"video": frame.video, "split": split},
                file=file,
                line=frame.line,
                span=frame.span,
                group=frame.video,
            )
            for frame in frames
        ]
    scored = tuple(number - 1 for number in names if number not in AVA_NOT_EVALUATED)
    return Annotated(items=items, classes=request.classes or tuple(names.values()), scored=scored)


def _names(files: Annotations) -> dict[int, str]:
    """All 80 actions by id; without the list of all, the 20 that are not evaluated are named by their ids."""
    file = files.find(ALL_ACTIONS) or files.need(*EVALUATED)
    known = read_actions(file.path)
    return {number: known.get(number, f"action {number}") for number in range(1, max(known) + 1)}


CARD = NamedSet(
    name="ava",
    title="AVA v2.2",
    version="2.2",
    licence="CC-BY-4.0, the annotations (read in the download of the lists)",
    citation="Gu et al., AVA: A Video Dataset of Spatio-temporally Localized Atomic Visual Actions, CVPR 2018",
    classes={"": ClassList(num=80, order="the action id less 1; the 60 evaluated ones are scored")},
    counts=(
        Count(
            split="train", num=210_634, source="report, Table 2; 235 movies of 897 seconds less 161 excluded"
        ),
        Count(split="val", num=57_371, source="report, Table 2; 64 movies of 897 seconds less 37 excluded"),
    ),
    fetch="ava_v2.2.zip from the AVA page of Google Research; the movies, or their cuts from second 900 to "
    "1801, from the mirror that the repository cvdfoundation/ava-dataset names",
    schemes=(
        "{video}",
        "videos_15min/{video}",
        "videos/{video}",
        "trainval/{video}",
        "frames/{video}/",
    ),
    suffixes=(".mp4", ".mkv", ".webm", ".avi"),
    places=("annotations", "ava_v2.2"),
    read=read,
    fps=30.0,
    choice=Choice(
        name="variant",
        values=("clips", "movies"),
        meaning="what the files are: cuts that start at second 900 of the movie, or whole movies",
        titles={"clips": "AVA v2.2", "movies": "AVA v2.2, whole movies"},
    ),
)
