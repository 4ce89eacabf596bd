"""Reading small .npy files of strangers: quickly, without pickle, and without believing the header.

``numpy.load`` costs about ten times more a file, mostly in parsing the same header again, and allocates
what the header asks for. Here the header must agree with the size of the file before anything is made.
"""

from __future__ import annotations

import ast
import functools
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twlv.errors import FeatureError

MAGIC = b"\x93NUMPY"
MAX_FILE_BYTES = 1 << 32
MAX_HEADER_BYTES = 4096
MAX_AXES = 2


class TruncatedNpy(FeatureError):  # noqa: N818 - reads as a sentence where it is raised
    """The file ends before the data that its header announces: a broken copy, not a foreign format."""


def read_npy(path: Path) -> npt.NDArray[Any]:
    """A float array of one or two axes, in the dtype of the file (native byte order).

    FeatureError names the file: no .npy, objects (pickle) or another dtype, more than two axes, a header
    that does not fit the size of the file (``TruncatedNpy`` if the file is short). FileNotFoundError passes.
    """
    with path.open("rb", buffering=0) as handle:
        size = os.fstat(handle.fileno()).st_size
        if size > MAX_FILE_BYTES:
            raise FeatureError(f"{path}: {size} bytes, far too large for the embedding of one video")
        content = handle.read(size)
    dtype, fortran, shape, begin = _header(path, content, size)
    data = np.frombuffer(content, dtype=dtype, offset=begin)
    data = data.reshape(shape, order="F" if fortran else "C")
    return data.astype(dtype.newbyteorder("="), copy=False)


def npy_shape(path: Path) -> tuple[int, int]:
    """Shape of the array of a file, (D,) as (1, D), from its header and size alone. Errors as ``read_npy``."""
    with path.open("rb", buffering=0) as handle:
        size = os.fstat(handle.fileno()).st_size
        shape = _header(path, handle.read(min(size, 12 + MAX_HEADER_BYTES)), size)[2]
    return (1, shape[0]) if len(shape) == 1 else (shape[0], shape[1])


def _header(path: Path, content: bytes, size: int) -> tuple[np.dtype[Any], bool, tuple[int, ...], int]:
    """Dtype, Fortran order, shape and where the data begins, from the first bytes of a file of ``size``."""
    if len(content) < 10 or not content.startswith(MAGIC):
        kind = TruncatedNpy if MAGIC.startswith(content[:6]) or content.startswith(MAGIC) else FeatureError
        raise kind(f"{path}: not a .npy file ({size} bytes, begins with {content[:6]!r})")
    wide = content[6] >= 2
    begin = 12 if wide else 10
    length = int.from_bytes(content[8:begin], "little")
    if length > MAX_HEADER_BYTES:
        raise FeatureError(f"{path}: a header of {length} bytes; a plain array needs about 120")
    if begin + length > size:
        raise TruncatedNpy(f"{path}: truncated within its header ({size} bytes)")
    dtype, fortran, shape, wrong = _parse_header(content[begin : begin + length])
    if wrong:
        raise FeatureError(f"{path}: {wrong}")
    _check_size(path, size - begin - length, dtype, shape)
    return dtype, fortran, shape, begin + length


def _check_size(path: Path, room: int, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    promised = math.prod(shape) * dtype.itemsize
    if promised == room:
        return
    seen = f"the header promises {promised} bytes (shape {shape}, {dtype}), the file holds {room}"
    # what a broken copy can lose is bounded by what one video can have
    truncated = room < promised <= MAX_FILE_BYTES
    raise (TruncatedNpy if truncated else FeatureError)(f"{path}: {seen}")


@functools.lru_cache(maxsize=4096)
def _parse_header(text: bytes) -> tuple[np.dtype[Any], bool, tuple[int, ...], str]:
    """Dtype, Fortran order, shape, and what is wrong (a text) if the header is not that of a float array."""
    nothing: tuple[np.dtype[Any], bool, tuple[int, ...]] = (np.dtype("f4"), False, ())
    try:
        header = ast.literal_eval(text.decode("latin1").strip())
        descr, fortran, shape = header["descr"], header["fortran_order"], header["shape"]
    except (ValueError, SyntaxError, KeyError, TypeError, MemoryError, RecursionError) as error:
        return *nothing, f"its header cannot be read ({type(error).__name__})"
    if not isinstance(descr, str) or descr[1:] not in ("f2", "f4", "f8") or descr[0] not in "<>=":
        kind = "objects (pickle), refused" if "O" in str(descr) else f"dtype {descr!r:.60}"
        return *nothing, f"it holds {kind}; embeddings are float16, float32 or float64"
    whole = isinstance(shape, tuple) and all(type(n) is int and n >= 0 for n in shape)
    if not whole or not 1 <= len(shape) <= MAX_AXES or not isinstance(fortran, bool):
        return *nothing, f"shape {shape!r:.80}; embeddings are (D,) or (M, D)"
    return np.dtype(descr), fortran, shape, ""
