"""A training step of the query decoder, beside the matrix products that it cannot do without.

    python benchmarks/decoder_step.py            64 queries, 8 x 14 x 14 tokens, D = 1024, eight clips
    python benchmarks/decoder_step.py --small    a few seconds

One step is forward, matching, losses of six layers, backward, clipping and AdamW, with dropout and drop path,
on one thread. Its products are noted while it runs and repeated by themselves, on tensors of the same shapes
and strides; both are measured in turn, in CPU seconds, the least of several. Aim: a step takes at most 1.2
times as long as its products.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from small import parse
from twlv.heads.stal.config import DecoderConfig
from twlv.heads.stal.decoder import Decoder
from twlv.heads.stal.dropout import Noise
from twlv.heads.stal.frames import KeyFrame
from twlv.heads.stal.settings import LossSettings
from twlv.heads.stal.train import Recipe, Trainer

PRODUCTS = ("aten.mm.default", "aten.addmm.default", "aten.bmm.default", "aten.baddbmm.default")
FULL = DecoderConfig(input_width=1024, num_classes=80, grid=(8, 14, 14))
SMALL = DecoderConfig(input_width=64, num_classes=5, grid=(2, 4, 4), num_queries=8, num_layers=2, width=64)


class Noted(TorchDispatchMode):
    """Remembers every matrix product as a call on empty tensors of the same shapes and strides."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Any, list[Any], dict[str, Any]]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if str(func) in PRODUCTS:
            like = [torch.rand_like(x) if isinstance(x, torch.Tensor) else x for x in args]
            self.calls.append((func, like, dict(kwargs or {})))
        return func(*args, **(kwargs or {}))

    def __call__(self) -> None:
        with torch.no_grad():
            for func, args, kwargs in self.calls:
                func(*args, **kwargs)


def main() -> None:
    args = arguments()
    torch.set_num_threads(1)
    config, clips, repeats = (SMALL, 2, 2) if args.small else (FULL, args.clips, args.repeats)
    for dropout in (config.dropout, 0.0):
        step = step_of(config, clips, dropout)
        with Noted() as noted:
            step()
        whole, products = least((step, noted), repeats)
        parameters = sum(p.numel() for p in Decoder(config).parameters())
        print(
            f"dropout {dropout:g}: step {whole:.3f} CPU s, {len(noted.calls)} products {products:.3f} CPU s, "
            f"ratio {whole / products:.2f}; {clips} clips, {parameters:,} parameters"
        )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=5)
    return parse(parser)


def step_of(config: DecoderConfig, clips: int, dropout: float) -> Callable[[], object]:
    """A step on random tokens of ``clips`` clips with three people each."""
    random = np.random.default_rng(0)
    group = []
    for _ in range(clips):
        corner = random.uniform(0.1, 0.5, (3, 2))
        group.append(
            KeyFrame(
                tokens=random.standard_normal((*config.grid, config.input_width), dtype=np.float32),
                xyxy=np.concatenate([corner, corner + 0.3], axis=1),
                labels=random.random((3, config.num_classes)) < 0.3,
            )
        )
    trainer = Trainer(Decoder(config), LossSettings(), Recipe(batch_size=clips), 1000)
    drop_path = config.drop_path if dropout else 0.0
    noise = Noise(torch.Generator().manual_seed(0), dropout=dropout, drop_path=drop_path)
    return lambda: trainer.step(group, noise)


def least(works: tuple[Callable[[], object], ...], repeats: int) -> list[float]:
    """The least CPU seconds of each, measured in turn."""
    seconds: list[list[float]] = [[] for _ in works]
    for _ in range(repeats):
        for work, found in zip(works, seconds, strict=True):
            before = time.process_time()
            work()
            found.append(time.process_time() - before)
    return [min(found) for found in seconds]


if __name__ == "__main__":
    main()
