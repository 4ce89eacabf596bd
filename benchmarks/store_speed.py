"""How fast embeddings are written and read: our store beside the authors' three files a video.

    python benchmarks/store_speed.py            # 20,000 videos of width 1,024
    python benchmarks/store_speed.py --small    # seconds

Prints wall and CPU seconds of each step. Files are warm in the page cache; run it on a quiet machine.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from small import parse
from twlv.store import Store, StoreSpec, StoreWriter
from twlv.store.official import read_official, unknown_card
from twlv.store.official_store import write_official
from twlv.types import ClassLabel, Dataset, DatasetCard, Embedding, Sample, Uniform


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--videos", type=int, default=20000)
    parser.add_argument("--dim", type=int, default=1024)
    options = parse(parser, videos=1000, dim=256)
    ids = [f"v{i:06d}" for i in range(options.videos)]
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        spec = StoreSpec(backbone=unknown_card(base, options.dim), sampling=Uniform(), num_frames=16)

        def write() -> None:
            with StoreWriter(Store.open_or_create(base / "store", spec), plan=ids) as writer:
                for embedding in embeddings(ids, options.dim):
                    writer.write(embedding)

        timed("store: write, durable video by video", write)
        timed("store: open", lambda: len(Store.open(base / "store")))
        store = Store.open(base / "store")
        timed("store: open and read all", lambda: list(Store.open(base / "store").read()))
        order = np.random.default_rng(0).permutation(ids)[:1000].tolist()
        timed(f"store: read {len(order):,} at random", lambda: list(store.read(order)))
        timed("store: verify", store.verify)
        samples = tuple(Sample(video_id=i, path=i, split="train", target=ClassLabel(index=0)) for i in ids)
        data = Dataset(card=DatasetCard(name="d"), samples=samples)
        timed("authors' layout: write", lambda: write_official(store, data, base / "official"))
        timed("authors' layout: our reader", lambda: read_official(base / "official"))
        timed("authors' layout: json.load + np.load", lambda: plain_read(base / "official" / "train"))


def embeddings(ids: list[str], dim: int) -> Iterator[Embedding]:
    rng = np.random.default_rng(0)
    for video_id in ids:
        vectors = rng.standard_normal((1, dim), dtype=np.float32)
        yield Embedding(video_id=video_id, level="clip", vectors=vectors, spans_seconds=np.array([[0.0, 2.0]]))


def plain_read(folder: Path) -> None:
    for path in sorted(folder.glob("*.json")):
        json.loads(path.read_text())
        for kind in ("c", "v"):
            np.load(f"{str(path)[:-5]}_{kind}.npy")


def timed(title: str, step: Callable[[], object]) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    step()
    print(
        f"{title:40s} {time.perf_counter() - wall:8.3f} s wall {time.process_time() - cpu:8.3f} s CPU",
        flush=True,
    )


if __name__ == "__main__":
    main()
