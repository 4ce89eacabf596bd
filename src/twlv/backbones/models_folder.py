"""Where fetched and converted weights lie: one folder for every name of the table. Imports no torch."""

from __future__ import annotations

import os
from pathlib import Path

from twlv.files import cache_folder


def models_folder() -> Path:
    """``$TWLV_MODELS``, else ``models`` in twlv's cache."""
    base = os.environ.get("TWLV_MODELS")
    return Path(base) if base else cache_folder() / "models"


def folder_of(name: str) -> Path:
    """The folder of a name of the table, which need not exist."""
    return models_folder() / name
