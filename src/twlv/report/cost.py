"""What a backbone costs, beside what it scores: parameters, arithmetic, speed and seconds, where known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from twlv.report.cells import row_names
from twlv.report.columns import Column
from twlv.report.model import Cell, Grid, Row, Table
from twlv.results import Result
from twlv.types import Json, Score

PUBLISHED_PARAMETERS = {("TWLV-I", "ViT-B"): 86e6, ("TWLV-I", "ViT-L"): 307e6}
"""As the report prints them (section 2.1); of other models it prints none."""

COSTS = {
    "parameters": "parameters",
    "gflop_per_clip": "GFLOP",
    "clips_per_second": "clips/s",
    "embed_seconds": "s",
    "task_seconds": "s",
}
"""Field of ``Cost`` -> its unit."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """None: not known. Speed and seconds depend on the machine, which ``machine`` names."""

    parameters: float | None = None
    gflop_per_clip: float | None = None
    clips_per_second: float | None = None
    embed_seconds: float | None = None
    task_seconds: float | None = None
    machine: str = ""


def costs(results: Sequence[Result]) -> dict[str, Cost]:
    """Cost by row name. Of several results of one backbone seconds are summed, embedding ones once a store."""
    names, members = row_names(results), dict[str, list[Result]]()
    for result in results:
        members.setdefault(names[repr(result.backbone)], []).append(result)
    return {name: _cost(several) for name, several in members.items()}


def _cost(results: Sequence[Result]) -> Cost:
    stores = {str(result.embedding.get("store_key", id(result))): result for result in results}
    seconds = sum(map(_embed_seconds, stores.values()))
    per_clip = [value for result in stores.values() if (value := result.seconds.get("per_clip"))]
    flops = [_number(result.details.get("gflop_per_clip")) for result in results]
    flops += [_number(result.backbone.details.get("gflop_per_clip")) for result in results]
    machines = dict.fromkeys(_machine(result.environment) for result in results)
    return Cost(
        parameters=float(results[0].backbone.num_params),
        gflop_per_clip=next((value for value in flops if value), None),
        clips_per_second=len(per_clip) / sum(per_clip) if per_clip else None,
        embed_seconds=seconds or None,
        task_seconds=sum(result.seconds.get("task", 0.0) for result in results) or None,
        machine="; ".join(name for name in machines if name),
    )


def _embed_seconds(result: Result) -> float:
    """Wall seconds of embedding: of live features, or of a run that embedded into a store."""
    seconds = result.seconds
    return seconds.get("embed", seconds.get("total", 0.0) if "per_clip" in seconds else 0.0)


def _number(value: Json) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _machine(environment: Mapping[str, Json]) -> str:
    cores = environment.get("cpu_cores")
    return str(environment.get("gpu") or (f"{environment.get('cpu', '')}, {cores} cores" if cores else ""))


def cost_grid(table: Table) -> Grid | None:
    """A row for each backbone with what it costs, and the columns in which anything is known."""
    known = costs(table.results)
    fields = [name for name in COSTS if any(getattr(cost, name) is not None for cost in known.values())]
    if not fields:
        return None
    columns = tuple(
        Column(score=name, dataset="", unit=COSTS[name], higher_is_better=name == "clips_per_second")
        for name in fields
    )
    rows = tuple(
        Row(name=name, cells=tuple(_cell(cost, field) for field in fields)) for name, cost in known.items()
    )
    return Grid(title="cost", columns=columns, rows=rows)


def _cell(cost: Cost, field: str) -> Cell | None:
    value = getattr(cost, field)
    return None if value is None else Cell(score=Score(value=value, unit=COSTS[field], n=0))


def printed_cost(name: str) -> Cost:
    """Parameters of a published row, by the name that it has in a table."""
    found = [
        count
        for (method, arch), count in PUBLISHED_PARAMETERS.items()
        if name.startswith(f"{method} ") and arch in name
    ]
    return Cost(parameters=found[0] if found else None)
