"""Models of transformers."""

from __future__ import annotations

from pathlib import Path

from twlv.backbones.loaded import LoadedBackbone
from twlv.errors import WeightsError


def is_hub_folder(path: Path) -> bool:
    """Whether a folder holds a model of transformers (``config.json``)."""
    return (path / "config.json").is_file()


def load_hub(target: str, *, device: str, dtype: str) -> LoadedBackbone:
    """To come."""
    raise WeightsError(f"{target}: not yet")
