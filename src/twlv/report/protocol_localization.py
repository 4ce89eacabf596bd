"""The tables of the page on temporal localization: Tables 9 and 10 as printed, and what our recipes set."""

from __future__ import annotations

import dataclasses

from twlv.results.published import column, published

SETS = {9: "THUMOS14", 10: "ActivityNet-v1.3"}
OVERLAPS = {9: ("0.3", "0.5", "0.7", "avg"), 10: ("0.5", "0.75", "0.95", "avg")}
KINDS = ("self-contained", "external-classifier")
PRINTED = ("learning_rate", "weight_decay", "batch_size", "epochs", "max_length", "resize", "clip_seconds",
           "stride_seconds")  # fmt: skip
"""Settings that Table 7 prints; the others are in the authors' code alone."""


def localization_table(table: int) -> str:
    """Table 9 or 10: mAP at each overlap and their average, alone and with an external classifier."""
    rows = []
    for model in dict.fromkeys(record.model for record in published() if record.table == table):
        cells = [
            " / ".join(_cell(table, f"{kind}/mAP@{at}", model) for at in OVERLAPS[table]) for kind in KINDS
        ]
        rows.append([" ".join(part for part in model if part), *cells])
    at = " / ".join(OVERLAPS[table])
    return _lines(["model", f"self-contained, {at}", f"with a classifier, {at}"], rows)


def localization_recipes() -> str:
    """Every setting of the recipes, as they stand in ``twlv.tasks.localization_recipes``."""
    from twlv.tasks.localization_recipes import RECIPES

    values = {name: dataclasses.asdict(recipe) for name, recipe in RECIPES.items()}
    rows = [
        [_marked(field), *(_shown(each[field]) for each in values.values())]
        for field in next(iter(values.values()))
    ]
    return _lines(["setting", *values], rows)


def _marked(field: str) -> str:
    return f"{field} **[{'report' if field in PRINTED else 'code'}]**"


def _cell(table: int, metric: str, model: tuple[str, str, str]) -> str:
    found = [record for record in column(table, SETS[table], metric) if record.model == model]
    return f"{found[0].value:.2f}" + "†" * found[0].dagger if found else ""


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        same = len(value) > 1 and len(set(value)) == 1
        return f"{len(value)} x {value[0]}" if same else ", ".join(f"{each:g}" for each in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _lines(heads: list[str], rows: list[list[str]]) -> str:
    ruler = ["---", *["---:"] * (len(heads) - 1)]
    return "\n".join("| " + " | ".join(line) + " |" for line in [heads, ruler, *rows])
