"""Decode overlaps encode: videos/s of the whole path against each half alone, in one process run.

    python benchmarks/end_to_end.py                                  # 40 videos that it renders itself
    python benchmarks/end_to_end.py --inputs VIDEO_FOLDER --backbone twlv1_vit_b.random
    python benchmarks/end_to_end.py --small                          # seconds

The halves get in turn exactly what they have in the whole: so many readers, and so many encoders of one core
each. The bound is the slower of the two; the column "of the bound" is what the overlap reaches.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch

from small import parse
from twlv import backbones, data, video
from twlv.contracts import Backbone, Clip
from twlv.embedding import Failure, Reading, extract, prefetch, read_sample, reading_for
from twlv.embedding.extract import Batching, single_threaded
from twlv.types import Sample, Uniform, Views
from twlv.video import synthetic


def decode_alone(samples: Sequence[Sample], reading: Reading, workers: int) -> tuple[float, list[Clip]]:
    started, clips = time.perf_counter(), []
    stream = prefetch(
        samples,
        lambda sample: read_sample(sample, reading),
        workers=workers,
        depth=8,
        on_thread_start=single_threaded,
    )
    for _, items in stream:
        clips.extend(items)
    return time.perf_counter() - started, clips


def encode_alone(model: Backbone, clips: Sequence[Clip], encoders: int) -> float:
    def encode(clip: Clip) -> None:
        with torch.inference_mode():
            model.encode(video.normalize(clip.frames[None], model.card.mean, model.card.std))

    with ThreadPoolExecutor(encoders, initializer=single_threaded) as pool:
        started = time.perf_counter()
        deque(pool.map(encode, clips), maxlen=0)
        return time.perf_counter() - started


def whole(model: Backbone, samples: Sequence[Sample], reading: Reading, workers: int, encoders: int) -> float:
    started = time.perf_counter()
    items = extract(model, samples, reading, workers=workers, batching=Batching(clips=1, encoders=encoders))
    failed = sum(isinstance(item, Failure) for item in items)
    if failed:
        print(f"{failed} videos failed and are in no figure's favour: choose other inputs")
    return time.perf_counter() - started


def render(folder: Path, count: int, size_px: int) -> Path:
    """Clips of 2 s of a shape that moves, in H.264."""
    for index in range(count):
        (frames,) = synthetic.render([synthetic.draw(0, index)], num_frames=16, size_px=size_px)
        video.write_video(folder / f"scene{index:03}.mp4", frames, fps=8)
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", nargs="+", type=Path, help="videos or folders; default: rendered ones")
    parser.add_argument("--backbone", default="twlv1_vit_s.random")
    parser.add_argument("--videos", type=int, default=40)
    parser.add_argument("--size-px", type=int, default=512, help="side of a rendered video")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--encoders", type=int, default=max(1, (os.cpu_count() or 2) - 1))
    options = parse(parser, backbone="twlv1_vit_t.random", videos=8, rounds=1)
    with tempfile.TemporaryDirectory() as folder:
        inputs = options.inputs or [render(Path(folder), options.videos, options.size_px)]
        measure(data.collect(inputs).samples[: options.videos], options)


def measure(samples: Sequence[Sample], options: argparse.Namespace) -> None:
    model = backbones.load(options.backbone)
    reading = reading_for(model.card, Uniform(), Views())
    deque(extract(model, samples[:2], reading), maxlen=0)  # warm up
    ratios = []
    print(f"{len(samples)} videos, {options.workers} reader(s), {options.encoders} encoder(s)")
    print(f"{'round':>5} {'decode/s':>9} {'encode/s':>9} {'whole/s':>9} {'of the bound':>13}")
    for number in range(options.rounds):
        decode_seconds, clips = decode_alone(samples, reading, options.workers)
        encode_seconds = encode_alone(model, clips, options.encoders)
        whole_seconds = whole(model, samples, reading, options.workers, options.encoders)
        ratios.append(max(decode_seconds, encode_seconds) / whole_seconds)
        rates = (len(samples) / s for s in (decode_seconds, encode_seconds, whole_seconds))
        print(f"{number:>5} " + " ".join(f"{rate:9.2f}" for rate in rates) + f" {ratios[-1]:13.3f}")
    print(f"median of the bound: {sorted(ratios)[len(ratios) // 2]:.3f}")


if __name__ == "__main__":
    main()
