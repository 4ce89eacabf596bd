"""The command that repeats a result, from what the result says of itself."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping

from twlv.report.text import clean
from twlv.results import Result
from twlv.results.compare import WHERE_IT_RUNS
from twlv.types import Json


def command(result: Result) -> str:
    """``twlv evaluate ...`` with every setting that the result names.

    The data set stands by its name: a manifest's file and the folder of the videos are the reader's own.
    """
    words = ["twlv", "evaluate", result.task.name.replace("_", "-")]
    words += ["--dataset", clean(result.dataset.name), "--backbone", clean(result.backbone.name)]
    words += [*_reading(result.embedding), *_splits(result)]
    if "asked" in result.seeds:
        words += ["--seed", str(result.seeds["asked"])]
    words += [word for setting in _settings(result.task.config) for word in ("--set", setting)]
    return shlex.join(words)


def _settings(config: Mapping[str, Json]) -> Iterator[str]:
    for name, value in config.items():
        if name not in WHERE_IT_RUNS and value is not None:
            text = value if isinstance(value, str) else json.dumps(value)
            yield clean(f"{name}={text}")


def _splits(result: Result) -> list[str]:
    data = result.dataset
    named = [("--train-split", data.train_split), ("--test-split", data.test_split)]
    return [word for flag, name in named if name for word in (flag, clean(name))] if data.train_split else []


def _reading(embedding: Mapping[str, Json]) -> Iterator[str]:
    sampling = embedding.get("sampling")
    if isinstance(sampling, dict):
        kind = str(sampling.get("kind", "uniform")).lower()
        yield from ("--sampling", clean(sampling.get("name", kind) if kind == "rule" else kind))
        for name, value in sampling.items():
            if name not in ("kind", "name") and isinstance(value, str | int | float):
                yield from (f"--{clean(name).replace('_', '-')}", clean(value))
    views = embedding.get("views")
    if isinstance(views, dict) and (views.get("spatial"), views.get("temporal")) not in ((1, 1), (None, None)):
        yield from ("--views", clean(f"{views.get('spatial', 1)}x{views.get('temporal', 1)}"))
    if isinstance(decoder := embedding.get("decoder"), str):
        yield from ("--decoder", clean(decoder))
