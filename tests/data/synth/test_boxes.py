"""Boxes and actions: the layout of AVA, and that the boxes are where the objects are in the decoded frames."""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from twlv.data.synth import make_set, settings_for
from twlv.data.synth.acting import ACTIONS, GOING
from twlv.data.synth.make import PLANS, file_of
from twlv.video import read_clip
from twlv.video.synthetic import Scene, render

SETTINGS = settings_for("boxes", num_train=12, num_val=9, size_px=64)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("boxes")
    make_set(folder, SETTINGS)
    return folder


def rows_of(path: Path) -> list[list[str]]:
    with path.open() as file:
        return list(csv.reader(file))


def frame_boxes(folder: Path) -> Iterator[dict[str, str]]:
    for split in ("train", "val"):
        with (folder / f"frames_{split}.csv").open() as file:
            yield from csv.DictReader(file)


def test_key_rows_are_as_ava_writes_them(made: Path) -> None:
    for split in ("train", "val"):
        lines = (made / f"{split}.csv").read_text().splitlines()
        assert lines == sorted(lines)
        for video, second, *corners, action, person in rows_of(made / f"{split}.csv"):
            assert video.startswith(split)
            assert second == "0001"
            assert all(re.fullmatch(r"[01]\.\d{3}", corner) for corner in corners)
            x1, y1, x2, y2 = map(float, corners)
            assert 0 <= x1 < x2 <= 1
            assert 0 <= y1 < y2 <= 1
            assert 1 <= int(action) <= len(ACTIONS)
            assert 0 <= int(person) <= 3
    assert (made / "included_timestamps.txt").read_text() == "0001\n"


def test_the_label_map_counts_from_one(made: Path) -> None:
    text = (made / "actions.pbtxt").read_text()
    items = re.findall(r'item \{\n  name: "([^"]+)"\n  id: (\d+)\n\}', text)
    assert items == [(name, str(number)) for number, name in enumerate(ACTIONS, start=1)]


def test_an_actor_has_one_way_of_going_and_up_to_three_labels(made: Path) -> None:
    labels = defaultdict(set)
    for video, _, *corners, action, person in rows_of(made / "train.csv"):
        labels[video, person, tuple(corners)].add(int(action))
    ways = {ACTIONS.index(name) + 1 for name in GOING}
    assert all(len(found & ways) == 1 for found in labels.values())
    assert {len(found) for found in labels.values()} == {1, 2, 3}
    assert {len([1 for video, *_ in labels if video == name]) for name, *_ in labels} == {1, 2, 3, 4}


def test_the_key_box_is_that_of_the_frame_on_screen_at_that_second(made: Path) -> None:
    at = {(row["video_id"], row["frame"], row["person_id"]): row for row in frame_boxes(made)}
    for video, second, *corners, action, person in rows_of(made / "val.csv"):
        row = at[video, str(int(second) * SETTINGS.fps), person]
        assert [row[name] for name in ("x1", "y1", "x2", "y2")] == corners
        assert action in row["action_ids"].split()


def test_actions_are_balanced_over_the_actors_of_a_full_set(tmp_path: Path) -> None:
    plan = PLANS["boxes"](settings_for("boxes", num_train=120, num_val=36))
    plan.annotate(tmp_path)
    counts = Counter(int(row[6]) for row in rows_of(tmp_path / "train.csv"))
    going, others = [counts[i] for i in range(1, 6)], [counts[i] for i in range(6, 10)]
    assert max(going) < 1.25 * min(going)
    assert max(others) < 1.25 * min(others)


def test_boxes_are_around_the_objects_in_the_decoded_frames(made: Path) -> None:
    """The file shows what was drawn; taking an actor away changes that inside its box only, side to side."""
    found: dict[str, dict[int, dict[int, list[float]]]] = defaultdict(lambda: defaultdict(dict))
    for row in frame_boxes(made):
        corners = [64 * float(row[name]) for name in ("x1", "y1", "x2", "y2")]
        found[row["video_id"]][int(row["person_id"])][int(row["frame"])] = corners
    for video in PLANS["boxes"](SETTINGS).videos[:8]:
        assert video.scene is not None
        scene = video.scene()
        drawn = _rendered(scene)
        shown = read_clip(made / file_of(video, SETTINGS), num_frames=SETTINGS.num_frames).frames.numpy()
        assert np.abs(shown.astype(int) - drawn).mean() < 8
        alone = int(video.columns["actors"]) == len(scene.movers) == 1
        for person, boxes in found[video.video_id].items():
            gone = replace(scene.movers[person], path=replace(scene.movers[person].path, centre=(9.0, 9.0)))
            movers = (*scene.movers[:person], gone, *scene.movers[person + 1 :])
            changed = (drawn != _rendered(replace(scene, movers=movers))).any(axis=1)
            for frame, (x1, y1, x2, y2) in boxes.items():
                ys, xs = np.nonzero(changed[frame])
                assert x1 - 1.6 <= xs.min() <= xs.max() + 1 <= x2 + 1.6
                assert y1 - 1.6 <= ys.min() <= ys.max() + 1 <= y2 + 1.6
                if alone:
                    assert xs.min() <= x1 + 1.6 < x2 - 1.6 <= xs.max() + 1
                    assert ys.min() <= y1 + 1.6 < y2 - 1.6 <= ys.max() + 1


def _rendered(scene: Scene) -> np.ndarray:
    return render([scene], num_frames=SETTINGS.num_frames, size_px=SETTINGS.size_px)[0].numpy().astype(int)
