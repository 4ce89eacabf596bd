"""Global settings are scoped and restored, and names of devices and dtypes are checked."""

from __future__ import annotations

import threading

import pytest
import torch

from twlv.errors import UsageError
from twlv.nn import fast_float32, precision, resolve_device, resolve_dtype

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _exact_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "_medium_is_exact", lambda: True)


def test_it_is_set_within_and_restored_after() -> None:
    torch.set_float32_matmul_precision("high")
    try:
        with fast_float32(CPU):
            assert torch.get_float32_matmul_precision() == "medium"
            with fast_float32(CPU):
                pass
            assert torch.get_float32_matmul_precision() == "medium"
        assert torch.get_float32_matmul_precision() == "high"
    finally:
        torch.set_float32_matmul_precision("highest")


def test_it_is_restored_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), fast_float32(CPU):
        _ = 1 / 0
    assert torch.get_float32_matmul_precision() == "highest"


def test_overlapping_threads_restore_what_was_there_first() -> None:
    inside, leave = threading.Event(), threading.Event()
    seen = []

    def other() -> None:
        with fast_float32(CPU):
            inside.set()
            leave.wait(10)
            seen.append(torch.get_float32_matmul_precision())

    thread = threading.Thread(target=other)
    with fast_float32(CPU):
        thread.start()
        assert inside.wait(10)
    assert torch.get_float32_matmul_precision() == "medium"  # the other one is still at work
    leave.set()
    thread.join()
    assert seen == ["medium"]
    assert torch.get_float32_matmul_precision() == "highest"


def test_it_is_left_alone_where_it_would_round_to_bfloat16(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "_medium_is_exact", lambda: False)
    with fast_float32(CPU):
        assert torch.get_float32_matmul_precision() == "highest"


def test_it_is_left_alone_on_other_devices() -> None:
    with fast_float32(torch.device("cuda")):
        assert torch.get_float32_matmul_precision() == "highest"


def test_auto_is_bfloat16_only_where_the_cpu_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for capabilities, expected in (
        ({"avx512_bf16": True}, torch.bfloat16),
        ({"amx_tile": True, "avx512_bf16": False}, torch.bfloat16),
        ({"avx2": True, "avx512_bf16": False}, torch.float32),
    ):
        precision.has_bfloat16_instructions.cache_clear()
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda found=capabilities: found)
        assert resolve_dtype("auto", CPU) is expected
    precision.has_bfloat16_instructions.cache_clear()
    assert resolve_dtype("auto", torch.device("cuda")) is torch.bfloat16
    assert resolve_dtype("float32", torch.device("cuda")) is torch.float32
    monkeypatch.undo()
    precision.has_bfloat16_instructions.cache_clear()


def test_names_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert resolve_device("auto") == CPU
    with pytest.raises(UsageError, match="sees no CUDA"):
        resolve_device("cuda")
    with pytest.raises(UsageError, match="'gpu' is not one"):
        resolve_device("gpu")
    with pytest.raises(UsageError, match="float16"):
        resolve_dtype("float16", CPU)
