"""Video files and folders to a ``Dataset`` without labels."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from twlv.data.paths import id_of, is_absolute, posix
from twlv.data.rows import is_video_name
from twlv.errors import InputError, UsageError
from twlv.files import PICTURE_SUFFIXES
from twlv.types import Dataset, DatasetCard, Sample

MANIFEST_HINT = "write a manifest: video_id,path"

_log = logging.getLogger(__name__)


def collect(inputs: Sequence[str | Path]) -> Dataset:
    """Every video of the files and folders given, in order; folders are searched to the bottom, sorted.

    Ids are paths relative to the folder, the path of a file as written, or the name of a file given by its
    absolute path. A file that is named is taken whatever its ending. In folders videos are taken, and
    pictures beside them, each as a video of one frame; files of other endings are left out, which is logged
    with their number, and hidden ones are. A folder of nothing but pictures could be one video or many: it is
    refused, and the message says how to tell.

    InputError: an input that does not exist, a folder without videos, two files with one id.
    """
    if not inputs:
        raise UsageError("nothing to read: give video files, folders or a manifest")
    found: dict[str, Path] = {}
    for given in inputs:
        for video_id, path in _videos(given):
            earlier = found.setdefault(video_id, path)
            if earlier != path and not earlier.samefile(path):
                raise InputError(f"{path} and {earlier} would both be called '{video_id}'; {MANIFEST_HINT}")
    names = [Path(given).name or str(given) for given in inputs]
    card = DatasetCard(name=names[0] if len(names) == 1 else f"{names[0]}+{len(names) - 1}")
    return Dataset(card=card, samples=tuple(Sample(video_id=i, path=str(p)) for i, p in found.items()))


def _videos(given: str | Path) -> Iterator[tuple[str, Path]]:
    path = Path(given)
    if path.is_file():
        written = posix(str(given))
        yield (path.name if is_absolute(written) else id_of(written)), path
    elif path.is_dir():
        files = list(_walk(path))
        if not any(is_video_name(file.name) for file in files):
            raise InputError(_no_videos(path, files))
        taken = [file for file in files if is_video_name(file.name) or file.suffix.lower() in PICTURE_SUFFIXES]
        if len(taken) < len(files):
            left = _endings(sorted(set(files) - set(taken)))
            _log.warning("%s: left out %d files that are not videos (%s)", path, len(files) - len(taken), left)
        yield from ((file.relative_to(path).as_posix(), file) for file in taken)
    else:
        raise InputError(f"{given}: no such file or folder")


def _walk(folder: Path) -> Iterator[Path]:
    """Files below a folder, sorted by their parts; links are followed, but no folder is entered twice."""
    seen: set[str] = set()
    for base, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(base)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(base) / name for name in sorted(files) if not name.startswith("."))


def _no_videos(path: Path, files: Sequence[Path]) -> str:
    hint = ""
    if any(file.suffix.lower() in PICTURE_SUFFIXES for file in files):
        hint = (
            "; if they are the frames of one video, write a manifest with the columns path,fps; "
            f"if each stands for itself, name them: {path}/*"
        )
    return f"{path}: no video files in this folder; seen {_endings(files) or 'no files'}{hint}"


def _endings(files: Iterable[Path]) -> str:
    """The three commonest endings with their counts."""
    endings = Counter(file.suffix.lower() or "no ending" for file in files)
    return ", ".join(f"{count} x {ending}" for ending, count in endings.most_common(3))


def videos_by_stem(root: Path) -> dict[str, Path]:
    """Every video below ``root`` by its name without the ending; the first in order of paths."""
    found: dict[str, Path] = {}
    for base, folders, files in os.walk(root):
        folders.sort()
        for name in sorted(files):
            if is_video_name(name):
                found.setdefault(Path(name).stem, Path(base) / name)
    return found
