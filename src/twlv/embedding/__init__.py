"""Data set x backbone -> embeddings: reading ahead, encoding, pooling, and Features for the tasks."""

from twlv.embedding.extract import Batching, Failure, Timings, default_workers, extract
from twlv.embedding.features import MemoryFeatures, StoredFeatures
from twlv.embedding.folder import FolderFeatures
from twlv.embedding.into_store import EmbedReport, embed_dataset, embed_list, store_spec
from twlv.embedding.live import AugmentedViews, LiveFeatures, live_features
from twlv.embedding.pool import pool
from twlv.embedding.prefetch import prefetch
from twlv.embedding.progress import Progress, Silent
from twlv.embedding.reading import Reading, read_sample, reading_for

__all__ = [
    "AugmentedViews",
    "Batching",
    "EmbedReport",
    "Failure",
    "FolderFeatures",
    "LiveFeatures",
    "MemoryFeatures",
    "Progress",
    "Reading",
    "Silent",
    "StoredFeatures",
    "Timings",
    "default_workers",
    "embed_dataset",
    "embed_list",
    "extract",
    "live_features",
    "pool",
    "prefetch",
    "read_sample",
    "reading_for",
    "store_spec",
]
