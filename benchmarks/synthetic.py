"""What a clip of the procedural world costs: clips per second, and processor time per clip (of all threads).

    python benchmarks/synthetic.py --clips 200 --threads 2
    python benchmarks/synthetic.py --small

The line ``16 x 112`` is that of the requirement: 2,000 clips in two minutes on two cores are 120 ms per clip.
With ``--device cuda`` the time per clip is wall time; processor time then says little.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch

from small import parse
from twlv.video import synthetic


def measure(name: str, clips: int, draw: Callable[[int], torch.Tensor], rounds: int) -> None:
    """The fastest of some rounds, each of other scenes; the first is not counted."""
    seconds, cpu = [], []
    for number in range(rounds + 1):
        started, busy = time.perf_counter(), time.process_time()
        frames = draw(number)
        if frames.is_cuda:
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started)
        cpu.append(time.process_time() - busy)
    print(f"{name:34} {clips / min(seconds[1:]):9.1f} clips/s {1000 * min(cpu[1:]) / clips:9.2f} CPU ms/clip")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=128, help="clips per round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--device", default="cpu")
    options = parse(parser, clips=8, rounds=1)
    torch.set_num_threads(options.threads)
    print(f"{options.threads} threads, {options.device}")

    def probe(name: str, num_frames: int, size_px: int, clips: int) -> None:
        factors = synthetic.preset(name)

        def draw(number: int) -> torch.Tensor:
            scenes = [synthetic.draw(number, index, factors=factors) for index in range(clips)]
            return synthetic.render(scenes, num_frames=num_frames, size_px=size_px, device=options.device)

        measure(f"{name} {num_frames} x {size_px}", clips, draw, options.rounds)

    for name, num_frames, size_px, share in (
        ("default", 8, 64, 1.0),
        ("easy", 16, 112, 1.0),
        ("default", 16, 112, 1.0),
        ("hard", 16, 112, 1.0),
        ("default", 16, 224, 0.25),
    ):
        probe(name, num_frames, size_px, max(1, int(options.clips * share)))
    for level in (1, 5):
        measure(
            f"pretraining level {level} 16 x 64",
            options.clips,
            lambda number, level=level: synthetic.pretrain_batch(
                0, number, level=level, batch=options.clips, device=options.device
            ),
            options.rounds,
        )
    measure("random dots 16 x 64", 1, lambda number: synthetic.dots(0, number, direction="up"), options.rounds)
    measure("untrimmed 60 s, 8 fps, 64", 1, untrimmed, options.rounds)


def untrimmed(number: int) -> torch.Tensor:
    timeline = synthetic.draw_timeline(0, number)
    return torch.cat(list(synthetic.render_blocks(timeline.scene, num_frames=480, size_px=64)))


if __name__ == "__main__":
    main()
