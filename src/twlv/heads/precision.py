"""Float32 that is float32: no TF32, no bfloat16, no autocast, whatever the caller has switched on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_one_at_a_time = threading.RLock()


@contextmanager
def full_float32(device: torch.device) -> Iterator[None]:
    """Within it, float32 products are computed in float32, without gradients; restored after.

    The matrix-product precision is a setting of the whole process, so scopes of several threads take turns.
    """
    backends = (torch.backends.cuda.matmul, torch.backends.mkldnn.matmul)  # type: ignore[attr-defined]
    with _one_at_a_time:
        before = [backend.fp32_precision for backend in backends]
        try:
            for backend in backends:
                backend.fp32_precision = "ieee"
            with torch.autocast(device_type=device.type, enabled=False), torch.no_grad():
                yield
        finally:
            for backend, value in zip(backends, before, strict=True):
                backend.fp32_precision = value
