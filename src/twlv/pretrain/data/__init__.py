"""Batches for pretraining: sources, their mixture, and the loader that numbers them.

Everything is a function of a number: slot n of a run is a turn of one source (``Mixture``), a turn is a file
and its draws (``Stored``, ``Synthetic``), so ``Loader.batch(step)`` needs no state and a run resumes at the
sample. A recipe says what it wants in ``DataSettings``; ``open_loader`` opens it.
"""

from twlv.pretrain.data.failures import Failures
from twlv.pretrain.data.loader import Loader
from twlv.pretrain.data.mixture import Mixture
from twlv.pretrain.data.pool import Pool
from twlv.pretrain.data.report_mixture import Corpus, report_corpora, report_sources
from twlv.pretrain.data.settings import DataSettings, SourceSettings, open_loader, open_source
from twlv.pretrain.data.source import ClipForm, Failed, Item, Read, Source
from twlv.pretrain.data.stored import Stored
from twlv.pretrain.data.synthetic import Synthetic

__all__ = [
    "ClipForm",
    "Corpus",
    "DataSettings",
    "Failed",
    "Failures",
    "Item",
    "Loader",
    "Mixture",
    "Pool",
    "Read",
    "Source",
    "SourceSettings",
    "Stored",
    "Synthetic",
    "open_loader",
    "open_source",
    "report_corpora",
    "report_sources",
]
