"""A writer in a process of its own: STORE SPEC_JSON PLAN_JSON PART COUNT VIDEOS_PER_SHARD [FAILING ids].

Says 'open' once it has begun, so that a test may kill it at any later moment.
"""

from __future__ import annotations

import json
import sys

import numpy as np

from twlv.store import Store, StoreSpec, StoreWriter
from twlv.types import Embedding


def main() -> None:
    path, spec, plan, part, count, size, *failing = sys.argv[1:]
    store = Store.open_or_create(path, StoreSpec.from_json(json.loads(spec)), command="twlv embed clips")
    with StoreWriter(
        store,
        plan=json.loads(plan),
        part=(int(part), int(count)),
        videos_per_shard=int(size),
        provenance={"decoder": "pyav 18", "ffmpeg": "8.1"},
    ) as writer:
        sys.stdout.write("open\n")
        sys.stdout.flush()
        for video_id in writer.todo:
            if video_id in failing:
                writer.fail(video_id, "corrupt: made so")
                continue
            rng = np.random.default_rng(list(video_id.encode()))
            rows = 1 + len(video_id) % 3
            edges = np.arange(rows + 1, dtype=np.float64)
            writer.write(
                Embedding(
                    video_id=video_id,
                    level="clip",
                    vectors=rng.standard_normal((rows, store.spec.backbone.dim)).astype(np.float32),
                    spans_seconds=np.stack([edges[:-1], edges[1:]], axis=1),
                )
            )


if __name__ == "__main__":
    main()
