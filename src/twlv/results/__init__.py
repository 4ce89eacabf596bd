"""Results: what a measurement leaves behind, on disk and in memory, and the numbers that the report printed.

``record`` builds a Result, ``Result.save`` and ``load`` keep it as one JSON file, ``compare`` says whether two
may stand side by side, ``published`` gives the report's own numbers. Nothing here imports torch.
"""

from twlv.results.abilities import abilities, published_abilities
from twlv.results.ability import Abilities, Ability, Mean, Part
from twlv.results.compare import Difference, axes, comparable, compare
from twlv.results.contamination import overlapping
from twlv.results.environment import environment
from twlv.results.files import file_name, identity, load, load_file, save
from twlv.results.matching import PublishedColumn, matching_column, references
from twlv.results.published import (
    PAPER,
    Average,
    Headline,
    PublishedRecord,
    averages,
    disagreements,
    find,
    headlines,
    published,
)
from twlv.results.record import record
from twlv.results.result import (
    SCHEMA,
    DatasetRecord,
    Predictions,
    Reference,
    Result,
    TaskRecord,
)

__all__ = [
    "PAPER",
    "SCHEMA",
    "Abilities",
    "Ability",
    "Average",
    "DatasetRecord",
    "Difference",
    "Headline",
    "Mean",
    "Part",
    "Predictions",
    "PublishedColumn",
    "PublishedRecord",
    "Reference",
    "Result",
    "TaskRecord",
    "abilities",
    "averages",
    "axes",
    "comparable",
    "compare",
    "disagreements",
    "environment",
    "file_name",
    "find",
    "headlines",
    "identity",
    "load",
    "load_file",
    "matching_column",
    "overlapping",
    "published",
    "published_abilities",
    "record",
    "references",
    "save",
]
