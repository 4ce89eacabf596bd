"""ASFormer's training step on long videos, beside its released code; metrics of a set of Breakfast's size.

    python benchmarks/segmentation.py                         ours
    python benchmarks/segmentation.py --small                 a few seconds
    python benchmarks/segmentation.py --reference CHECKOUT    also CHECKOUT/model.py (ChinaYi/ASFormer), in turn

One step is forward and backward of one video in training mode, one thread, at the report's size (8 layers,
256 channels, width 768). 5,930 steps are a long video of 50Salads with sliding attention; 3,021 are one of
Breakfast with full attention. Every measurement has its own process; the peak is that of the process.
Aims: at least 2.5 times faster sliding, 1.5 times full; metrics of all splits of Breakfast in under 0.5 s.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import torch

from small import parse
from synthetic_embeddings import timed
from twlv.heads.asformer import ASFormer, ASFormerConfig, segmentation_loss
from twlv.metrics.segmentation import count_segmentation

CASES = (("sliding", 5930), ("full", 3021), ("full", 1510))
SMALL_CASES = (("sliding", 300), ("full", 300))
WIDTH, CLASSES = 768, 48


def main() -> None:
    args = arguments()
    if args.one:
        kind, steps, program = args.one
        print(step(kind, int(steps), args.reference if program == "reference" else None))
        return
    for kind, steps in SMALL_CASES if args.small else CASES:
        programs = ["ours", "reference", "ours"] if args.reference else ["ours"]
        for program in programs:
            words = [sys.executable, __file__, "--one", kind, str(steps), program]
            words += ["--reference", str(args.reference)] if args.reference else []
            shown = subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()
            print(f"{kind:<8} {steps:>5} steps  {program:<10} {shown}", flush=True)
    true, predicted = labels(100 if args.small else 1712), labels(100 if args.small else 1712, seed=1)
    cost = timed(lambda: count_segmentation(predicted, true).pooled())[1]
    print(f"metrics of {len(true)} videos, {sum(map(len, true)):,} frames: {cost}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", type=Path, help="folder with the released model.py")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    return parse(parser)


def step(kind: str, steps: int, reference: Path | None) -> str:
    """Cost of one forward and backward pass."""
    torch.set_num_threads(1)
    model = released(reference, kind) if reference else ours(kind)
    model.train()
    x, target = torch.randn(1, WIDTH, steps), torch.randint(0, CLASSES, (1, steps))
    inputs = (x, torch.ones(1, 1, steps)) if reference else (x,)
    scores, forward = timed(lambda: model(*inputs))
    loss = segmentation_loss(scores, target).total
    _, backward = timed(loss.backward)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    total = forward.cpu_seconds + backward.cpu_seconds
    parts = f"{forward.cpu_seconds:.2f} + {backward.cpu_seconds:.2f}"
    return f"{parts} = {total:6.2f} CPU s  peak {peak:6.0f} MB"


def ours(kind: str) -> torch.nn.Module:
    return ASFormer(ASFormerConfig(width=WIDTH, num_classes=CLASSES, attention=kind))


def released(folder: Path, kind: str) -> torch.nn.Module:
    """The released model in the report's size. Its import of a plotting function is given an empty one."""
    source = (folder / "model.py").read_text(encoding="utf-8")
    if kind == "full":
        source = source.replace("'sliding_att'", "'normal_att'")
    plots = types.ModuleType("eval")
    plots.segment_bars_with_confidence = None
    sys.modules["eval"] = plots
    found: dict[str, object] = {}
    exec(compile(source, str(folder / "model.py"), "exec"), found)
    return found["MyTransformer"](3, 8, 2, 2, 256, WIDTH, CLASSES, 0.3)


def labels(num_videos: int, seed: int = 0) -> list[np.ndarray]:
    """Labels of every frame: about 2,100 frames in 7 runs, Breakfast's means; equally long for every seed."""
    lengths = np.random.default_rng(7).integers(130, 4000, size=num_videos)
    generator = np.random.default_rng(seed)
    found = []
    for length in lengths:
        runs = np.diff([0, *np.sort(generator.integers(0, length, size=6)), length])
        found.append(np.repeat(generator.integers(0, CLASSES, size=7), runs))
    return found


if __name__ == "__main__":
    main()
