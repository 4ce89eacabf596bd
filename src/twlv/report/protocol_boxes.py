"""The tables of the page on spatio-temporal localization: Table 11 as printed, and what our recipe sets."""

from __future__ import annotations

import dataclasses

from twlv.results.published import column, published

TABLE, DATASET, METRIC = 11, "AVA-v2.2", "fAP@0.5"


def boxes_table() -> str:
    """Table 11: frame AP of each model."""
    rows = []
    for model in dict.fromkeys(record.model for record in published() if record.table == TABLE):
        found = [record for record in column(TABLE, DATASET, METRIC) if record.model == model]
        value = f"{found[0].value:.2f}" if found else ""
        rows.append([" ".join(part for part in model if part), value])
    return _lines(["model", METRIC], rows)


def boxes_recipe() -> str:
    """Every setting of the recipe, and where it is from."""
    from twlv.tasks.recipes_boxes import SOURCES, box_protocol

    protocol = box_protocol("ava")
    values = {**dataclasses.asdict(protocol.augmentation), **dataclasses.asdict(protocol.probe)}
    rows = [[f"{name} {_mark(source)}", _shown(values[name]), source] for name, source in SOURCES.items()]
    return _lines(["setting", "ava", "from"], rows)


def _mark(source: str) -> str:
    return "**[report]**" if source.startswith("report") else "**[inferred]**"


def _shown(value: object) -> str:
    if isinstance(value, tuple | list):
        return " to ".join(map(str, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _lines(heads: list[str], rows: list[list[str]]) -> str:
    ruler = ["---", *["---:"] * (len(heads) - 1)]
    return "\n".join("| " + " | ".join(line) + " |" for line in [heads, ruler, *rows])
