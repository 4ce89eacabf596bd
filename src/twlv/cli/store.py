"""``twlv store``: look into a store of embeddings, check it, convert it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from twlv.cli.options import command_line, flag
from twlv.cli.shared import DataOptions, dataset_of
from twlv.errors import StoreError, UsageError

if TYPE_CHECKING:
    from twlv.store import Store


@dataclass(frozen=True, kw_only=True)
class InfoOptions:
    """Flags of ``twlv store info``."""

    store: Path = field(metadata=flag("the store, a folder", metavar="STORE", positional="1"))
    json: bool = field(default=False, metadata=flag("print a JSON document"))


@dataclass(frozen=True, kw_only=True)
class VerifyOptions:
    """Flags of ``twlv store verify``."""

    store: Path = field(metadata=flag("the store, a folder", metavar="STORE", positional="1"))


@dataclass(frozen=True, kw_only=True)
class ExportOptions(DataOptions):
    """Flags of ``twlv store export``."""

    store: Path = field(metadata=flag("the store, a folder", metavar="STORE", positional="1"))
    format: Literal["official", "npz", "parquet"] = field(
        metadata=flag("the layout of the report's authors, one .npz file, or Parquet")
    )
    out: Path = field(metadata=flag("the file (npz, parquet) or folder (official) to write", metavar="PATH"))
    dataset: str | None = field(
        default=None, metadata=flag("official: the manifest that gives labels and splits", metavar="MANIFEST")
    )


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """Flags of ``twlv store import``."""

    folder: Path = field(metadata=flag("the folder to read", metavar="DIR", positional="1"))
    format: Literal["official"] = field(default="official", metadata=flag("the layout of the report's authors"))
    out: Path = field(metadata=flag("the store to write, a folder", metavar="STORE"))


def info(options: InfoOptions) -> int:
    """Show what a store holds and how it was made."""
    from twlv.store import Store

    described: Any = Store.open(options.store).info()
    print(json.dumps(described, indent=1) if options.json else _lines(described))
    return 0


def verify(options: VerifyOptions) -> int:
    """Read every byte of a store and check it. Exit code 2 and one line for everything that is wrong."""
    from twlv.store import Store

    store = Store.open(options.store)
    problems = store.verify()
    if problems:
        raise StoreError("\n  ".join([f"{options.store}: {len(problems)} problems", *problems]))
    print(f"{options.store}: sound, {len(store)} videos, {len(store.failed)} failures on record")
    return 0


def _lines(described: dict[str, Any], indent: str = "") -> str:
    rows = []
    for name, value in described.items():
        if isinstance(value, dict) and value:
            rows.append(f"{indent}{name}:\n{_lines(value, indent + '  ')}")
        else:
            rows.append(f"{indent}{name}: {value}")
    return "\n".join(rows)


def export(options: ExportOptions) -> int:
    """Write the embeddings of a store in another format."""
    from twlv.store import Store

    store = Store.open(options.store)
    if options.format == "official":
        return _export_official(store, options)
    from twlv.store import export as exporting

    print(f"wrote {exporting.export(store, options.out, options.format)}: {len(store)} videos")
    return 0


def _export_official(store: Store, options: ExportOptions) -> int:
    from twlv.store.official_store import write_official

    if options.dataset is None:
        raise UsageError("this format keeps labels and splits: say --dataset MANIFEST")
    data = dataset_of(options.dataset, options)
    count = write_official(store, data, options.out)
    left = len(data.samples) - count
    print(
        f"wrote {options.out}: {count} videos"
        + (f"; {left} have no embedding and were left out" if left else "")
    )
    return 0


def import_(options: ImportOptions) -> int:
    """Read the report's authors' layout into a store. Exit code 3: some videos have no usable vectors."""
    from twlv.store.official_store import import_official

    store = import_official(options.folder, options.out, command=command_line("store import", options))
    print(f"{options.out}: {len(store)} videos, {len(store.failed)} failed")
    if not store.failed:
        return 0
    from twlv.report import failures

    print("\n" + failures(store.failed, limit=20))
    return 3
