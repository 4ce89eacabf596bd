"""Every backbone of the table with random weights: clips a second, GFLOP, share of the machine's peak, memory.

    python benchmarks/zoo.py                       # minutes: up to 90 M parameters, the card's own clip
    python benchmarks/zoo.py --largest 1100        # all of them: most of an hour, 10 GB
    python benchmarks/zoo.py --small               # seconds: the smallest ones
    python benchmarks/zoo.py --only videomae_vit_b umt1_vit_b

One clip on one thread, as ``twlv embed`` runs one on every core. Seconds are CPU time, the least of
``--repeat`` clips, so that what other programs do counts as little as possible. The peak is the rate of a
matrix product (1568 x 768 x 3072) in the precision that the backbone chose, measured in the same run.
Operations are counted, not estimated. Memory is the most that the process held, and what one clip added to it
beyond the weights; each backbone runs in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import torch

from small import parse
from twlv import backbones
from twlv.backbones.cost import gflop_per_clip
from twlv.backbones.table import TABLE

_MEGABYTE = 1 << 20


def main() -> None:
    options = _options()
    if options.one:
        print(json.dumps(measured(options.one, options.repeat)))
        return
    rows = []
    for name in _chosen(options):
        command = [sys.executable, __file__, "--one", name, "--repeat", str(options.repeat)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        row = json.loads(done.stdout) if done.returncode == 0 else {"name": name, "error": done.stderr[-300:]}
        print(shown(row), flush=True)
        rows.append(row)
    if options.out:
        document = {"torch": torch.__version__, "rows": rows}
        Path(options.out).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def measured(name: str, repeat: int) -> dict[str, object]:
    """One backbone: its own clip, in the precision that it chooses."""
    torch.set_num_threads(1)
    backbone = backbones.load(name, device="cpu")
    card = backbone.card
    gflop = gflop_per_clip(backbone)
    clip = torch.randn(
        (1, card.num_frames, 3, card.image_size_px, card.image_size_px),
        generator=torch.Generator().manual_seed(0),
    )
    before = _peak_bytes()
    seconds = []
    for _ in range(repeat):
        started = time.process_time()
        backbone.encode(clip)
        seconds.append(time.process_time() - started)
    peak = product_rate(torch.bfloat16 if card.dtype == "bfloat16" else torch.float32)
    return {
        "name": name,
        "millions": round(card.num_params / 1e6, 1),
        "dtype": card.dtype,
        "gflop": None if gflop is None else round(gflop, 1),
        "cpu_seconds": round(min(seconds), 3),
        "clips_per_cpu_second": round(1 / min(seconds), 3),
        "share_of_peak": None if gflop is None else round(gflop / min(seconds) / peak, 3),
        "weights_mb": round(card.num_params * 4 / _MEGABYTE),
        "clip_mb": round((_peak_bytes() - before) / _MEGABYTE),
        "process_mb": round(_peak_bytes() / _MEGABYTE),
    }


def product_rate(dtype: torch.dtype) -> float:
    """GFLOP per CPU second of a matrix product of a ViT-B's size."""
    left, right = torch.randn(1568, 768).to(dtype), torch.randn(3072, 768).to(dtype)
    best = float("inf")
    for _ in range(6):
        started = time.process_time()
        for _ in range(10):
            torch.nn.functional.linear(left, right)
        best = min(best, time.process_time() - started)
    return 10 * 2 * 1568 * 768 * 3072 / best / 1e9


def shown(row: dict[str, object]) -> str:
    """A row for the terminal."""
    if "error" in row:
        return f"{row['name']:<32} {row['error']}"
    return (
        f"{row['name']:<32} {row['millions']:>7} M  {row['gflop']:>8} GFLOP  "
        f"{row['clips_per_cpu_second']:>8} clips a CPU second  "
        f"{row['share_of_peak']!s:>6} of peak ({row['dtype']})  {row['process_mb']:>6} MB"
    )


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _chosen(options: argparse.Namespace) -> list[str]:
    if options.only:
        return [name if "." in name else f"{name}.random" for name in options.only]
    lines = [entry.card for name, entry in TABLE.items() if name.endswith(".random") or entry.origin is None]
    return [card.name for card in lines if card.num_params <= options.largest * 1e6]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--largest", type=float, default=90, help="millions of parameters")
    parser.add_argument("--only", nargs="+", default=[], help="architectures or names")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--out", help="write the rows as JSON")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    return parse(parser, largest=6, repeat=1)


if __name__ == "__main__":
    main()
