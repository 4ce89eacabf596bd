"""Dense reading of a long video: every clip of T seconds, against one bare sequential decode of it.

    python benchmarks/dense_decode.py                            # 10 minutes of 720p
    python benchmarks/dense_decode.py --minutes 60 --ours-only   # an hour: minutes of one core, 400 MB of disk
    python benchmarks/dense_decode.py --small                    # seconds: half a minute of 240p

Makes the file (a synthetic unit of 10 s, looped by copying packets, so its length costs seconds), then
times, in one process and with one FFmpeg thread each: a bare decode, ours, and what a plain loop does.
Aim: ours within 1.15 of the bare decode, peak memory below 1 GB and the same for any length. The peak is that
of the whole process so far; the line "before" is what Python and torch take. Ratios of CPU seconds are the ones
to compare on a shared machine.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import torch

from small import parse
from twlv.errors import TwlvError
from twlv.types import MultiClip
from twlv.video import Preprocess, decoder_versions, plan_clips, probe, read_clips, write_video

UNIT_SECONDS = 10


def picture_stream(width: int, height: int, count: int) -> Iterator[np.ndarray]:
    """Textured pictures (3, H, W) that pan and rotate in hue: work for a decoder, unlike flat colours."""
    rng = np.random.default_rng(0)
    spectrum = np.fft.rfft2(rng.standard_normal((3, 2 * height, 2 * width)))
    radius = np.hypot(np.fft.fftfreq(2 * height)[:, None], np.fft.rfftfreq(2 * width)[None])
    texture = np.fft.irfft2(spectrum / np.maximum(radius, 1 / width) ** 1.2, s=(2 * height, 2 * width))
    texture = np.clip(texture / texture.std() * 45 + 128, 0, 255).astype(np.uint8)
    for i in range(count):
        y, x = int(height / 2 * (1 + np.sin(i / 40))), int(width / 2 * (1 + np.cos(i / 55)))
        frame = texture[:, y : y + height, x : x + width].copy()
        noise = rng.integers(0, 6, (height // 2, width // 2), dtype=np.uint8).repeat(2, 0).repeat(2, 1)
        yield np.clip(frame[:, : noise.shape[0], : noise.shape[1]].astype(np.int16) + noise, 0, 255).astype(
            np.uint8
        )


def make_file(path: Path, *, minutes: float, width: int, height: int, fps: int) -> None:
    """The looped file: the unit's packets again and again, with later times."""
    unit = path.with_name("unit.mp4")
    options = {"g": "250", "preset": "veryfast"}
    write_video(unit, picture_stream(width, height, UNIT_SECONDS * fps), fps, quality=25, options=options)
    repeats = max(1, round(minutes * 60 / UNIT_SECONDS))
    with av.open(str(path), "w") as out:
        target = None
        for repeat in range(repeats):
            with av.open(str(unit)) as source:
                stream = source.streams.video[0]
                target = target or out.add_stream_from_template(stream)
                shift = repeat * round(UNIT_SECONDS / stream.time_base)
                for packet in source.demux(stream):
                    if packet.dts is None:
                        continue
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = target
                    out.mux(packet)


def bare(path: Path) -> int:
    """Decode every frame, use none."""
    count = 0
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_count = 1
        for _ in container.decode(stream):
            count += 1
    return count


def ours(path: Path, backend: str = "pyav") -> int:
    """Probe, plan, and read every clip at 224 px."""
    info = probe(path)
    plans = plan_clips(info, MultiClip(clip_seconds=2.0), num_frames=16)
    return sum(len(clip.frames) for clip in read_clips(info, plans, Preprocess(crop_px=224), backend=backend))


def plain_loop(path: Path, *, all_frames: bool) -> int:
    """The usual loop: to RGB arrays, float resize, keep 16 of every 2 s (of all frames, or only of those)."""
    count = 0
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_count = 1
        for index, frame in enumerate(container.decode(stream)):
            chosen = (index * 8) % round(float(stream.average_rate)) < 8
            if all_frames or chosen:
                picture = torch.from_numpy(frame.to_ndarray(format="rgb24")).permute(2, 0, 1)[None].float()
                if chosen:
                    torch.nn.functional.interpolate(picture, size=(224, 398), mode="bilinear", antialias=True)
                    count += 1
    return count


def timed(name: str, run: Callable[[], int], reference: tuple[float, float] | None) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        count = run()
    except TwlvError as error:
        print(f"{name:34} not run: {str(error)[:90]}")
        return (0.0, 0.0)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    base = reference or (wall, cpu)
    ratios = f"{wall / base[0]:9.2f} {cpu / base[1]:8.2f}"
    print(f"{name:34} {count:7} {wall:8.2f} {cpu:8.2f} {ratios} {peak_mb():9.0f}", flush=True)
    return wall, cpu


def peak_mb() -> float:
    """The most memory that this process has held so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--height", type=int, default=720)
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--fps", type=int, default=25)
    parser.add_argument("--file", type=Path, help="an existing video instead of a synthetic one")
    parser.add_argument("--ours-only", action="store_true", help="only the bare decode and ours")
    args = parse(parser, minutes=0.5, height=240, width=320)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        size = {"minutes": args.minutes, "width": args.width, "height": args.height, "fps": args.fps}
        path = args.file or Path(folder) / "long.mp4"
        if not args.file:  # in a process of its own, so that its memory does not count
            maker = multiprocessing.get_context("spawn").Process(target=make_file, args=(path,), kwargs=size)
            started = time.perf_counter()
            maker.start()
            maker.join()
            print(f"made in {time.perf_counter() - started:.0f} s, {path.stat().st_size / 1e6:.0f} MB")
        print(f"{path.name}: {probe(path)}\n{decoder_versions()}, torch {torch.__version__}, 1 thread")
        print(f"{'':34} {'frames':>7} {'wall s':>8} {'CPU s':>8} {'x wall':>9} {'x CPU':>8} {'peak MB':>9}")
        print(f"{'before':34} {'':7} {'':8} {'':8} {'':9} {'':8} {peak_mb():9.0f}", flush=True)
        reference = timed("bare sequential decode", lambda: bare(path), None)
        timed("ours, T = 2 s, 16 frames", lambda: ours(path), reference)
        timed("bare sequential decode, again", lambda: bare(path), reference)
        if not args.ours_only:
            timed("plain loop, chosen frames", lambda: plain_loop(path, all_frames=False), reference)
            timed("plain loop, all frames", lambda: plain_loop(path, all_frames=True), reference)
            timed("ours with torchcodec", lambda: ours(path, "torchcodec"), reference)


if __name__ == "__main__":
    main()
