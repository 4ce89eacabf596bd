"""``fetch``: get the weights of a name, check them, convert them if need be, for ``load`` to read."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from twlv.backbones.convert.save import convert_and_save
from twlv.backbones.entry import Entry, Origin
from twlv.backbones.fetch.from_hub import fetch_file
from twlv.backbones.fetch.from_url import Progress, download
from twlv.backbones.fetch.receipt import Receipt, checked_sha256, read_receipt, write_receipt
from twlv.backbones.hub import load_entry_folder
from twlv.backbones.models_folder import folder_of
from twlv.backbones.table import entry_of
from twlv.errors import UsageError, WeightsError

_STAGING = ".fetching"
_PREPARATION = "preprocessor_config.json"
_OTHER_PREPARATION = "video_preprocessor_config.json"


def fetch(
    name: str,
    *,
    file: str | Path | None = None,
    again: bool = False,
    offline: bool = False,
    accept_licence: bool = False,
    progress: Progress = lambda here, total: None,
) -> Receipt:
    """Bring the weights of ``name`` to its folder (see ``models_folder``), once; says what was got.

    ``file`` is what you have already: the published file, or for a model of transformers a folder of its files.
    ``again`` fetches though it is there. ``offline`` never opens a connection.

    Raises:
        UnknownName: the table has no such name.
        UsageError: there is nothing to fetch for it; its licence forbids commercial use and was not accepted;
            it lies behind a page for people, or offline was asked for, and no ``file`` was given.
        WeightsError: the download failed or was cut short; the checksum is another; the file is not the one of
            this name, or holds anything but weights.
    """
    entry = entry_of(name)
    if entry.origin is None:
        raise UsageError(f"{name} needs no fetching: its weights are {entry.weights_at}")
    folder = folder_of(name)
    before = read_receipt(folder)
    if before and not again:
        return before
    _require_licence(entry, accept_licence)
    staging = folder / _STAGING
    staging.mkdir(parents=True, exist_ok=True)
    if file is not None:
        receipt = _given(entry, Path(file), staging)
    elif offline:
        raise UsageError(_by_hand(entry, "nothing is fetched offline"))
    elif entry.origin.repository:
        receipt = _from_hub(entry, entry.origin, staging, before)
    elif entry.origin.url:
        receipt = _from_url(entry, entry.origin, staging, before, progress)
    else:
        raise UsageError(_by_hand(entry, "its authors offer it on a page for people only"))
    try:
        _settle(entry, staging, folder, Path(file) if file is not None else None)
    except WeightsError:  # a wrong file: the next fetch begins anew
        shutil.rmtree(staging)
        raise
    write_receipt(folder, receipt)
    shutil.rmtree(staging)
    return receipt


def is_offline() -> bool:
    """Whether the environment forbids connections: ``TWLV_OFFLINE`` or ``HF_HUB_OFFLINE`` is set (not 0)."""
    return any(os.environ.get(name, "0") not in ("", "0") for name in ("TWLV_OFFLINE", "HF_HUB_OFFLINE"))


def _require_licence(entry: Entry, accepted: bool) -> None:
    if entry.commercial_use is False and not accepted:
        raise UsageError(
            f"{entry.card.name}: its licence, {entry.card.licence}, forbids commercial use, of embeddings made "
            "with it too; if that is all right, add --accept-licence"
        )


def _by_hand(entry: Entry, why: str) -> str:
    origin = entry.origin or Origin()
    what = f"{origin.files[-1]} of {origin}" if origin.repository else str(origin)
    return (
        f"{entry.card.name}: {why}. Bring {what} here and type: twlv models fetch {entry.card.name} --file PATH"
    )


def _receipt(entry: Entry, source: str, file: Path, sha256: str, revision: str = "") -> Receipt:
    return Receipt(
        name=entry.card.name,
        source=source,
        file=file.name,
        sha256=sha256,
        num_bytes=file.stat().st_size,
        licence=entry.card.licence,
        revision=revision,
        licence_accepted=entry.commercial_use is False,
    )


def _given(entry: Entry, file: Path, staging: Path) -> Receipt:
    """A file (or a folder of transformers' files) that the user has; it is left as it is."""
    origin = entry.origin or Origin()
    weights = file if origin.format else file / origin.files[-1]
    if not weights.is_file():
        raise WeightsError(
            f"{entry.card.name}: expected {'the published file' if origin.format else weights.name} at {file}, "
            "found none"
        )
    sha256 = checked_sha256(weights, origin.sha256, name=entry.card.name, said_by="the table", remove=False)
    if not origin.format:
        for name in (*origin.files, _OTHER_PREPARATION):
            if (file / name).is_file():
                shutil.copyfile(file / name, staging / name)
    return _receipt(entry, str(file), weights, sha256)


def _from_hub(entry: Entry, origin: Origin, staging: Path, before: Receipt | None) -> Receipt:
    name, revision = entry.card.name, origin.revision or (before.revision if before else "")
    got = None
    for wanted in origin.files:
        optional = wanted == _PREPARATION
        got = fetch_file(
            origin.repository, wanted, revision=revision, folder=staging, optional=optional
        ) or fetch_file(origin.repository, _OTHER_PREPARATION, revision=revision, folder=staging)
        if got is not None:
            revision = got.revision  # all files of one commit
    if got is None:
        raise UsageError(f"{name}: the table names no files of {origin}")
    sha256 = checked_sha256(got.path, got.sha256, name=name, said_by="the hub")
    _agrees(sha256, origin, before, got.path, name)
    return _receipt(entry, str(origin), got.path, sha256, revision)


def _from_url(
    entry: Entry, origin: Origin, staging: Path, before: Receipt | None, progress: Progress
) -> Receipt:
    target = staging / origin.url.rpartition("/")[2]
    if not target.is_file():
        download(origin.url, target, progress)
    sha256 = checked_sha256(target, "", name=entry.card.name, said_by="")
    _agrees(sha256, origin, before, target, entry.card.name)
    return _receipt(entry, origin.url, target, sha256)


def _agrees(sha256: str, origin: Origin, before: Receipt | None, file: Path, name: str) -> None:
    """What the table says of the file, or else what the first fetch wrote down, must be true of it."""
    expected, said_by = (
        (origin.sha256, "the table") if origin.sha256 else (before.sha256 if before else "", "its first fetch")
    )
    if expected and sha256 != expected:
        checked_sha256(file, expected, name=name, said_by=said_by)


def _settle(entry: Entry, staging: Path, folder: Path, given: Path | None) -> None:
    """Make the folder out of what came: converted, or read once as it will be read."""
    origin = entry.origin or Origin()
    if origin.format:
        came = origin.files[-1] if origin.files else origin.url.rpartition("/")[2]
        convert_and_save(entry, given or staging / came, folder)
        return
    load_entry_folder(entry, staging)
    for path in staging.iterdir():
        if path.is_file():
            path.replace(folder / path.name)
