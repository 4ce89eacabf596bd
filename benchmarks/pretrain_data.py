"""Clips a second of every source of pretraining data, and of the loader with threads and processes.

    python benchmarks/pretrain_data.py [--small] [--workers 2] [--videos MANIFEST_OR_FOLDER]

Without ``--videos`` files are rendered first (160 x 120, H.264, 8 s). One source at a time in the calling
thread: clips a second and processor time of a clip, every file for the first time. Then a loader that is asked
for batches as fast as it gives them: what a training step may take without waiting.
"""

from __future__ import annotations

import argparse
import io
import tarfile
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image

from small import parse
from twlv.pretrain.data import ClipForm, DataSettings, Pool, Source, SourceSettings, open_loader, open_source
from twlv.video import write_video
from twlv.video.synthetic import pretrain_batch


def render_files(folder: Path, count: int) -> None:
    """Videos and images as files and as members of one shard each."""
    videos, images = folder / "videos", folder / "images"
    videos.mkdir()
    images.mkdir()
    for number in range(count):
        clip = pretrain_batch(1, number, batch=1, num_frames=64, size_px=160)[0, :, :, :120]
        write_video(videos / f"{number:04}.mp4", clip.numpy(), 8.0)
        still = pretrain_batch(2, number, batch=1, num_frames=1, size_px=320)[0, 0, :, :240]
        Image.fromarray(still.permute(1, 2, 0).numpy()).save(images / f"{number:04}.jpg", quality=90)
    for part in (videos, images):
        with tarfile.open(folder / f"{part.name}.tar", "w") as tar:
            for file in sorted(part.iterdir()):
                content = file.read_bytes()
                member = tarfile.TarInfo(file.name)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))


def measure(name: str, source: Source, turns: int, start: int = 0) -> None:
    """One line: clips a second, and processor milliseconds a clip."""
    began, busy, clips = time.perf_counter(), time.process_time(), 0
    for first in range(start, start + turns, source.chunk):
        numbers = range(first, min(first + source.chunk, start + turns))
        clips += sum(len(read.items) for read in source.read(numbers, seed=0))
    wall, cpu = time.perf_counter() - began, time.process_time() - busy
    print(f"{name:44} {clips / wall:9.1f} clips/s {1000 * cpu / clips:9.2f} CPU ms/clip", flush=True)


def sources(folder: Path, videos: str, form: ClipForm) -> list[tuple[str, Source]]:
    still = replace(form, num_frames=1)

    def opened(kind: str, path: str, form: ClipForm) -> Source:
        return open_source(SourceSettings(kind=kind, name=kind, path=path), form)  # type: ignore[arg-type]

    return [
        ("videos", opened("videos", videos, form)),
        ("videos, 4 crops of a decode", opened("videos", videos, replace(form, crops=4))),
        ("videos in a tar shard", opened("video-shards", f"{folder}/videos.tar", form)),
        ("images", opened("images", f"{folder}/images", still)),
        ("images in a tar shard", opened("image-shards", f"{folder}/images.tar", still)),
        ("synthetic", opened("synthetic", "", form)),
        ("synthetic with displacement", opened("synthetic", "", replace(form, flow_every_px=4))),
    ]


def load(name: str, settings: DataSettings, steps: int) -> None:
    """Clips a second of a loader; the first batch, with the start of the workers, is not counted."""
    with open_loader(settings) as loader:
        loader.batch(0)
        began = time.perf_counter()
        clips = sum(len(loader.batch(step)) for step in range(1, steps + 1))
        wall = time.perf_counter() - began
    print(f"{name:44} {clips / wall:9.1f} clips/s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--videos", default="", help="a manifest or folder of real videos")
    parser.add_argument("--files", type=int, default=64, help="videos and images that are rendered")
    parser.add_argument("--clips", type=int, default=192, help="clips measured of each source")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--num-frames", type=int, default=16)
    parser.add_argument("--size-px", type=int, default=112)
    options = parse(parser, files=4, clips=16, num_frames=8, size_px=48, workers=1)
    form = ClipForm(num_frames=options.num_frames, size_px=options.size_px, strides=(1, 3))
    torch.set_num_threads(1)
    print(f"clips {form.num_frames} x {form.size_px}, one thread")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        render_files(folder, options.files)
        videos = options.videos or f"{folder}/videos"
        for name, source in sources(folder, videos, form):
            measure(name, source, max(1, options.clips // source.form.crops))
        pool = Pool(source=open_source(SourceSettings(kind="synthetic", name="s"), form), size=options.clips)
        pool.read(range(options.clips), seed=0)
        measure("pool in memory", pool, 4 * options.clips, start=options.clips)
        base = DataSettings(
            clips=(
                SourceSettings(kind="videos", name="videos", path=videos, weight=0.5),
                SourceSettings(kind="synthetic", name="synthetic", weight=0.5),
            ),
            num_clips=max(4, options.clips // 8),
            form=form,
        )
        for workers, processes in ((0, False), (options.workers, False), (options.workers, True)):
            how = f"{workers} {'processes' if processes else 'threads'}"
            load(f"half videos, half synthetic; {how}", replace(base, workers=workers, processes=processes), 6)


if __name__ == "__main__":
    main()
