"""UCF101-24 and JHMDB: every frame of a video is labelled with boxes; the samples are frames, numbered from 1.

Frame 34 of a video is the sample ``Class/video@00034``, and its time the middle of that frame at the rate of
the card, so that it is the frame on screen. UCF101-24 is read from the cache of the action tubelet detector, or
from ``finalAnnots.mat`` with the lists of UCF101's split 1; JHMDB from the cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from twlv.data.boxes.key_frames import KeyFrame
from twlv.data.boxes.tubes import TubeSet, boxes_at, read_final_annotations, read_tube_cache
from twlv.data.named.card import MEMORY, Choice, ClassList, NamedSet
from twlv.data.named.files import Annotations, TextFile
from twlv.data.named.items import Annotated, Item, Request
from twlv.errors import InputError

UCF_CACHE, UCF_MATLAB, JHMDB_CACHE = "UCF101v2-GT.pkl", "finalAnnots.mat", "JHMDB-GT.pkl"
SPARSE = 8
"""Of UCF101-24 every eighth frame is a sample unless all are asked for: it has more than half a million."""
UCF_FPS, JHMDB_FPS = 25.0, 30.0


def read_ucf(request: Request) -> Annotated:
    """Frames of the videos of split 1, the only one that is in use."""
    files, path = request.files, request.files.path(UCF_CACHE)
    if path is not None:
        found = read_tube_cache(path)
    else:
        path = _need(files, UCF_MATLAB, UCF_CACHE)
        found = read_final_annotations(path)
        lists = tuple(_listed(files, f"{name}list01.txt", found) for name in ("train", "test"))
        found = replace(found, splits=((lists[0], lists[1]),))
    every = SPARSE if request.choice == "sparse" else 1
    return Annotated(
        items=list(_items(request, found, path, split=0, every=every, fps=UCF_FPS)),
        classes=request.classes or found.classes,
    )


def read_jhmdb(request: Request) -> Annotated:
    """All frames of one of the three splits."""
    path = _need(request.files, JHMDB_CACHE)
    found = read_tube_cache(path)
    number = int(request.choice) - 1
    return Annotated(
        items=list(_items(request, found, path, split=number, every=1, fps=JHMDB_FPS)),
        classes=request.classes or found.classes,
    )


def _items(
    request: Request, found: TubeSet, path: Path, *, split: int, every: int, fps: float
) -> Iterator[Item]:
    if split >= len(found.splits):
        raise InputError(f"{path}: has {len(found.splits)} splits, split {split + 1} was asked")
    file = TextFile(path=path, text="")
    for name, videos in zip(("train", "test"), found.splits[split], strict=True):
        for video in videos if name in request.splits else ():
            if video not in found.videos:
                raise InputError(f"{path}: '{video}' of split {split + 1} has no annotation")
            label, _, stem = video.rpartition("/")
            names = {"label": label, "stem": stem, "split": name}
            for frame in range(1, found.videos[video].num_frames + 1, every):
                target = boxes_at(found.videos[video], frame, len(found.classes), fps=fps)
                key = KeyFrame(video_id=f"{video}@{frame:05}", video=video, target=target, line=0)
                yield Item(
                    video_id=key.video_id,
                    split=name,
                    target=target,
                    names=names,
                    file=file,
                    line=0,
                    span=key.span,
                    group=video,
                )


def _need(files: Annotations, *names: str) -> Path:
    """A file that is not text. InputError says what was looked for."""
    path = files.path(*names)
    if path is None:
        card = JHMDB if JHMDB_CACHE in names else UCF101_24
        there = "it is empty" if not any(files.given.iterdir()) else f"looked for {' or '.join(names)}"
        raise InputError(f"{files.given}: no {names[0]} here; {there}; {card.fetch}")
    return path


def _listed(files: Annotations, name: str, found: TubeSet) -> tuple[str, ...]:
    """Videos of a list of UCF101 that have tubes."""
    file = files.need(name)
    stems = (line.split()[0].rpartition(".")[0].replace("\\", "/") for _, line in file.lines())
    return tuple(stem for stem in stems if stem in found.videos)


UCF101_24 = NamedSet(
    name="ucf101-24",
    title="UCF101-24, split 1, every eighth frame",
    licence="none stated where we looked",
    citation="Soomro et al., UCF101, arXiv:1212.0402; tubes corrected in Singh et al., ICCV 2017",
    classes={"": ClassList(num=24, order="as in the annotation: sorted names")},
    counts=(),
    fetch=f"{UCF_CACHE} of the action tubelet detector, or {UCF_MATLAB} of the repository "
    "gurkirt/corrected-UCF101-Annots with trainlist01.txt and testlist01.txt of UCF101; the videos of UCF101",
    schemes=(
        "{label}/{stem}",
        "UCF-101/{label}/{stem}",
        "videos/{label}/{stem}",
        "rgb-images/{label}/{stem}/",
        "Frames/{label}/{stem}/",
    ),
    suffixes=(".avi", ".mp4", ".webm", ".mkv"),
    places=("annotations", "splitfiles", "ucfTrainTestlist"),
    read=read_ucf,
    splits=("train", "test"),
    known_splits=("train", "test"),
    fps=UCF_FPS,
    choice=Choice(
        name="frames",
        values=("sparse", "all"),
        meaning=f"samples: every {SPARSE}th frame of a video (ours), or all",
        titles={"sparse": "UCF101-24, split 1, every eighth frame", "all": "UCF101-24, split 1"},
    ),
)

JHMDB = NamedSet(
    name="jhmdb",
    title="JHMDB, split 1",
    licence=f"CC-BY-4.0 ({MEMORY})",
    citation="Jhuang et al., Towards Understanding Action Recognition, ICCV 2013",
    classes={"": ClassList(num=21, order="as in the annotation: sorted names")},
    counts=(),
    fetch=f"{JHMDB_CACHE} of the action tubelet detector (vkalogeiton/caffe, branch act-detector); the frames "
    "or videos from the JHMDB page of the Max Planck Institute",
    schemes=(
        "Frames/{label}/{stem}/",
        "Rename_Images/{label}/{stem}/",
        "ReCompress_Videos/{label}/{stem}",
        "{label}/{stem}/",
        "{label}/{stem}",
        "videos/{label}/{stem}",
    ),
    suffixes=(".avi", ".mp4", ".webm", ".mkv"),
    places=("annotations",),
    read=read_jhmdb,
    splits=("train", "test"),
    known_splits=("train", "test"),
    fps=JHMDB_FPS,
    choice=Choice(
        name="split",
        values=("1", "2", "3"),
        meaning="which of the three official splits",
        titles={number: f"JHMDB, split {number}" for number in ("1", "2", "3")},
    ),
)
