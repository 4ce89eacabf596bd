"""What one run of ``twlv evaluate`` is given: its subset of the videos, its reading, its store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twlv.cli.sampling import sampling_of, views_of
from twlv.cli.shared import ReadingOptions
from twlv.cli.training import protocol_of
from twlv.types import Dataset, Level

if TYPE_CHECKING:
    from twlv.cli.evaluate import EvaluateOptions
    from twlv.contracts import Backbone


def shot(data: Dataset, options: EvaluateOptions, seed: int) -> Dataset:
    """The data set, or with ``--shots`` its few-shot draw of this seed."""
    if options.shots is None:
        return data
    from twlv.data.shots import few_shot

    return few_shot(data, options.shots, seed=seed, split=options.train_split or "train")


def reading_arguments(options: EvaluateOptions, task: object) -> dict[str, Any]:
    """How videos are read: the flags, where they say nothing the recipe, else the task's own way."""
    from twlv.cli.progress import progress
    from twlv.evaluation import default_sampling

    sampling, views = sampling_of(options), views_of(options.views)
    if options.sampling is None:
        sampling = replace(default_sampling(task), num_frames=options.num_frames)
    if options.recipe is not None:
        protocol = protocol_of(options.task, options.recipe)
        if options.sampling is None and options.frame_step is None:
            sampling = replace(protocol.sampling, num_frames=options.num_frames)
        if options.views == _default("views"):
            views = protocol.views
    return {
        "sampling": sampling,
        "views": views,
        "workers": options.workers,
        "decoder": options.decoder,
        "progress": progress(),
    }


def _default(name: str) -> object:
    return ReadingOptions.__dataclass_fields__[name].default


def store_of_all(
    model: Backbone, data: Dataset, level: Level, reading: dict[str, Any], options: EvaluateOptions
) -> Path:
    """The cache of the whole data set's embeddings, so that every draw of few shots shares it."""
    from twlv.embedding import reading_for, store_spec
    from twlv.embedding.cache import default_store
    from twlv.evaluation import choose_splits

    splits = choose_splits(data, options.train_split, options.test_split)
    halves = [data.split(name) for name in splits]
    whole = Dataset(card=data.card, samples=halves[0].samples + halves[1].samples)
    made = reading_for(model.card, reading["sampling"], reading["views"], reading["decoder"])
    return default_store(whole, store_spec(model.card, made, level))
