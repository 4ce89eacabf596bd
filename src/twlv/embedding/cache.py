"""Where embeddings go when nobody names a store, and how a store tells a Result what it holds."""

from __future__ import annotations

import hashlib
from pathlib import Path

from twlv.files import cache_folder
from twlv.store import Store, StoreSpec
from twlv.types import Dataset, Json

__all__ = ["cache_folder", "default_store", "describe_store"]


def default_store(dataset: Dataset, spec: StoreSpec) -> Path:
    """The cache folder of these embeddings: another annotation file, folder or setting is another store."""
    where = Path(dataset.samples[0].path).resolve().parent if dataset.samples else Path()
    identity = "|".join((spec.key, dataset.card.annotation_sha256, dataset.card.selection, str(where)))
    digest = hashlib.sha256(identity.encode()).hexdigest()[:12]
    return cache_folder() / "embeddings" / f"{dataset.card.name}-{spec.backbone.name}-{digest}"


def describe_store(store: Store) -> dict[str, Json]:
    """How the embeddings were made, for a Result."""
    info, spec = store.info(), store.spec
    order: dict[str, Json] = {} if spec.frame_order == "forward" else {"frame_order": spec.frame_order}
    if spec.framing != "crop":
        order["framing"] = spec.framing
    if spec.augmentation is not None:
        order["augmentation"] = dict(spec.augmentation)
    return {
        "store_key": spec.key,
        **order,
        "sampling": info["sampling"],
        "views": info["views"],
        "num_frames": spec.num_frames,
        "level": spec.level,
        "dtype": spec.backbone.dtype,
        "storage_dtype": spec.dtype,
        "decoder": spec.decoder,
        "provenance": info["provenance"],
    }
