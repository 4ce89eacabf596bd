"""Attentive probes: an epoch of 20 beside an epoch of one, on stored patch tokens; memory at 12,544 tokens.

    python benchmarks/attentive.py            # 64 videos of 1,568 tokens of width 768, ViT-B at 224 px
    python benchmarks/attentive.py --small    # seconds

Tokens lie in a store in float16 and are read again in every epoch. ``one`` and ``grid`` are our probes on one
pass; ``plain`` is one probe as a module with torch's AdamW on the same batches (keys and values of every token,
fused attention), as the published evaluations compute it. CPU seconds include all threads.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from small import parse
from synthetic_embeddings import Cost, timed
from twlv.embedding import StoredFeatures
from twlv.heads import full_float32
from twlv.heads.attentive_updates import AttentiveRecipe
from twlv.heads.bags import batches
from twlv.heads.train_attentive import fit_attentive
from twlv.nn.attentive_pool import AttentiveClassifier, initialise_probe, pooler_config
from twlv.store import Store, StoreSpec, StoreWriter
from twlv.store.official import unknown_card
from twlv.tasks.token_table import TokenTable, gather_tokens
from twlv.types import ClassLabel, Dataset, DatasetCard, Embedding, Sample, Uniform

CPU = torch.device("cpu")
CLASSES = 400

MEMORY = """
import sys, torch
from pathlib import Path
from twlv.heads.attentive_fold import attention_means
torch.set_num_threads(2)
n, width, queries = (int(word) for word in sys.argv[1:])
def peak():  # of this program alone: what getrusage says is inherited from the one that started it
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
def work(n):
    attention_means(torch.zeros(1, n, width), torch.zeros(queries, width, requires_grad=True)).sum().backward()
work(64)
before = peak()
work(n)
print((peak() - before) / 1024)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--videos", type=int, default=64)
    parser.add_argument("--tokens", type=int, default=1568)
    parser.add_argument("--dim", type=int, default=768)
    parser.add_argument("--heads", type=int, default=20)
    parser.add_argument("--batch", type=int, default=64)
    options = parse(parser, videos=32, tokens=392, dim=192, batch=32)
    with tempfile.TemporaryDirectory() as folder, full_float32(CPU):
        tokens = stored(Path(folder) / "store", options)
        one, grid = (recipe(options, heads) for heads in (1, options.heads))
        fit(tokens, grid)  # imports, page cache, first touch of memory
        costs = {
            "read": timed(lambda: sum(bag.size for bag in visits(tokens)))[1],
            "one": an_epoch(lambda epochs: fit(tokens, replace(one, epochs=epochs))),
            "grid": an_epoch(lambda epochs: fit(tokens, replace(grid, epochs=epochs))),
            "plain": an_epoch(lambda epochs: fit_plain(tokens, replace(one, epochs=epochs))),
        }
    print(f"one epoch of {options.videos} videos, {options.tokens} tokens of width {options.dim}")
    for name, cost in costs.items():
        print(f"  {name:6} {cost}")
    for other in ("one", "plain"):
        ratio = costs["grid"].cpu_seconds / costs[other].cpu_seconds
        wall = costs["grid"].wall_seconds / costs[other].wall_seconds
        print(f"  grid of {options.heads} takes {ratio:.2f} of {other}'s CPU time, {wall:.2f} of its wall")
    heads = options.heads * one.pooler.num_heads
    for count in (3136, 12_544):
        print(
            f"  pooling {count:6,} tokens with {heads} queries: {peak(count, options.dim, heads):.0f} MB more"
        )


def recipe(options: argparse.Namespace, heads: int) -> AttentiveRecipe:
    return AttentiveRecipe(
        pooler=pooler_config("vjepa", options.dim),
        learning_rates=tuple(np.geomspace(1e-4, 5e-3, heads)),
        weight_decays=(0.1,) * heads,
        epochs=1,
        batch_size=options.batch,
    )


def stored(path: Path, options: argparse.Namespace) -> TokenTable:
    """Tokens of noise, in a store in float16."""
    card = replace(unknown_card(path, options.dim), num_frames=16)
    spec = StoreSpec(backbone=card, sampling=Uniform(), num_frames=16, level="patch", dtype="float16")
    random = np.random.default_rng(0)
    samples = tuple(
        Sample(
            video_id=f"v{i:05d}", path="", split="train", target=ClassLabel(index=int(random.integers(CLASSES)))
        )
        for i in range(options.videos)
    )
    with StoreWriter(Store.open_or_create(path, spec)) as writer:
        for sample in samples:
            rows = random.standard_normal((1, options.tokens, options.dim), dtype=np.float32)
            spans = np.array([[0.0, 2.0]])
            writer.write(Embedding(video_id=sample.video_id, level="patch", vectors=rows, spans_seconds=spans))
    data = Dataset(card=DatasetCard(name="noise"), samples=samples)
    features = StoredFeatures(data=data, store=Store.open(path))
    return gather_tokens(features, role="train", segments="each", spatial_views=None, memory_bytes=0)


def visits(tokens: TokenTable):
    videos = np.random.default_rng(0).permutation(len(tokens))
    return tokens.bags.visit(videos, np.zeros_like(videos), epoch=0)


def an_epoch(work: Callable[[int], None]) -> Cost:
    """What an epoch costs, without what a training costs besides: half of three less one."""
    (_, few), (_, more) = timed(lambda: work(1)), timed(lambda: work(3))
    return Cost(
        cpu_seconds=(more.cpu_seconds - few.cpu_seconds) / 2,
        wall_seconds=(more.wall_seconds - few.wall_seconds) / 2,
    )


def fit(tokens: TokenTable, how: AttentiveRecipe) -> None:
    fit_attentive(
        tokens.bags,
        np.arange(len(tokens)),
        tokens.table.labels,
        CLASSES,
        how,
        order_seed=0,
        init_seed=0,
        device=CPU,
    )


def fit_plain(tokens: TokenTable, how: AttentiveRecipe) -> None:
    probe = AttentiveClassifier(how.pooler, CLASSES)
    initialise_probe(probe, seed=0)
    adamw = torch.optim.AdamW(probe.parameters(), lr=1e-3, weight_decay=0.1)
    for epoch in range(how.epochs):
        videos = np.random.default_rng(epoch).permutation(len(tokens))
        labels = torch.from_numpy(tokens.table.labels[videos])
        runs = batches(tokens.bags, videos, np.zeros_like(videos), how.batch_size, epoch=0, device=CPU)
        for batch, parts in runs:
            adamw.zero_grad()
            for part in parts:
                truth = labels[batch][torch.from_numpy(part.index)]
                with torch.enable_grad():
                    functional.cross_entropy(probe(part.tokens), truth).backward()
            torch.nn.utils.clip_grad_norm_(probe.parameters(), 1.0)
            adamw.step()


def peak(count: int, width: int, queries: int) -> float:
    """Megabytes by which a process grows while it pools ``count`` tokens and goes back."""
    words = [sys.executable, "-c", MEMORY, str(count), str(width), str(queries)]
    return float(subprocess.run(words, capture_output=True, text=True, check=True).stdout)


if __name__ == "__main__":
    main()
