"""Which device and number format to compute in, and a fast float32 for CPUs, scoped and restored.

Nothing here changes a global setting at import, nor leaves one changed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import torch

from twlv.errors import UsageError

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}

_EXACT_ERROR = 1e-5  # relative; a float32 product has about 4e-7, one computed in bfloat16 about 3e-3
_BFLOAT16_FLAGS = ("avx512_bf16", "amx_bf16", "amx_tile", "sve_bf16", "arm_bf16")

_lock = threading.Lock()
_users = 0
_before = "highest"


def resolve_device(device: str | torch.device = "auto") -> torch.device:
    """The device to compute on; ``auto`` is CUDA where there is one, else the CPU.

    Raises:
        UsageError: the name is not a device, or CUDA is asked for and absent.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        found = torch.device(device)
    except RuntimeError as error:
        raise UsageError(f"device '{device}' is not one; use auto, cpu, cuda or cuda:0") from error
    if found.type == "cuda" and not torch.cuda.is_available():
        raise UsageError(f"device '{device}' was asked for, but torch sees no CUDA here; use --device cpu")
    return found


def gpu_name() -> str:
    """What the first GPU calls itself; empty if there is none."""
    return torch.cuda.get_device_name(0) if torch.cuda.is_available() else ""


def resolve_dtype(dtype: str = "auto", device: torch.device | None = None) -> torch.dtype:
    """The dtype to compute in; ``auto`` is bfloat16 where the device is fast in it, else float32.

    Raises:
        UsageError: another name than auto, float32 or bfloat16.
    """
    if dtype == "auto":
        device = device or torch.device("cpu")
        fast = has_bfloat16_instructions() if device.type == "cpu" else device.type == "cuda"
        return torch.bfloat16 if fast else torch.float32
    if dtype not in DTYPES:
        raise UsageError(f"dtype '{dtype}' is not known; use auto, {', '.join(DTYPES)}")
    return DTYPES[dtype]


def dtype_name(dtype: torch.dtype) -> str:
    """``float32`` or ``bfloat16``: the name that cards and the command line use."""
    return str(dtype).removeprefix("torch.")


@lru_cache(maxsize=1)
def has_bfloat16_instructions() -> bool:
    """Whether this CPU multiplies in bfloat16 (AVX-512 BF16, AMX or the Arm extension)."""
    found = torch.cpu.get_capabilities()
    return any(bool(found.get(name)) for name in _BFLOAT16_FLAGS)


@contextmanager
def fast_float32(device: torch.device) -> Iterator[None]:
    """Within it, float32 products on the CPU go through oneDNN: 2 times faster on some CPUs, as exact.

    It sets ``torch.set_float32_matmul_precision("medium")``, which is a setting of the whole process:
    other threads that multiply meanwhile see it too. Scopes nest and overlap safely between threads;
    the last one out restores what the first one found. Where this CPU would answer with the error of
    bfloat16 (measured once, on a small product), and on any other device, nothing is changed.
    """
    if device.type != "cpu" or not _medium_is_exact():
        yield
        return
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _users, _before  # noqa: PLW0603 - the setting it guards is global too
    with _lock:
        if _users == 0:
            _before = torch.get_float32_matmul_precision()
            torch.set_float32_matmul_precision("medium")
        _users += 1


def _leave() -> None:
    global _users  # noqa: PLW0603
    with _lock:
        _users -= 1
        if _users == 0:
            torch.set_float32_matmul_precision(_before)


@lru_cache(maxsize=1)
def _medium_is_exact() -> bool:
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.rand(256, 256, generator=generator) - 0.5 for _ in range(2))
    exact = a.double() @ b.double()
    _enter()
    try:
        seen = (a @ b).double()
    finally:
        _leave()
    return float((seen - exact).norm() / exact.norm()) < _EXACT_ERROR
