"""Results of one backbone for its page on the Hugging Face hub: metadata block and a section of text.

The block follows the hub's ``model-index``: ``results`` of task, data set and metrics, each with a source.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence

from twlv.errors import ResultError
from twlv.report.markdown import grid_table
from twlv.report.table import table
from twlv.report.text import clean, escape_markdown
from twlv.results import PAPER, Result
from twlv.types import Json, Score

TASKS = {
    "knn": ("video-classification", "k nearest neighbours on frozen embeddings"),
    "linear_probe": ("video-classification", "linear probe on frozen embeddings"),
    "attentive_probe": ("video-classification", "attentive probe on frozen tokens"),
    "motion_direction": ("video-classification", "forward against reversed videos"),
    "temporal_localization": ("other", "temporal action localization"),
    "temporal_segmentation": ("other", "temporal action segmentation"),
    "spatiotemporal_localization": ("object-detection", "spatio-temporal action localization"),
}
"""Name of a task -> the hub's type and words; one that is not here is ``other``."""

METHOD = f"protocols of {PAPER}"


def model_card(results: Sequence[Result], *, mix: bool = False) -> str:
    """The card: YAML between ``---`` lines, then Markdown with tables and what the numbers mean.

    Raises:
        ResultError: no results, or of more than one backbone: a card is of one model.
    """
    cards = {repr(result.backbone): result.backbone for result in results}
    if len(cards) != 1:
        names = ", ".join(clean(card.name) for card in cards.values()) or "none"
        raise ResultError(
            f"a model card is of one backbone, these results are of {len(cards)}: {names}; "
            "name the files of one"
        )
    card = next(iter(cards.values()))
    made = table(results, mix=mix)
    index = {"name": clean(card.name), "results": [_entry(result) for result in results]}
    parts = [
        "---\n" + _yaml({"license": clean(card.licence).lower() or "unknown", "model-index": [index]}) + "---",
        "## Evaluation",
        f"Measured with `twlv` ({METHOD}): the backbone is frozen. "
        "Intervals are 95 % over test videos; a share of videos is shown where any is missing.",
        *(grid_table(grid) for grid in made.grids),
        "\n".join(f"- {escape_markdown(mark)}: {escape_markdown(text)}" for mark, text in made.footnotes),
        "\n".join(f"- {escape_markdown(name)}: {escape_markdown(text)}" for name, text in made.meanings),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _entry(result: Result) -> Json:
    """What the hub shows of one result."""
    kind, words = TASKS.get(result.task.name, ("other", result.task.name))
    data = result.dataset
    dataset = {
        "name": data.title or data.name,
        "type": data.name,
        "split": data.test_split,
        "revision": data.annotation_sha256,
    }
    metrics = [_metric(name, score, result) for name, score in result.scores.items()]
    return {
        "task": {"type": kind, "name": f"{words} ({result.task.name}, version {result.task.version})"},
        "dataset": {name: value for name, value in dataset.items() if value},
        "metrics": [metric for metric in metrics if metric],
    }


def _metric(name: str, score: Score, result: Result) -> Json:
    if not math.isfinite(score.value):
        return {}
    said = f"{name} ({score.unit})" if score.unit else name
    if result.contaminated:
        said += " †"
    made: dict[str, Json] = {"type": name.rpartition("/")[2], "name": said, "value": round(score.value, 4)}
    if score.ci95 is not None and all(map(math.isfinite, score.ci95)):
        made["args"] = {"n": score.n, "ci95": [round(end, 4) for end in score.ci95]}
    return made


def _yaml(value: Mapping[str, object]) -> str:
    """YAML in which every text is quoted as in JSON (JSON's texts are YAML's), so that none is misread."""
    return "\n".join(_lines(value, "")) + "\n"


def _lines(value: object, indent: str) -> list[str]:
    found: list[str] = []
    if isinstance(value, Mapping):
        for name, item in value.items():
            if isinstance(item, Mapping | list) and item and not _plain(item):
                found += [f"{indent}{clean(name)}:", *_lines(item, indent + "  ")]
            else:
                found.append(f"{indent}{clean(name)}: {_scalar(item)}")
    elif isinstance(value, list):
        for item in value:
            first, *rest = _lines(item, indent + "  ")
            found += [f"{indent}- {first.strip()}", *rest]
    return found


def _plain(item: object) -> bool:
    return isinstance(item, list) and not any(isinstance(part, Mapping | list) for part in item)


def _scalar(value: object) -> str:
    if isinstance(value, str):
        return json.dumps(clean(value), ensure_ascii=False)
    return json.dumps(value, allow_nan=False)
