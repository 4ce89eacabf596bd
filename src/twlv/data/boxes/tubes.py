"""Annotations of sets that label every frame, as tubes: UCF101-24 and JHMDB in the forms that are passed on.

``UCF101v2-GT.pkl`` and ``JHMDB-GT.pkl`` (the action tubelet detector's caches): a dictionary of ``labels``,
``train_videos`` and ``test_videos`` (a list for each split), ``nframes``, ``resolution`` (height, width) and
``gttubes`` (video, label, arrays of frame, x1, y1, x2, y2; labels from 0). They are read without running
anything that is in them. ``finalAnnots.mat`` (UCF101-24, corrected by G. Singh): tubes of x, y, width, height;
labels from 1. Frames are numbered from 1 in both, and both ends belong to a tube.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twlv.data.segments.pickled import read_pickled_tree
from twlv.errors import InputError
from twlv.metrics.tubes import Tube
from twlv.types import Boxes, DoubleArray

UCF_SIZE = (240, 320)
"""Height and width of every video of UCF101."""


@dataclass(frozen=True, kw_only=True)
class TubeVideo:
    """A video and its tubes, in pixels of a picture of ``height_px`` by ``width_px``."""

    name: str
    num_frames: int
    height_px: int
    width_px: int
    tubes: tuple[Tube, ...]


@dataclass(frozen=True, kw_only=True)
class TubeSet:
    """``classes`` in the order of labels; ``splits`` are names of training and test videos, perhaps none."""

    classes: tuple[str, ...]
    videos: Mapping[str, TubeVideo]
    splits: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()


def read_tube_cache(path: Path) -> TubeSet:
    """A cache of the action tubelet detector (.pkl).

    Raises:
        InputError: another form; a tube whose frames are not one after another or beyond the video.
    """
    tree = read_pickled_tree(path)
    needed = ("labels", "train_videos", "test_videos", "nframes", "resolution", "gttubes")
    absent = [name for name in needed if name not in tree]
    if absent:
        raise InputError(f"{path}: no {', '.join(absent)}; it has {', '.join(map(str, tree))}"[:300])
    try:
        videos = {name: _cached(path, name, tree) for name in tree["gttubes"]}
        splits = tuple(
            (tuple(train), tuple(test))
            for train, test in zip(tree["train_videos"], tree["test_videos"], strict=True)
        )
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise InputError(f"{path}: not a cache of tubes: {error!r}"[:300]) from error
    return TubeSet(classes=tuple(map(str, tree["labels"])), videos=videos, splits=splits)


def read_final_annotations(path: Path) -> TubeSet:
    """``finalAnnots.mat``; it holds no splits, and classes are named by the folders of their videos.

    Raises:
        InputError: another form, or a class without videos, or with those of two folders.
    """
    from scipy.io import loadmat

    try:
        annotations = loadmat(path, squeeze_me=False, struct_as_record=True)["annot"].ravel()
        videos = {video.name: video for video in map(_of_matlab, annotations)}
    except (OSError, KeyError, TypeError, ValueError, IndexError, NotImplementedError) as error:
        raise InputError(f"{path}: not the annotations of UCF101-24: {error!r}"[:300]) from error
    folders = {(tube.label, name.partition("/")[0]) for name, video in videos.items() for tube in video.tubes}
    numbers = [label for label, _ in sorted(folders)]
    if numbers != list(range(len(numbers))):
        raise InputError(
            f"{path}: classes are numbered {[n + 1 for n in numbers][:30]}, one folder each is needed"
        )
    for video in videos.values():
        _check(path, video, len(folders))
    return TubeSet(classes=tuple(name for _, name in sorted(folders)), videos=videos)


def boxes_at(video: TubeVideo, frame: int, num_classes: int, *, fps: float) -> Boxes:
    """Everybody in one frame (from 1), in shares of the picture; its time is the middle of the frame.

    Corners are as annotated, clipped nowhere: a box may end a pixel outside.
    """
    tubes = [tube for tube in video.tubes if tube.first_frame <= frame <= tube.last_frame]
    corners = np.array([tube.xyxy[frame - tube.first_frame] for tube in tubes]).reshape(-1, 4)
    size = np.array([video.width_px, video.height_px] * 2)
    labels = np.zeros((len(tubes), num_classes), dtype=bool)
    labels[np.arange(len(tubes)), [tube.label for tube in tubes]] = True
    return Boxes(time_seconds=(frame - 0.5) / fps, xyxy=corners / size, labels=labels)


def tubes_at(
    video: TubeVideo, frames: Sequence[int], num_classes: int
) -> tuple[DoubleArray, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Everybody who is in any of A frames (from 1): corners (A, n, 4), labels (n, K), and who is where (A, n).

    Corners are in shares of the picture, 0 where somebody is not there. ``heads.stal.targets.tubes`` takes
    this, to teach whole tubes instead of a key frame.
    """
    people = [tube for tube in video.tubes if any(tube.first_frame <= f <= tube.last_frame for f in frames)]
    size = np.array([video.width_px, video.height_px] * 2)
    corners = np.zeros((len(frames), len(people), 4))
    present = np.zeros(corners.shape[:2], dtype=bool)
    for column, tube in enumerate(people):
        for row, frame in enumerate(frames):
            if tube.first_frame <= frame <= tube.last_frame:
                corners[row, column] = tube.xyxy[frame - tube.first_frame] / size
                present[row, column] = True
    labels = np.zeros((len(people), num_classes), dtype=bool)
    labels[np.arange(len(people)), [tube.label for tube in people]] = True
    return corners, labels, present


def _cached(path: Path, name: str, tree: Mapping[str, Any]) -> TubeVideo:
    height, width = (int(side) for side in tree["resolution"][name])
    tubes = tuple(
        _tube(path, name, int(label), np.asarray(rows, dtype=np.float64))
        for label, arrays in sorted(tree["gttubes"][name].items())
        for rows in arrays
    )
    video = TubeVideo(
        name=name, num_frames=int(tree["nframes"][name]), height_px=height, width_px=width, tubes=tubes
    )
    _check(path, video, len(tree["labels"]))
    return video


def _tube(path: Path, name: str, label: int, rows: np.ndarray) -> Tube:
    if rows.ndim != 2 or rows.shape[1] != 5 or not len(rows) or (np.diff(rows[:, 0]) != 1).any():
        raise InputError(f"{path}: a tube of {name} is not one box in each of consecutive frames")
    return Tube(video=name, label=label, first_frame=int(rows[0, 0]), xyxy=rows[:, 1:])


def _of_matlab(record: Any) -> TubeVideo:
    name = str(record["name"].item())
    tubes = []
    for tube in record["tubes"].ravel():
        first, last, label = (int(tube[field].item()) for field in ("sf", "ef", "class"))
        boxes = np.asarray(tube["boxes"], dtype=np.float64).reshape(-1, 4)
        if last - first + 1 != len(boxes):
            raise ValueError(f"{name}: {len(boxes)} boxes for the frames {first} to {last}")
        corners = np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)
        tubes.append(Tube(video=name, label=label - 1, first_frame=first, xyxy=corners))
    height, width = UCF_SIZE
    return TubeVideo(
        name=name,
        num_frames=int(record["num_imgs"].item()),
        height_px=height,
        width_px=width,
        tubes=tuple(tubes),
    )


def _check(path: Path, video: TubeVideo, num_classes: int) -> None:
    for tube in video.tubes:
        if not 0 <= tube.label < num_classes:
            raise InputError(f"{path}: {video.name} has class {tube.label}, there are {num_classes} from 0 on")
        if tube.first_frame < 1 or tube.last_frame > video.num_frames:
            raise InputError(
                f"{path}: a tube of {video.name} has the frames {tube.first_frame} to {tube.last_frame}, the "
                f"video has {video.num_frames} from 1 on"
            )
