"""Many clips: what is opened is closed, what is started ends."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from twlv.embedding import embed_dataset, embed_list
from twlv.store import Store
from twlv.types import Dataset, Embedding, MultiClip

MakeDataset = Callable[..., Dataset]
DENSE = MultiClip(clip_seconds=0.5, stride_seconds=0.25)
PROC = Path("/proc/self")


def held() -> tuple[int, int, list[str]]:
    """Open file descriptors, threads of the process, and threads that Python knows."""
    gc.collect()
    names = sorted(thread.name for thread in threading.enumerate())
    return len(os.listdir(PROC / "fd")), len(os.listdir(PROC / "task")), names  # noqa: PTH208


@pytest.mark.skipif(not PROC.is_dir(), reason="counts descriptors and threads through /proc")
def test_descriptors_and_threads_do_not_grow_with_clips(
    backbone, make_dataset: MakeDataset, tmp_path: Path
) -> None:
    """Five rounds of 42 clips, with broken files, a store, and a consumer that leaves early."""
    data = make_dataset(extra=("broken", "empty"), missing=("gone",))
    before, clips = None, 0
    for _ in range(5):
        embed_dataset(backbone, data, tmp_path / f"store{clips}", sampling=DENSE, workers=2)
        stored = Store.open(tmp_path / f"store{clips}")
        clips += sum(len(embedding.vectors) for embedding in stored.read())
        stream = embed_list(backbone, data.samples, sampling=DENSE, workers=2)
        first = next(iter(stream))
        assert isinstance(first, Embedding)
        stream.close()  # type: ignore[attr-defined] - it is a generator
        before = before or held()  # libraries open what they keep in the first round
    assert clips >= 200
    assert held() == before
