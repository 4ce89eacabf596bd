"""What was fetched, written down beside it, and the checks that need it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from twlv.codec import from_json, to_json
from twlv.errors import InputError, WeightsError
from twlv.files import file_sha256, write_atomic

RECEIPT = "fetched.json"


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """The weights' file of a name: where it came from, its size and hash, and the licence it was taken under.

    ``revision`` is the commit of a hub's repository, empty for other sources. ``licence_accepted`` is true
    where the licence forbids commercial use and the user said yes to that.
    """

    name: str
    source: str
    file: str
    sha256: str
    num_bytes: int
    licence: str
    revision: str = ""
    licence_accepted: bool = False


def write_receipt(folder: Path, receipt: Receipt) -> None:
    """Write it to the folder, whole or not at all."""
    write_atomic(folder / RECEIPT, json.dumps(to_json(receipt), indent=1, sort_keys=True) + "\n")


def read_receipt(folder: Path) -> Receipt | None:
    """The receipt of a folder, None without one. Raises WeightsError if it cannot be read."""
    file = folder / RECEIPT
    if not file.is_file():
        return None
    try:
        return from_json(Receipt, json.loads(file.read_text(encoding="utf-8")), where="the receipt")
    except (json.JSONDecodeError, InputError) as error:
        raise WeightsError(f"{file}: cannot be read ({error}); remove the folder and fetch again") from error


def checked_sha256(file: Path, expected: str, *, name: str, said_by: str, remove: bool = True) -> str:
    """The sha256 of a file, which must be ``expected`` (empty: any).

    Raises:
        WeightsError: it is another; with ``remove`` the file is gone then, so that the next fetch begins anew.
    """
    seen = file_sha256(file)
    if expected and seen != expected:
        size = file.stat().st_size
        if remove:
            file.unlink()
        raise WeightsError(
            f"{name}: {file.name} ({size} bytes) has the sha256 {seen}, but {said_by} says {expected}: it was "
            "damaged on its way, or replaced"
            + (". It was removed; fetch it again, and if that does not help, do not use it" if remove else "")
        )
    return seen
