"""What a recipe says of its data, and the loader that this opens."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, TypeAlias

from twlv.data.collect import collect
from twlv.data.load import dataset
from twlv.data.rows import is_video_name
from twlv.errors import InputError, UsageError
from twlv.files import PICTURE_SUFFIXES
from twlv.pretrain.data.entries import Entries, Pictures, Videos
from twlv.pretrain.data.failures import Failures
from twlv.pretrain.data.loader import Loader
from twlv.pretrain.data.mixture import Mixture
from twlv.pretrain.data.pool import Pool
from twlv.pretrain.data.shards import open_shards
from twlv.pretrain.data.source import ClipForm, Failed, Source
from twlv.pretrain.data.stored import Stored
from twlv.pretrain.data.synthetic import Synthetic
from twlv.types import Sample

Kind: TypeAlias = Literal["videos", "images", "video-shards", "image-shards", "synthetic"]


@dataclass(frozen=True, kw_only=True)
class SourceSettings:
    """One source of a mixture.

    Attributes:
        kind: ``videos``: ``path`` is a manifest, or a folder of videos; ``images``: a folder of images, to the
            bottom; ``video-shards``, ``image-shards``: WebDataset tar files (``*``, ``{000000..000999}``);
            ``synthetic``: the procedural stream, without a path.
        name: In ids and in the list of failures; of its own within a mixture.
        path: Where it is.
        weight: Its share of all draws, relative to the others of the mixture.
        flip: Probability that a clip is mirrored, in a pool each time that it is shown. 0 where classes have a
            direction. Rendered clips are never mirrored.
        split: Rows of a manifest that are read; "": all. A manifest without splits is read whole.
        level: Of the procedural stream, 0 to 5.
        pool: Keep so many draws in memory and show these again and again; 0: none.
    """

    kind: Kind
    name: str
    path: str = ""
    weight: float = 1.0
    flip: float = 0.5
    split: str = "train"
    level: int = 5
    pool: int = 0


@dataclass(frozen=True, kw_only=True)
class DataSettings:
    """The data of a run.

    Attributes:
        clips: The mixture of clips.
        num_clips: Clips of a step, over all ranks together.
        form: Of every clip.
        images: The mixture of images; none: no images.
        num_images: Images of a step, over all ranks together.
        image_size_px: Side of an image; 0: that of a clip.
        max_failed_share: The run stops when more of its draws fail than this.
        least_draws: The share is looked at from so many draws on.
        workers: Threads (or processes) that read, of each rank.
        processes: Read in processes: for machines with many cores.
        ahead: Batches that are read in advance.
    """

    clips: tuple[SourceSettings, ...]
    num_clips: int
    form: ClipForm = field(default_factory=ClipForm)
    images: tuple[SourceSettings, ...] = ()
    num_images: int = 0
    image_size_px: int = 0
    max_failed_share: float = 0.05
    least_draws: int = 200
    workers: int = 1
    processes: bool = False
    ahead: int = 2

    @property
    def image_form(self) -> ClipForm:
        """Of every image."""
        size = self.image_size_px or self.form.size_px
        return replace(self.form, num_frames=1, size_px=size, flow_every_px=0)


def open_loader(settings: DataSettings, *, seed: int = 0, world: int = 1, rank: int = 0) -> Loader:
    """Open all sources and begin nothing yet. Raises InputError and UsageError."""
    return Loader(
        open_mixture(settings.clips, settings.form),
        num_clips=settings.num_clips,
        images=open_mixture(settings.images, settings.image_form) if settings.images else None,
        num_images=settings.num_images,
        seed=seed,
        world=world,
        rank=rank,
        workers=settings.workers,
        processes=settings.processes,
        ahead=settings.ahead,
        failures=Failures(most=settings.max_failed_share, least_draws=settings.least_draws),
    )


def open_mixture(sources: tuple[SourceSettings, ...], form: ClipForm) -> Mixture:
    """The sources of a mixture, opened."""
    opened = tuple(open_source(source, form) for source in sources)
    return Mixture(sources=opened, weights=tuple(source.weight for source in sources))


def open_source(settings: SourceSettings, form: ClipForm) -> Source:
    """One source, opened: lists and indices are read, nothing is decoded.

    Raises:
        InputError: nothing there, or nothing that can be read.
        UsageError: settings that cannot be meant.
    """
    if bool(settings.path) == (settings.kind == "synthetic"):
        raise UsageError(f"{settings.name}: a path is for all kinds but synthetic; got {settings}")
    if settings.kind == "synthetic":
        drawn = Synthetic(name=settings.name, form=form, level=settings.level)
        return Pool(source=drawn, size=settings.pool) if settings.pool else drawn
    entries, refused = _entries(settings, form)
    flip = 0.0 if settings.pool else settings.flip
    source = Stored(name=settings.name, entries=entries, form=form, flip=flip, refused=refused)
    return Pool(source=source, size=settings.pool, flip=settings.flip) if settings.pool else source


def _entries(settings: SourceSettings, form: ClipForm) -> tuple[Entries, tuple[Failed, ...]]:
    if settings.kind in ("images", "image-shards") and form.num_frames != 1:
        raise UsageError(
            f"{settings.name}: images are no clips of {form.num_frames} frames; name them as images"
        )
    if settings.kind == "videos":
        return Videos(_samples(settings)), ()
    if settings.kind == "images":
        return _pictures(Path(settings.path)), ()
    kind: Literal["video", "image"] = "video" if settings.kind == "video-shards" else "image"
    return open_shards(settings.path, kind, name=settings.name)


def _samples(settings: SourceSettings) -> tuple[Sample, ...]:
    """The rows of a manifest that are of the split, or the videos of a folder."""
    path = Path(settings.path)
    if path.is_dir():
        return tuple(sample for sample in collect([path]).samples if is_video_name(sample.path))
    data = dataset(path)
    if not settings.split or data.splits == ("",):
        return data.samples
    if settings.split not in data.splits:
        raise UsageError(f"{path} has no split '{settings.split}' but {', '.join(data.splits)}")
    return data.split(settings.split).samples


def _pictures(folder: Path) -> Pictures:
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder of images")
    files = sorted(_below(str(folder), ""))
    if not files:
        raise InputError(f"{folder}: no images in this folder (endings: {', '.join(sorted(PICTURE_SUFFIXES))})")
    return Pictures(folder, files)


def _below(folder: str, start: str) -> Iterator[str]:
    """Images below a folder, by their paths relative to it; hidden ones and links to folders are left out."""
    with os.scandir(folder) as found:
        for entry in found:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _below(entry.path, f"{start}{entry.name}/")
            elif Path(entry.name).suffix.lower() in PICTURE_SUFFIXES:
                yield start + entry.name
