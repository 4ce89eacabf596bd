"""Writing: every video is durable at once, and the small files are folded together afterwards.

The plan fixes which videos share a shard, not the run: chunk c of a writer holds its ids number
``c * videos_per_shard`` onwards. So a run that was killed and resumed ends with the same files, byte for
byte, as one that was not.

Why no locks are needed. A shard is removed only by a writer that has just seen or written another one
which holds all of its videos and more (or the same videos under a smaller name). That is a strict order,
so whatever the writers do at once, the greatest shard of every video survives.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import TracebackType

import numpy as np

from twlv.errors import FeatureError, UsageError
from twlv.files import sweep, write_atomic
from twlv.store.block import to_block
from twlv.store.ids import check_id
from twlv.store.shard import Block, Maps, Shard, ShardPlan, write_shard
from twlv.store.store import CREATE_TAG, Store, failure_path, read_failures
from twlv.types import DoubleArray, Embedding


def share(ids: Sequence[str], part: tuple[int, int]) -> tuple[str, ...]:
    """The ids that part i of n (counted from 1) is responsible for: every n-th, from the i-th on.

    UsageError unless 1 <= i <= n, or if an id stands twice in the plan.
    """
    number, count = part
    if not 1 <= number <= count:
        raise UsageError(f"part {number}/{count}: give I/N with 1 <= I <= N")
    if len(set(ids)) != len(ids):
        seen: set[str] = set()
        twice = next(i for i in ids if i in seen or seen.add(i))  # type: ignore[func-returns-value]
        raise UsageError(f"video '{twice}' stands twice in the plan; ids must be unique")
    return tuple(ids[number - 1 :: count])


class StoreWriter:
    """Writes the videos of one part of a run into a store; a context manager.

    ``plan`` is the ids of the whole run in order; ``part`` (i, n) makes this writer responsible for
    ``share(plan, part)``, and ``todo`` lists those not stored yet. Without a plan chunks follow the
    order of writing (then an interrupted run is as complete, but its files may be cut differently).
    ``provenance`` (decoder, ffmpeg, torch, code version ...) is recorded with every video.
    """

    def __init__(
        self,
        store: Store,
        *,
        plan: Sequence[str] | None = None,
        part: tuple[int, int] = (1, 1),
        videos_per_shard: int = 256,
        provenance: Mapping[str, str] | None = None,
    ) -> None:
        if videos_per_shard < 1:
            raise UsageError(f"videos_per_shard is {videos_per_shard}; give 1 or more")
        self.store = store
        self.ids = share([check_id(i) for i in plan or ()], part)
        self._planned = plan is not None
        self._size = videos_per_shard
        self._provenance = {str(k): str(v) for k, v in (provenance or {}).items()}
        self._tag = f"{part[0]}of{part[1]}"
        self._shards = store.path / "shards"
        self._scratch = store.path / "tmp"
        sweep(self._scratch, self._tag)
        sweep(self._scratch, CREATE_TAG)
        self._held: dict[str, dict[str, Shard]] = {}  # id -> its shards by file name
        self._look()
        self._row_shape = store.index.row_shape
        self._row_from = store.index.shards[0].ids[0] if store.index.shards else ""
        self._chunk_of = {video_id: n // videos_per_shard for n, video_id in enumerate(self.ids)}
        self._chunks = [list(self.ids[at : at + self._size]) for at in range(0, len(self.ids), self._size)]
        self._pending = [{i for i in chunk if i not in self._held} for chunk in self._chunks]

    @property
    def todo(self) -> tuple[str, ...]:
        """Ids of this writer's share that are not stored, in order (those that failed before, too)."""
        return tuple(i for i in self.ids if i not in self._held)

    def write(self, embedding: Embedding) -> bool:
        """Commit one video durably and atomically; False (nothing done) if it is stored already.

        FeatureError names the id if a value is not finite, or the level, width or token grid is not
        that of the store; UsageError if the id is not in this writer's share of the plan.
        """
        return bool(self.write_many([embedding]))

    def write_many(self, embeddings: Sequence[Embedding]) -> int:
        """As ``write``, but all of them at once in one shard: how many were new. For fast sources."""
        blocks: list[Block] = []
        for embedding in embeddings:
            if self._claim(embedding.video_id) not in self._held:
                block = to_block(embedding, self.store.spec, self._provenance)
                self._check_rows(block)
                blocks.append(block)
        if not blocks:
            return 0
        plan = self._shard_plan(
            [block.video_id for block in blocks],
            [len(block.vectors) for block in blocks],
            blocks[0].vectors.shape[1:],
            [block.provenance for block in blocks],
        )
        spans = np.concatenate([block.spans for block in blocks])
        self._hold(self._write(plan, lambda: blocks, spans))
        for block in blocks:
            failure_path(self.store.path, block.video_id).unlink(missing_ok=True)
            self._settle(block.video_id)
        return len(blocks)

    def fail(self, video_id: str, reason: str) -> None:
        """Record that a video could not be embedded (no effect if it is stored)."""
        if self._claim(video_id) in self._held:
            return
        text = json.dumps({"id": video_id, "reason": reason}, ensure_ascii=False) + "\n"
        target = failure_path(self.store.path, video_id)
        target.parent.mkdir(exist_ok=True)
        write_atomic(target, text, scratch=self._scratch, tag=self._tag)
        self._settle(video_id)

    def close(self) -> None:
        """Fold what is still in small shards together, and drop failures of videos that are stored."""
        for chunk in self._chunks:
            self._compact(chunk)
        for video_id in read_failures(self.store.path):
            if video_id in self._held:
                failure_path(self.store.path, video_id).unlink(missing_ok=True)
        self.store.refresh()

    def __enter__(self) -> StoreWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:  # what was written is durable; the next run folds it
            self.store.refresh()

    # ------------------------------------------------------------ checks

    def _claim(self, video_id: str) -> str:
        check_id(video_id)
        if video_id not in self._chunk_of:
            if self._planned:
                raise UsageError(
                    f"video '{video_id}' is not in this writer's part of the plan ({len(self.ids)} ids)"
                )
            if not self._chunks or len(self._chunks[-1]) == self._size:
                self._chunks.append([])
                self._pending.append(set())
            self._chunk_of[video_id] = len(self._chunks) - 1
            self._chunks[-1].append(video_id)
        return video_id

    def _check_rows(self, block: Block) -> None:
        shape = block.vectors.shape[1:]
        if self._row_shape is None:
            self._row_shape, self._row_from = shape, block.video_id
        if shape != self._row_shape:
            raise FeatureError(
                f"video '{block.video_id}' has rows of shape {shape}, but video '{self._row_from}' in "
                f"{self.store.path} has {self._row_shape}; one store holds one token grid"
            )

    # ------------------------------------------------------------ folding

    def _settle(self, video_id: str) -> None:
        chunk = self._chunk_of[video_id]
        self._pending[chunk].discard(video_id)
        full = self._planned or len(self._chunks[chunk]) == self._size
        if full and not self._pending[chunk]:
            self._compact(self._chunks[chunk])

    def _look(self) -> None:
        """See which shards there are; other writers may have added or folded some."""
        self.store.refresh()
        self._held.clear()
        for shard in self.store.index.shards:
            self._hold(shard)

    def _compact(self, chunk: Sequence[str]) -> None:
        try:
            self._fold_chunk(chunk)
        except FileNotFoundError:  # another writer has just folded some of these videos: look again
            self._look()
            with contextlib.suppress(FileNotFoundError):  # twice in a row: leave it to that writer
                self._fold_chunk(chunk)

    def _fold_chunk(self, chunk: Sequence[str]) -> None:
        """One shard for all videos of a chunk that lie in shards within the chunk; then drop those shards."""
        inside = set(chunk)
        sources = {
            name: shard
            for video_id in chunk
            for name, shard in self._held.get(video_id, {}).items()
            if inside.issuperset(shard.ids)
        }
        folded = {video_id for shard in sources.values() for video_id in shard.ids}
        ids = [video_id for video_id in chunk if video_id in folded]
        if not ids:
            return
        whole = sorted(name for name, shard in sources.items() if len(shard.ids) == len(ids))
        kept = whole[0] if whole else self._fold(ids, sources)
        for name, shard in sources.items():
            if name != kept:
                shard.path.unlink(missing_ok=True)
                for video_id in shard.ids:
                    self._held[video_id].pop(name, None)

    def _fold(self, ids: Sequence[str], sources: Mapping[str, Shard]) -> str:
        order = sorted(sources, key=lambda name: (-len(sources[name].ids), name))
        home = {i: (sources[n], row) for n in reversed(order) for row, i in enumerate(sources[n].ids)}
        found = [home[i] for i in ids]
        counts = [int(shard.offsets[row + 1] - shard.offsets[row]) for shard, row in found]
        provenance = [shard.provenance[shard.provenance_of[row]] for shard, row in found]
        plan = self._shard_plan(ids, counts, found[0][0].shape[1:], provenance)
        spans = np.concatenate([block.spans for block in _blocks(found)])
        shard = self._write(plan, lambda: _blocks(found), spans)
        self._hold(shard)
        return shard.path.name

    def _write(self, plan: ShardPlan, blocks: Callable[[], Iterable[Block]], spans: DoubleArray) -> Shard:
        return write_shard(self._shards, plan, blocks, spans=spans, scratch=self._scratch, tag=self._tag)

    def _shard_plan(
        self,
        ids: Sequence[str],
        counts: Sequence[int],
        row_shape: tuple[int, ...],
        provenance: Sequence[Mapping[str, str]],
    ) -> ShardPlan:
        spec = self.store.spec
        return ShardPlan(
            key=spec.key,
            level=spec.level,
            ids=tuple(ids),
            counts=tuple(counts),
            row_shape=row_shape,
            dtype=np.dtype(spec.dtype),
            provenance=tuple(provenance),
        )

    def _hold(self, shard: Shard) -> None:
        for video_id in shard.ids:
            self._held.setdefault(video_id, {})[shard.path.name] = shard


def _blocks(found: Sequence[tuple[Shard, int]]) -> Iterator[Block]:
    maps = Maps()
    return (shard.block(row, maps.get(shard)) for shard, row in found)
