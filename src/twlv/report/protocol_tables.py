"""The tables of published numbers in ``docs/protocols``, written from the package's data.

A page holds ``<!-- table: NAME -->`` and ``<!-- end -->``; what stands between them is generated:
``python -m twlv.report.protocol_tables docs/protocols/*.md`` writes it anew.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from twlv.errors import ResultError
from twlv.files import write_atomic
from twlv.report.protocol_boxes import boxes_recipe, boxes_table
from twlv.report.protocol_localization import localization_recipes, localization_table
from twlv.report.protocol_recipes import attentive_recipes, linear_recipes
from twlv.report.protocol_segmentation import segmentation_recipes, segmentation_table
from twlv.results import Result, load, matching_column
from twlv.results.compare import views_text
from twlv.results.published import (
    PublishedRecord,
    averages,
    column,
    disagreements,
    headlines,
    hyperparameters,
    published,
)
from twlv.types import Json, Score

_PROBE_SETS = ("K400", "MiT", "SSv2", "DV48", "EK", "average", "IN-1K")
_SMALL_SETS = {"manifest": "", "manifest_scene": "courts"}  # manifests of real clips, and what they show
_BLOCK = re.compile(r"(<!-- table: (?P<name>[\w.-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def fill(text: str, results: Sequence[Result] = ()) -> str:
    """The page's text with every marked block generated anew; ``results`` are ours.

    Raises:
        ResultError: a block has a name that nobody generates.
    """
    blocks: dict[str, Callable[[], str]] = {
        **BLOCKS,
        **{f"ours-{table}": partial(ours, table, results) for table in (3, 5, 6, 9, 10, 11, 12)},
        **{f"small-{task}": partial(small, task, results) for task in ("linear_probe", "attentive_probe")},
    }

    def replaced(found: re.Match[str]) -> str:
        name = found["name"]
        if name not in blocks:
            raise ResultError(f"no table '{name}' is generated; known: {', '.join(blocks)}")
        return f"{found[1]}\n{blocks[name]()}\n\n{found[3]}"

    return _BLOCK.sub(replaced, text)


def main(paths: Sequence[str]) -> None:
    """Fill the pages in place."""
    for path in map(Path, paths):
        write_atomic(path, fill(path.read_text(encoding="utf-8"), results_beside(path)))


def results_beside(page: Path) -> tuple[Result, ...]:
    """The result files in ``results`` beside the folder of the page; files of another form are passed over."""
    files = sorted((page.resolve().parent.parent / "results").rglob("*.json"))
    found = [file for file in files if _is_result(file)]
    return load(found) if found else ()


def _is_result(file: Path) -> bool:
    document = json.loads(file.read_text(encoding="utf-8"))
    return isinstance(document, dict) and {"schema", "task", "dataset", "scores"} <= document.keys()


def ours(table: int, results: Sequence[Result]) -> str:
    """Our scores that belong beside a table of the report, or that there are none.

    A score belongs there by the rule of ``twlv report --paper``: task, metric, the whole data set, its classes.
    """
    rows = []
    for result in results:
        for name, score in result.scores.items():
            found = matching_column(result, name)
            if found is not None and found.table == table:
                low, high = score.ci95 or (float("nan"), float("nan"))
                training = result.embedding.get("training")
                kind = training.get("kind", "") if isinstance(training, dict) else "stored embeddings"
                cells = [f"{score.value:.2f} [{low:.1f}, {high:.1f}]", f"{result.coverage_fraction:.4f}"]
                rows.append([result.backbone.name, found.dataset, found.metric, *cells, str(kind)])
    if not rows:
        return f"No number of ours yet: no result in `docs/results` is of a data set of Table {table}."
    return _markdown(["backbone", "data set", "metric", "ours, 95 %", "coverage", "training clips"], rows)


def small(task: str, results: Sequence[Result]) -> str:
    """Our scores of a task on sets of real clips that stand beside no table of the report."""
    rows = []
    for result in results:
        training = result.embedding.get("training")
        clips = str(training.get("kind", "")) if isinstance(training, dict) else "one, stored"
        if result.task.name == task and result.dataset.name in _SMALL_SETS:
            what = _SMALL_SETS[result.dataset.name]
            top1, per_class = (result.scores[f"{task}/{name}"] for name in ("top1", "mean_per_class"))
            rows.append(
                [
                    f"{what} {result.dataset.selection.removeprefix('task=')}".strip(),
                    result.backbone.name,
                    clips,
                    views_text(result.embedding),
                    _with_interval(top1),
                    _with_interval(per_class),
                    str(top1.n),
                    f"{float(str(result.details['chance_top1'])):.1f}",
                ]
            )
    heads = [
        "clips of",
        "backbone",
        "training clips",
        "test views",
        "top-1",
        "mean per class",
        "videos",
        "chance",
    ]
    return _markdown(heads, sorted(rows)) if rows else "None yet."


def _with_interval(score: Score) -> str:
    low, high = score.ci95 or (float("nan"), float("nan"))
    return f"{score.value:.1f} [{low:.1f}, {high:.1f}]"


def probing(table: int) -> str:
    """Table 3 or 5: top-1 / top-5 of each model on each data set."""
    rows = []
    for model in dict.fromkeys(record.model for record in published() if record.table == table):
        cells = [_pair(table, dataset, model) for dataset in _PROBE_SETS]
        rows.append([" ".join(part for part in model if part), *cells])
    return _markdown(["model", *_PROBE_SETS], rows)


def _pair(table: int, dataset: str, model: tuple[str, str, str]) -> str:
    cells = [_cell(table, dataset, metric, model) for metric in ("top1", "top5")]
    return " / ".join(cell for cell in cells if cell)


def knn() -> str:
    """Table 6: kNN top-1 on two data sets for the three kinds of embedding."""
    heads = [(dataset, kind) for dataset in ("K400", "SSv2") for kind in ("uniform", "clip", "video")]
    rows = [
        [" ".join(part for part in model if part), *(_cell(6, d, f"top1/{kind}", model) for d, kind in heads)]
        for model in dict.fromkeys(record.model for record in published() if record.table == 6)
    ]
    return _markdown(["model", *(f"{dataset} {kind}" for dataset, kind in heads)], rows)


def _cell(table: int, dataset: str, metric: str, model: tuple[str, str, str]) -> str:
    found = [record for record in column(table, dataset, metric) if record.model == model]
    return _value(found[0]) if found else ""


def _value(record: PublishedRecord) -> str:
    return f"{record.value:.2f}" + "†" * record.dagger + "°" * record.quoted


def probing_settings() -> str:
    """Table 4: settings of the linear (LP) and attentive (AP) probe; shared cells are repeated."""
    table = hyperparameters()
    columns = table["columns"]
    if not isinstance(columns, list):
        raise ResultError("the packaged table 4 has no list of columns")
    rows = [
        [f"{name}{label}", *_settings(values, len(columns))]
        for part, label in (("both", ""), ("LP", " (LP)"), ("AP", " (AP)"))
        for name, values in _items(table[part])
    ]
    return _markdown(["setting", *map(str, columns)], rows)


def _items(value: Json) -> list[tuple[str, Json]]:
    return list(value.items()) if isinstance(value, dict) else []


def _settings(values: Json, count: int) -> list[str]:
    cells = (
        values
        if isinstance(values, list)
        else [values["shared"] if isinstance(values, dict) else values] * count
    )
    return ["" if cell is None else _setting(cell) for cell in cells]


def _setting(value: Json) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " to ".join(map(str, value)) if isinstance(value, list) else str(value)


def differences() -> str:
    """The five differences of the abstract."""
    rows = [
        [f"{h.method} {h.arch}", f"{h.ours:.2f}", f"{h.theirs:.2f}", f"{h.difference:+.1f}"]
        for h in headlines()
    ]
    return _markdown(["against", "TWLV-I ViT-L", "theirs", "difference"], rows)


def checked_averages() -> str:
    """Printed averages of tables 3 and 5 that are not the mean of their five cells, and how many are."""
    every = averages()
    odd = [average for average in every if not average.agrees]
    lines = [
        f"{len(every) - len(odd)} of {len(every)} averages are the mean of their five cells to two decimals."
    ]
    lines += [
        f"Table {a.table}, {a.method} {a.arch}: printed {a.printed:.2f}, the mean is {a.mean_of_five:.2f}."
        for a in odd
    ]
    return "\n".join(lines)


def contradictions() -> str:
    """Where the report disagrees with itself, its code, or its two copies with each other."""
    return "\n".join(f"- {_told(entry)}" for entry in disagreements())


def _told(entry: dict[str, Json]) -> str:
    cell = " ".join(
        str(entry[name]) for name in ("method", "stage", "arch", "dataset", "metric") if entry.get(name)
    )
    where = ", ".join(part for part in (f"table {entry['table']}", cell) if part)
    if "detail" in entry:
        return f"{where} ({entry['kind']}): {entry['detail']}"
    if entry["kind"] == "text-vs-pdf":
        return f"{where}: † only in the PDF's text layer"
    if entry["kind"] == "average":
        return f"{where}: average printed {entry['printed']}, mean of the five cells {entry['mean_of_five']}"
    rows = entry.get("rows")
    return f"{where}: {entry['kind']}" + (f": {'; '.join(map(str, rows))}" if isinstance(rows, list) else "")


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


BLOCKS: dict[str, Callable[[], str]] = {
    "3": lambda: probing(3),
    "4": probing_settings,
    "5": lambda: probing(5),
    "6": knn,
    "headlines": differences,
    "averages": checked_averages,
    "contradictions": contradictions,
    "recipes-linear": linear_recipes,
    "recipes-attentive": attentive_recipes,
    "9": lambda: localization_table(9),
    "10": lambda: localization_table(10),
    "recipes-localization": localization_recipes,
    "11": boxes_table,
    "recipes-boxes": boxes_recipe,
    "12": segmentation_table,
    "recipes-segmentation": segmentation_recipes,
}
"""Name of a block in a page -> what writes it."""


if __name__ == "__main__":
    main(sys.argv[1:])
