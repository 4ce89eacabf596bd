"""Files of a repository of the hub at one commit, by ``huggingface_hub``: it resumes, and shows how far it is.

Single files by name are taken, never code, and no library is asked to load what it likes.
"""

from __future__ import annotations

import importlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twlv.errors import MissingExtra, WeightsError

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class HubFile:
    """A file that was fetched: where it lies, of which commit, and the sha256 that the hub says (or empty)."""

    path: Path
    revision: str
    sha256: str


def fetch_file(
    repository: str, name: str, *, revision: str, folder: Path, optional: bool = False
) -> HubFile | None:
    """One file of ``repository`` into ``folder``; without ``revision``, of the newest commit.

    Raises:
        MissingExtra: huggingface_hub is not installed.
        WeightsError: there is no such file (None instead, if ``optional``), the repository wants a form to be
            filled in, or the hub cannot be reached.
    """
    hub = _hub()
    endpoint = os.environ.get("HF_ENDPOINT") or None
    errors = importlib.import_module("huggingface_hub.errors")
    lost = (
        *errors.HfHubHTTPError.__bases__,  # of its HTTP library, and OSError
        RuntimeError,
        ValueError,
    )  # of its HTTP library, and OSError
    where = f"hf:{repository}" + (f"@{revision}" if revision else "")
    try:
        url = hub.hf_hub_url(repository, name, revision=revision or None, endpoint=endpoint)
        said = hub.get_hf_file_metadata(url, timeout=30)
        commit = said.commit_hash or revision
        if revision not in ("", commit):
            raise WeightsError(f"{where}: the hub answers with commit {commit}, which is not the one asked for")
        path = hub.hf_hub_download(repository, name, revision=commit, local_dir=folder, endpoint=endpoint)
    except errors.RemoteEntryNotFoundError as error:
        if optional:
            return None
        raise WeightsError(f"{where}: has no file {name}{_instead(name)}") from error
    except errors.GatedRepoError as error:
        raise WeightsError(
            f"{where}: its authors ask for a form first; fill it in on https://huggingface.co/{repository}, "
            "type 'hf auth login', then fetch again"
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise WeightsError(f"{where}: there is no such repository, or it is private") from error
    except lost as error:
        raise WeightsError(
            f"{where}: cannot get {name}: {_first(error)}. What has come is kept; the same command goes on"
        ) from error
    etag = (said.etag or "").strip('"')
    return HubFile(path=Path(path), revision=commit, sha256=etag if _SHA256.fullmatch(etag) else "")


def _hub() -> Any:
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        return importlib.import_module("huggingface_hub")
    except ImportError as error:
        raise MissingExtra("huggingface_hub", "hf", needed_for="fetching from the hub") from error


def _instead(name: str) -> str:
    if name != "model.safetensors":
        return ""
    return "; weights of that repository that are only pickled, or in several parts, are not fetched"


def _first(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
