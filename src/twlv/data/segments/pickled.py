"""A pickled dictionary of arrays, read without running anything that is in it.

THUMOS14's published class scores come as a pickle, and unpickling runs whatever a file asks for. Here every
name that a pickle may ask for stands for a small record of this file; any other name is refused.
"""

from __future__ import annotations

import io
import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twlv.errors import InputError

MAX_BYTES = 1 << 30
DTYPES = ("f2", "f4", "f8", "i4", "i8")


class _Dtype:
    """Stands for ``numpy.dtype``: its name, and its byte order from the state."""

    def __init__(self, name: str, *_: object) -> None:
        if name not in DTYPES:
            raise pickle.UnpicklingError(f"arrays of dtype {name!r:.40}")
        self.name, self.order = name, "<"

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.order = ">" if state[1] == ">" else "<"

    def array(self, data: bytes, shape: tuple[int, ...], *, fortran: bool = False) -> npt.NDArray[Any]:
        """The bytes as an array, native order. UnpicklingError where they are not what the shape needs."""
        dtype = np.dtype(self.order + self.name)
        if not all(isinstance(n, int) and n >= 0 for n in shape) or len(data) != dtype.itemsize * math.prod(
            shape
        ):
            raise pickle.UnpicklingError(f"{len(data)} bytes for an array of shape {shape!r:.60}")
        found = np.frombuffer(data, dtype=dtype).reshape(shape, order="F" if fortran else "C")
        return found.astype(dtype.newbyteorder("="))


class _Array:
    """Stands for an array that is built empty and then filled."""

    def __init__(self, *_: object) -> None:
        self.value: npt.NDArray[Any] = np.zeros(0)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, dtype, fortran, data = state
        if not isinstance(dtype, _Dtype) or not isinstance(data, bytes):
            raise pickle.UnpicklingError("an array of objects")
        self.value = dtype.array(data, shape, fortran=bool(fortran))


class _Ndarray:
    """Stands for the class ``numpy.ndarray``, which is named but never made."""


def _from_buffer(data: bytes, dtype: _Dtype, shape: tuple[int, ...], order: str) -> _Array:
    found = _Array()
    found.value = dtype.array(bytes(data), shape, fortran=order == "F")
    return found


def _scalar(dtype: _Dtype, data: bytes) -> float:
    return float(dtype.array(data, (1,))[0])


def _encode(text: str, encoding: str = "latin1") -> bytes:
    """Bytes as protocol 2 writes them."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"encoding {encoding!r:.40}")
    return text.encode("latin1")


_NAMES = {
    "dtype": _Dtype,
    "ndarray": _Ndarray,
    "_reconstruct": _Array,
    "_frombuffer": _from_buffer,
    "scalar": _scalar,
    "encode": _encode,
}
_MODULES = {
    "numpy": ("dtype", "ndarray"),
    "numpy.core.multiarray": ("_reconstruct", "scalar"),
    "numpy._core.multiarray": ("_reconstruct", "scalar"),
    "numpy.core.numeric": ("_frombuffer",),
    "numpy._core.numeric": ("_frombuffer",),
    "_codecs": ("encode",),
}


class _Reader(pickle.Unpickler):
    """Finds the records above, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if name not in _MODULES.get(module, ()):
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is not run")
        return _NAMES[name]


def read_pickled_arrays(path: Path) -> dict[str, npt.NDArray[Any] | list[Any]]:
    """A pickled ``{text: array or list of numbers}``.

    Raises:
        InputError: anything else, or a pickle that asks for a name that plain arrays do not need.
    """
    loaded = _load(path)
    return {str(key): _plain(path, str(key), value) for key, value in loaded.items()}


def read_pickled_tree(path: Path) -> dict[Any, Any]:
    """A pickled dictionary of texts, numbers, arrays, and lists, tuples and dictionaries of these.

    Raises:
        InputError: anything else, or a pickle that asks for a name that plain arrays do not need.
    """
    return {key: _tree(path, value) for key, value in _load(path).items()}


def _load(path: Path) -> dict[Any, Any]:
    if path.stat().st_size > MAX_BYTES:
        raise InputError(f"{path}: {path.stat().st_size} bytes are too many for a pickle of arrays")
    try:
        loaded = _Reader(io.BytesIO(path.read_bytes()), encoding="latin1").load()
    except (pickle.UnpicklingError, ValueError, TypeError, EOFError, AttributeError, IndexError, KeyError,
            MemoryError, OverflowError) as error:  # fmt: skip
        raise InputError(f"{path}: not a pickle of plain arrays: {error}") from error
    if not isinstance(loaded, dict):
        raise InputError(f"{path}: holds a {type(loaded).__name__}; a dictionary of arrays by video is needed")
    return loaded


def _tree(path: Path, value: Any) -> Any:
    if isinstance(value, _Array):
        return value.value
    if isinstance(value, dict):
        return {key: _tree(path, item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_tree(path, item) for item in value]
    if value is None or isinstance(value, str | int | float):
        return value
    raise InputError(f"{path}: holds a {type(value).__name__}, which is no text, number or array")


def _plain(path: Path, key: str, value: Any) -> npt.NDArray[Any] | list[Any]:
    if isinstance(value, _Array):
        return value.value
    if isinstance(value, list | tuple):
        return [_plain(path, key, item) if isinstance(item, _Array | list | tuple) else item for item in value]
    raise InputError(f"{path}: '{key}' is no array and no list: {type(value).__name__}")
