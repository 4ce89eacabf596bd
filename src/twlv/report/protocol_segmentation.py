"""The tables of the page on temporal segmentation: Table 12 as printed, and what our recipes set."""

from __future__ import annotations

import dataclasses

from twlv.results.published import column, published

TABLE = 12
SETS = ("50Salads", "GTEA", "Breakfast")
METRICS = ("mF1", "Edit", "Acc")


def segmentation_table() -> str:
    """Table 12: mF1 / Edit / accuracy of each model on each data set."""
    rows = []
    for model in dict.fromkeys(record.model for record in published() if record.table == TABLE):
        cells = [" / ".join(_cell(name, metric, model) for metric in METRICS) for name in SETS]
        rows.append([" ".join(part for part in model if part), *cells])
    return _lines(["model", *SETS], rows)


def segmentation_recipes() -> str:
    """Every setting of the report's recipes, and where it is from."""
    from twlv.tasks.recipes_segmentation import SETS as NAMES
    from twlv.tasks.recipes_segmentation import SOURCES, segmentation_protocol

    protocols = [segmentation_protocol(name) for name in NAMES]
    values = [{**dataclasses.asdict(p.probe), **dataclasses.asdict(p.sampling)} for p in protocols]
    rows = [
        [f"{name} {_mark(source)}", *(_shown(each[name]) for each in values), source]
        for name, source in SOURCES.items()
    ]
    return _lines(["setting", *NAMES, "from"], rows)


def _cell(dataset: str, metric: str, model: tuple[str, str, str]) -> str:
    found = [record for record in column(TABLE, dataset, metric) if record.model == model]
    return f"{found[0].value:.2f}" if found else ""


def _mark(source: str) -> str:
    """Printed in the report, in its authors' code, or reasoned by us: the marks of the pages."""
    if source.startswith("report"):
        return "**[report]**"
    return "**[ours]**" if source.startswith("ours") else "**[code]**"


def _shown(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


def _lines(heads: list[str], rows: list[list[str]]) -> str:
    ruler = ["---", *["---:"] * (len(heads) - 1)]
    return "\n".join("| " + " | ".join(line) + " |" for line in [heads, ruler, *rows])
