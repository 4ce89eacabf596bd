"""Decode overlaps encode: videos/s of the whole path against each half alone, in one process run.

    python benchmarks/end_to_end.py --inputs VIDEO_FOLDER --backbone twlv1_vit_s.random --videos 40

The halves get in turn exactly what they have in the whole: the readers their threads, the encoder its own.
The bound is the slower of the two; the line "of the bound" is what the overlap reaches.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

import torch

from twlv import backbones, data, video
from twlv.contracts import Backbone, Clip
from twlv.embedding import Failure, Reading, Timings, extract, prefetch, read_sample, reading_for
from twlv.embedding.extract import Batching, _single_threaded
from twlv.types import Sample, Uniform, Views


def decode_alone(samples: Sequence[Sample], reading: Reading, workers: int) -> tuple[float, list[Clip]]:
    started, clips = time.perf_counter(), []
    stream = prefetch(
        samples,
        lambda sample: read_sample(sample, reading),
        workers=workers,
        depth=8,
        on_thread_start=_single_threaded,
    )
    for _, items in stream:
        clips.extend(items)
    return time.perf_counter() - started, clips


def encode_alone(model: Backbone, clips: Sequence[Clip]) -> float:
    started = time.perf_counter()
    with torch.inference_mode():
        for clip in clips:
            model.encode(video.normalize(clip.frames[None], model.card.mean, model.card.std))
    return time.perf_counter() - started


def whole(model: Backbone, samples: Sequence[Sample], reading: Reading, workers: int) -> tuple[float, Timings]:
    timings, started = Timings(), time.perf_counter()
    items = extract(model, samples, reading, workers=workers, batching=Batching(clips=1), timings=timings)
    failed = sum(isinstance(item, Failure) for item in items)
    if failed:
        print(f"{failed} videos failed and are in no figure's favour: choose other inputs")
    return time.perf_counter() - started, timings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--inputs", nargs="+", required=True, type=Path)
    parser.add_argument("--backbone", default="twlv1_vit_s.random")
    parser.add_argument("--videos", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--encoder-threads", type=int, default=max(1, (os.cpu_count() or 2) - 1))
    options = parser.parse_args()
    torch.set_num_threads(options.encoder_threads)
    model = backbones.load(options.backbone)
    samples = data.collect(options.inputs).samples[: options.videos]
    reading = reading_for(model.card, Uniform(), Views())
    deque(extract(model, samples[:2], reading), maxlen=0)  # warm up
    ratios = []
    print(f"{len(samples)} videos, {options.workers} reader(s), {options.encoder_threads} encoder thread(s)")
    print(f"{'round':>5} {'decode/s':>9} {'encode/s':>9} {'whole/s':>9} {'of the bound':>13}")
    for number in range(options.rounds):
        decode_seconds, clips = decode_alone(samples, reading, options.workers)
        encode_seconds = encode_alone(model, clips)
        whole_seconds, _ = whole(model, samples, reading, options.workers)
        ratios.append(max(decode_seconds, encode_seconds) / whole_seconds)
        rates = (len(samples) / s for s in (decode_seconds, encode_seconds, whole_seconds))
        print(f"{number:>5} " + " ".join(f"{rate:9.2f}" for rate in rates) + f" {ratios[-1]:13.3f}")
    print(f"median of the bound: {sorted(ratios)[len(ratios) // 2]:.3f}")


if __name__ == "__main__":
    main()
