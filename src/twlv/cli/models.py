"""``twlv models``: the backbones that have a name, their cards, and how their weights get here."""

from __future__ import annotations

import dataclasses
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twlv.cli.options import flag


@dataclass(frozen=True, kw_only=True)
class ListOptions:
    """Flags of ``twlv models list``."""

    json: bool = field(default=False, metadata=flag("print a JSON document"))
    random: bool = field(default=False, metadata=flag("list the untrained architectures too"))


@dataclass(frozen=True, kw_only=True)
class ShowOptions:
    """Flags of ``twlv models show``."""

    name: str = field(metadata=flag("see: twlv models list", metavar="NAME", positional="1"))
    json: bool = field(default=False, metadata=flag("print a JSON document"))


@dataclass(frozen=True, kw_only=True)
class FetchOptions:
    """Flags of ``twlv models fetch``."""

    name: str = field(metadata=flag("see: twlv models list", metavar="NAME", positional="1"))
    file: str | None = field(
        default=None,
        metadata=flag("the published file, or a folder of its files, that you have", metavar="PATH"),
    )
    again: bool = field(default=False, metadata=flag("fetch though it is there; it must be the same file"))
    offline: bool = field(default=False, metadata=flag("open no connection (also: TWLV_OFFLINE=1)"))
    accept_license: bool = field(
        default=False, metadata=flag("for weights whose licence forbids commercial use: that is all right")
    )


COLUMNS = ("name", "params", "reads", "tokens", "width", "pool", "licence", "commercial", "weights")


def list_(options: ListOptions) -> int:
    """List the backbones that have a name, and the models that are not here. Loads no weights."""
    from twlv.backbones import names
    from twlv.backbones.entries_absent import ABSENT

    rows = [{**card(name), "weights_here": _here(name)} for name in names()]
    if options.json:
        document = [*rows, *({**dataclasses.asdict(line), "absent": True} for line in ABSENT)]
        print(json.dumps(document, indent=1))
        return 0
    shown = [row for row in rows if options.random or not row["name"].endswith(".random") or _ours(row)]
    print(table([_line(row) for row in shown], COLUMNS))
    print("\nNot here (twlv models show NAME says why, and what it would take): ", end="")
    print(", ".join(line.name for line in ABSENT))
    hidden = len(rows) - len(shown)
    if hidden:
        print(f"Untrained architectures left out: {hidden} (--random).", end=" ")
    print("Get weights: twlv models fetch NAME. Pool otherwise: NAME+cls, +mean, +mean_norm, +attention.")
    return 0


def show(options: ShowOptions) -> int:
    """Show the card of a backbone: what its weights are, how its input is prepared, what is published of it."""
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


def fetch(options: FetchOptions) -> int:
    """Get the weights of a backbone from where its authors publish them; check, convert and keep them."""
    from twlv.backbones import describe
    from twlv.backbones.fetch.fetching import fetch as fetch_weights
    from twlv.backbones.fetch.fetching import is_offline
    from twlv.backbones.models_folder import folder_of

    known = describe(options.name)
    print(f"{options.name}: licence of the weights: {known.licence}", file=sys.stderr)
    receipt = fetch_weights(
        options.name,
        file=options.file,
        again=options.again,
        offline=options.offline or is_offline(),
        accept_licence=options.accept_license,
        progress=_progress(),
    )
    print(
        f"{folder_of(options.name)}: {receipt.file}, {receipt.num_bytes} bytes, sha256 {receipt.sha256}"
        + (f", revision {receipt.revision}" if receipt.revision else "")
    )
    return 0


def card(name: str) -> dict[str, Any]:
    """What is known of a backbone, as JSON-able fields. Raises UnknownName with the nearest names.

    What has no line in the table (a folder, ``hf:...``, ``module:function``) is loaded for its card.
    """
    from twlv.backbones import describe, load
    from twlv.backbones.entries_absent import absent
    from twlv.backbones.table import TABLE

    line = absent(name)
    if name not in TABLE and line is not None:
        return {"absent": True, **json.loads(json.dumps(dataclasses.asdict(line)))}
    known = load(name, device="cpu").card if ":" in name or Path(name).is_dir() else describe(name)
    fields: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(known)))
    if name in TABLE:
        fields["published"] = _published(TABLE[name].report)
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


def _line(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the list: how much it is, what it reads, what it gives, what one may do with it."""
    image = row["modality"] == "image"
    frames = "each frame" if image else f"{row['num_frames']}{'+' if row['flexible_frames'] else ''} frames"
    tokens = row["num_tokens"] // (row["num_frames"] if image else 1)
    return {
        "name": row["name"],
        "params": row["num_params"],
        "reads": f"{frames}, {row['image_size_px']} px",
        "tokens": f"{tokens} a frame" if image else tokens,
        "width": row["dim"],
        "pool": row["pool"],
        "licence": row["licence"].partition(" (")[0],
        "commercial": row["commercial_use"].partition(":")[0],
        "weights": row["weights_here"],
    }


def _ours(row: dict[str, Any]) -> bool:
    return str(row["name"]).startswith("twlv1")


def _here(name: str) -> str:
    """``here``, ``untrained``, ``fetch``, or ``by hand``: what stands between the user and these weights."""
    from twlv.backbones.models_folder import folder_of
    from twlv.backbones.table import TABLE

    origin = TABLE[name].origin
    if origin is None:
        return "untrained" if name.endswith(".random") else "here"
    if folder_of(name).is_dir():
        return "here"
    return "fetch" if origin.repository or origin.url else "by hand"


def _published(row: tuple[str, str, str] | None) -> list[str]:
    """What the report prints for a model: ``linear-probing K400 top1 66.17``, one each."""
    from twlv.results.published import published

    found = [record for record in published() if row is not None and record.model == tuple(row)]
    return [f"{record.task} {record.dataset} {record.metric} {record.value}" for record in found]


def _progress() -> Any:
    """A bar on the terminal that is made when the size is known."""
    from tqdm import tqdm

    bars: list[Any] = []

    def report(here: int, total: int) -> None:
        if not bars:
            bars.append(tqdm(total=total or None, unit="B", unit_scale=True, initial=0, file=sys.stderr))
        bars[0].update(here - bars[0].n)
        if total and here >= total:
            bars[0].close()

    return report
