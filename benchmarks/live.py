"""Do live features keep the encoder busy? Clips per second, live against clips that lie in memory.

    python benchmarks/live.py --backbone twlv1_vit_s.random --videos 24 --repeat 3
    python benchmarks/live.py --small                                                # seconds

Three passes in turn, the best of ``--repeat`` each: the encoder alone (the same clips, decoded before), an
epoch of LiveFeatures (decode, augment, encode), and reading alone (decode and augment, nothing encoded). Where
reading alone is faster than the encoder alone, decoding is not the limit, and the epoch should reach 0.9 of the
encoder. On a CPU readers and encoder share the cores, so the bound is lower: ``share_of_bound`` divides by it.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch

from small import parse
from twlv.augmentation import preset
from twlv.backbones import load
from twlv.contracts import Clip
from twlv.embedding import extract, live_features, prefetch, reading_for
from twlv.embedding.augmented_reading import AugmentedReading
from twlv.embedding.extract import default_workers, single_threaded
from twlv.types import Dataset, DatasetCard, Sample, Uniform, Views
from twlv.video import write_video


def main() -> None:
    options = _options()
    model = load(options.backbone, device=options.device)
    workers = default_workers() if options.workers is None else options.workers
    with tempfile.TemporaryDirectory() as folder:
        data = make_videos(Path(folder), options)
        reading = reading_for(model.card, Uniform(), Views())
        augmentation = preset(options.augment)
        live = live_features(model, data, reading, augmentation, workers=workers)
        augmented = AugmentedReading(reading=reading, augmentation=augmentation, card=model.card)
        held = {sample.video_id: list(augmented(sample)) for sample in data.samples}

        def from_memory(sample: Sample) -> Iterator[Clip]:
            return iter(held[sample.video_id])

        passes: dict[str, Callable[[], object]] = {
            "encoder alone": lambda: list(extract(model, data.samples, reading, workers=0, read=from_memory)),
            "live epoch": lambda: list(live.for_epoch(0)),
            "reading alone": lambda: read_all(data, augmented, workers),
        }
        seconds = least_seconds(passes, options.repeat)
    rates = {name: len(data.samples) / value for name, value in seconds.items()}
    encoder, reader = rates["encoder alone"], rates["reading alone"]
    bound = encoder if live.model.device.type != "cpu" else 1 / (1 / encoder + 1 / reader)
    document = {
        "backbone": model.card.name,
        "device": str(model.device),
        "workers": workers,
        "threads": torch.get_num_threads(),
        "video": f"{options.frames} frames of {options.size}x{options.size * 3 // 4}",
        "augmentation": options.augment,
        "clips_per_second": {name: round(value, 2) for name, value in rates.items()},
        "decoding_is_the_limit": reader < encoder,
        "share_of_encoder": round(rates["live epoch"] / encoder, 3),
        "share_of_bound": round(rates["live epoch"] / bound, 3),
    }
    print(json.dumps(document, indent=1))


def least_seconds(passes: dict[str, Callable[[], object]], repeat: int) -> dict[str, float]:
    """The least wall time of each, in turn, after one round to warm up."""
    best = dict.fromkeys(passes, float("inf"))
    for round_number in range(repeat + 1):
        for name, run in passes.items():
            started = time.perf_counter()
            run()
            if round_number:
                best[name] = min(best[name], time.perf_counter() - started)
    return best


def read_all(data: Dataset, read: AugmentedReading, workers: int) -> None:
    """Decode and augment every sample, and let it go."""
    for _, clips in prefetch(data.samples, read, workers=workers, on_thread_start=single_threaded):
        for _ in clips:
            pass


def make_videos(folder: Path, options: argparse.Namespace) -> Dataset:
    """Videos of moving noise, so that decoding has something to do."""
    random = np.random.default_rng(0)
    samples = []
    for number in range(options.videos):
        base = random.integers(0, 256, (3, options.size * 3 // 4, options.size)).astype(np.uint8)
        frames = np.stack([np.roll(base, 2 * step, axis=2) for step in range(options.frames)])
        path = folder / f"v{number:04}.mp4"
        write_video(path, frames, fps=25.0)
        samples.append(Sample(video_id=path.stem, path=str(path), split="train"))
    return Dataset(card=DatasetCard(name="noise"), samples=tuple(samples))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", default="twlv1_vit_s.random")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--videos", type=int, default=24)
    parser.add_argument("--frames", type=int, default=48)
    parser.add_argument("--size", type=int, default=160, help="width of the videos in pixels")
    parser.add_argument("--augment", default="report")
    parser.add_argument("--workers", type=int, help="default: chosen from the cores")
    parser.add_argument("--repeat", type=int, default=3)
    return parse(parser, backbone="twlv1_vit_t.random", videos=4, frames=24, size=96, repeat=1)


if __name__ == "__main__":
    main()
