"""What our recipes of the report's Table 4 really set, by data set, and where each value is from.

Written from the recipes themselves, so that the protocol pages cannot say other numbers than the code.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twlv.tasks.recipes_attentive import AttentiveProtocol
    from twlv.tasks.recipes_linear import LinearProtocol

_CLIPS = ("num_frames", "frames", "frame_step", "views", "area", "aspect", "flip")
_LINEAR = (
    *("optimizer", "learning_rates", "weight_decays", "epochs", "warmup_epochs", "batch_size"),
    "standardise",
)
_ATTENTIVE = (
    *("pooler", "segments", "learning_rates", "weight_decays", "final_weight_decay", "epochs"),
    *("warmup_epochs", "batch_size", "decay", "clip_norm", "label_smoothing"),
)


def linear_recipes() -> str:
    """The linear probes as a table: a setting a row, a data set a column, and the mark of its source."""
    from twlv.tasks.recipes_linear import RECIPES, SOURCES, linear_protocol

    return _table({name: linear_protocol(name) for name in RECIPES}, _LINEAR, SOURCES)


def attentive_recipes() -> str:
    """The attentive probes, likewise."""
    from twlv.tasks import recipes_attentive, recipes_linear

    names = recipes_linear.RECIPES
    sources = {**recipes_linear.SOURCES, **recipes_attentive.SOURCES}
    return _table({name: recipes_attentive.attentive_protocol(name) for name in names}, _ATTENTIVE, sources)


def _table(
    protocols: Mapping[str, LinearProtocol | AttentiveProtocol],
    fields: Sequence[str],
    sources: Mapping[str, str],
) -> str:
    rows = []
    for name in (*_CLIPS, *fields):
        cells = [_shown(_value(protocol, name)) for protocol in protocols.values()]
        source = sources.get(name, "not printed; ours")
        rows.append([f"{name} {_mark(source)}", *cells, source])
    head = ["setting", *protocols, "from"]
    lines = [head, ["---", *["---:"] * len(protocols), "---"], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _value(protocol: LinearProtocol | AttentiveProtocol, name: str) -> object:
    sampling = dataclasses.asdict(protocol.sampling)
    if name == "frames":
        return "dense" if "frame_step" in sampling else "segments"
    if name == "num_frames":
        return sampling[name] or "own"
    if name == "frame_step":
        return sampling.get(name, "-")
    if name == "views":
        return f"{protocol.views.spatial}x{protocol.views.temporal}"
    return getattr(protocol.augmentation if name in _CLIPS else protocol.probe, name)


def _mark(source: str) -> str:
    """Printed in the report, or reasoned by us: the marks of the pages."""
    if source.startswith("report, Table"):
        return "**[pdf]**"
    return "**[report]**" if source.startswith("report") else "**[inferred]**"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return " to ".join(map(str, value))
    return "none" if value is None else str(value)
