"""Embeddings on disk: a self-describing, resumable store of shards, and the layouts of other tools.

``Store`` and ``StoreWriter`` read and write; ``StoreSpec`` says what the vectors were made with.
``official`` holds the layout of the report's authors (reading, writing, importing), ``export`` single
files for other tools, ``codec`` turns cards and samplings into JSON and back. Numpy only: no torch.
"""

from twlv.store.spec import StoreSpec
from twlv.store.store import Store
from twlv.store.writer import StoreWriter, share

__all__ = ["Store", "StoreSpec", "StoreWriter", "share"]
