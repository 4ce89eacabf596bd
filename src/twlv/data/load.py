"""``twlv.dataset``: a name or a manifest file to a ``Dataset``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from twlv.data.manifest import read_manifest
from twlv.data.rows import MANIFEST_SUFFIXES
from twlv.errors import UnknownName, UsageError
from twlv.types import Dataset

DATASETS: Mapping[str, str] = {}
"""Data sets that have a name: name -> ``module:function``. Nothing is imported until it is asked for."""


def dataset(
    name_or_manifest: str | Path,
    *,
    root: str | Path | None = None,
    where: Mapping[str, str] | None = None,
    classes: Sequence[str] | str | Path | None = None,
) -> Dataset:
    """The data set of a manifest file (see ``read_manifest`` for the arguments), later also of a name.

    UnknownName if there is no such file (with the nearest manifests beside it), UsageError for a folder.
    """
    path = Path(name_or_manifest)
    if path.is_dir():
        raise UsageError(
            f"{path} is a folder; give a manifest (CSV or JSON lines), or embed it with: twlv embed"
        )
    if path.exists():
        return read_manifest(path, root=root, where=where, classes=classes)
    known = [*DATASETS, *_manifests_near(path)]
    hint = "(a manifest is a CSV file with the columns video_id,path,label,split)"
    raise UnknownName("data set or manifest file", str(name_or_manifest), known, hint=hint)


def _manifests_near(path: Path) -> list[str]:
    folder = path.parent
    if not folder.is_dir():
        return []
    return [str(file) for file in folder.iterdir() if file.suffix.lower() in MANIFEST_SUFFIXES]
