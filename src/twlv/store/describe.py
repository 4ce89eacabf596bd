"""What a store tells about itself, and what is wrong with it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import numpy as np

from twlv.codec import canonical, to_json
from twlv.errors import FeatureError, StoreError
from twlv.store.shard import Shard, blocks_of, open_shard, shard_name
from twlv.store.spec import SCHEMA
from twlv.types import Json, Sampling

if TYPE_CHECKING:
    from twlv.store.store import Store


def info(store: Store) -> dict[str, Json]:
    """Counts (videos, rows, shards), bytes, settings, origin and failures; every value is JSON-able."""
    index, spec, failed = store.index, store.spec, store.failed
    held = [holders[0] for holders in index.holders.values()]
    origin = Counter(canonical(dict(shard.provenance[shard.provenance_of[row]])) for shard, row in held)
    row_shape: list[Json] = list(index.row_shape or (spec.backbone.dim,))
    return {
        "path": str(store.path),
        "schema": SCHEMA,
        "key": spec.key,
        "num_videos": len(store),
        "num_rows": sum(int(shard.offsets[row + 1] - shard.offsets[row]) for shard, row in held),
        "num_failed": len(failed),
        "num_shards": len(index.shards),
        "num_single_shards": sum(len(shard.ids) == 1 for shard in index.shards),
        "bytes": sum(shard.num_bytes for shard in index.shards),
        "level": spec.level,
        "dim": spec.backbone.dim,
        "row_shape": row_shape,
        "dtype": spec.dtype,
        "backbone": spec.backbone.name,
        "weights_sha256": spec.backbone.weights_sha256,
        "licence": spec.backbone.licence,
        "sampling": to_json(spec.sampling, Sampling),
        "num_frames": spec.num_frames,
        "views": to_json(spec.views),
        "decoder": spec.decoder,
        "frame_order": spec.frame_order,
        "framing": spec.framing,
        "command": store.command,
        "provenance": [{"num_videos": count, **json.loads(text)} for text, count in sorted(origin.items())],
        "failed": cast("Json", dict(failed)),
    }


def verify(store: Store) -> list[str]:
    """Read every byte and list what is wrong, one sentence each.

    Found: bytes that changed since they were written, truncated or foreign shards, missing metadata, another
    key or dtype, inconsistent offsets, values that are not finite, broken spans, names that do not fit the
    ids, mixed widths or token grids, one id with two contents, unusable failure records.
    """
    from twlv.store.store import check_shard, read_failures, shard_paths

    problems: list[str] = []
    shards: list[Shard] = []
    for path in shard_paths(store.path):
        try:
            shard = open_shard(path)
            check_shard(shard, store.spec, shards[0] if shards else shard)
        except (StoreError, FeatureError) as error:
            problems.append(str(error))
            continue
        shards.append(shard)
        problems.extend(_content_problems(shard, store.spec.backbone.dim))
    problems.extend(_conflicts(shards))
    try:
        read_failures(store.path)
    except StoreError as error:
        problems.append(str(error))
    return problems


def _content_problems(shard: Shard, dim: int) -> Iterator[str]:
    if shard.path.name != shard_name(shard.ids):
        yield f"{shard.path}: the name does not fit the ids it holds; the file was renamed or edited"
    if not shard.data_is_intact():
        yield f"{shard.path}: its bytes are not those that were written (sha256); delete it and embed again"
    if shard.shape[-1] != dim:
        yield f"{shard.path}: vectors are {shard.shape[-1]} wide, the backbone gives {dim}"
    for block in blocks_of(shard):
        if not np.isfinite(block.vectors).all():
            yield f"{shard.path}: video '{block.video_id}' holds values that are not finite"
        spans = block.spans
        if not np.isfinite(spans).all() or not (spans[:, 1] > spans[:, 0]).all():
            yield f"{shard.path}: video '{block.video_id}' has a span without length: {spans.tolist()}"


def _conflicts(shards: list[Shard]) -> Iterator[str]:
    homes: dict[str, list[tuple[Shard, int]]] = {}
    for shard in shards:
        for row, video_id in enumerate(shard.ids):
            homes.setdefault(video_id, []).append((shard, row))
    for video_id, found in homes.items():
        if len(found) > 1:
            contents = {_content(shard, row) for shard, row in found}
            if len(contents) > 1:
                files = ", ".join(str(shard.path) for shard, _ in found)
                yield f"video '{video_id}' lies in several shards with different content: {files}"


def _content(shard: Shard, row: int) -> tuple[bytes, bytes]:
    block = shard.block(row, shard.map())
    return block.vectors.tobytes(), block.spans.tobytes()
