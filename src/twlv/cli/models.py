"""``twlv models``: the backbones that have a name, and their cards."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twlv.cli.options import flag


@dataclass(frozen=True, kw_only=True)
class ListOptions:
    """Flags of ``twlv models list``."""

    json: bool = field(default=False, metadata=flag("print a JSON document"))


@dataclass(frozen=True, kw_only=True)
class ShowOptions:
    """Flags of ``twlv models show``."""

    name: str = field(metadata=flag("see: twlv models list", metavar="NAME", positional="1"))
    json: bool = field(default=False, metadata=flag("print a JSON document"))


COLUMNS = ("name", "modality", "num_params", "dim", "num_frames", "image_size_px", "licence")


def list_(options: ListOptions) -> int:
    """List the backbones that have a name. Loads no weights and no model library."""
    from twlv.backbones import names

    rows = [card(name) for name in names()]
    print(json.dumps(rows, indent=1) if options.json else table(rows, COLUMNS))
    return 0


def show(options: ShowOptions) -> int:
    """Show the card of a backbone: what its weights are and how its input is prepared."""
    row = card(options.name)
    if options.json:
        print(json.dumps(row, indent=1))
        return 0
    width = max(map(len, row))
    print(
        "\n".join(
            f"{name:<{width}}  {text(value)}" for name, value in row.items() if value not in ("", [], {}, None)
        )
    )
    return 0


def card(name: str) -> dict[str, Any]:
    """What is known of a backbone, as JSON-able fields. Raises UnknownName with the nearest names.

    What has no line in the table (a folder, ``hf:...``, ``module:function``) is loaded for its card.
    """
    from twlv.backbones import describe, load

    known = load(name, device="cpu").card if ":" in name or Path(name).is_dir() else describe(name)
    fields: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(known)))
    return fields


def table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> str:
    """Plain columns, as wide as their widest cell."""
    cells = [list(columns)] + [[text(row.get(column, "")) for column in columns] for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]
    return "\n".join("  ".join(f"{c:<{w}}" for c, w in zip(row, widths, strict=True)).rstrip() for row in cells)


def text(value: object) -> str:
    """A value for people: large counts in millions, lists joined."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 100_000:
        return f"{value / 1e6:.1f}M"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
