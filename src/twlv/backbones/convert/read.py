"""A published checkpoint as nested dictionaries of tensors. Nothing in the file is ever executed."""

from __future__ import annotations

import argparse
import pickle
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import torch

from twlv.backbones.folder import read_tensors
from twlv.errors import WeightsError

Tree: TypeAlias = Mapping[str, Any]
"""Names to tensors, to further trees, or to what else a training run wrote down."""

_NOT_WEIGHTS = {
    b"version https://git-lfs": "a Git LFS pointer: the clone has the address of the weights, not the weights",
    b"<": "a page of a web site (HTML or XML): the address asked for a login, or was wrong",
    b"{": "JSON, perhaps a configuration or an error message",
}


def read_checkpoint(path: str | Path) -> Tree:
    """The content of a ``.safetensors`` file, or of what ``torch.save`` wrote (``.pth``, ``.pt``, ``.tar``).

    Pickles are read by torch's restricted reader (``weights_only``): tensors, plain containers and, of classes,
    ``argparse.Namespace`` alone (VideoMAE, MVD and UMT keep their arguments in one). Tensors stay in the file
    until they are used.

    Raises:
        WeightsError: no such file; not weights at all; cut short; or it holds anything else, which is refused
            by name without being run.
    """
    file = Path(path)
    if not file.is_file():
        raise WeightsError(f"{file}: no such file")
    with file.open("rb") as opened:
        head = opened.read(32)
    for start, what in _NOT_WEIGHTS.items():
        if head.lstrip().startswith(start):
            raise WeightsError(f"{file}: expected weights, found {what}")
    if file.suffix == ".safetensors":
        return read_tensors(file)
    content = _unpickled(file)
    if not isinstance(content, Mapping):
        raise WeightsError(f"{file}: expected a dictionary of weights, found a {type(content).__name__}")
    return content


def _unpickled(file: Path) -> object:
    try:
        with torch.serialization.safe_globals([argparse.Namespace]), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that a pickle is of another protocol
            content: object = torch.load(
                file, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(file)
            )
    except pickle.UnpicklingError as error:
        raise WeightsError(
            f"{file}: refused: {_reason(error)}. Weights are read as tensors and plain containers only; "
            "nothing in the file was run"
        ) from error
    except (RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        size = file.stat().st_size
        raise WeightsError(
            f"{file}: cannot be read as weights; with {size} bytes it may be cut short ({_first(error)})"
        ) from error
    return content


def _reason(error: Exception) -> str:
    """What torch's reader objected to, without its advice to switch the protection off."""
    text = str(error)
    for line in text.splitlines():
        if "GLOBAL" in line or "Unsupported" in line:
            return line.split("Please use")[0].strip().rstrip(".").replace("WeightsUnpickler error: ", "")
    return _first(error)


def _first(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
