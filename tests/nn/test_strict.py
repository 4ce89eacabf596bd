"""Tensors that are not exactly those of an architecture are refused, counted and named."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from twlv.errors import WeightsError
from twlv.nn.strict import few, load_strictly, require_places


def test_all_that_does_not_fit_is_said_at_once() -> None:
    wanted = {"a": torch.zeros(2), "b": torch.zeros(3), "c": torch.zeros(1, device="meta")}
    found = {"b": torch.zeros(4), "c": torch.zeros(1), "z": torch.zeros(1), "y": torch.zeros(1)}
    with pytest.raises(WeightsError) as caught:
        require_places(found, wanted, source="file", of="a probe")
    assert str(caught.value) == (
        "file: the tensors do not fit a probe: 1 missing (a); 2 left over (y, z); "
        "1 of another shape (b: expected (3,), found (4,))"
    )
    require_places(wanted, wanted, source="file")


def test_a_module_is_filled_whole_or_not_at_all() -> None:
    module = nn.Linear(2, 1)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    with pytest.raises(WeightsError, match=r"1 missing \(bias\)"):
        load_strictly(module, {"weight": torch.ones(1, 2)}, source="file")
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    load_strictly(module, {"weight": torch.ones(1, 2).double(), "bias": torch.ones(1)}, source="file")
    assert module.weight.dtype == torch.float32
    assert module.weight.tolist() == [[1.0, 1.0]]


def test_a_long_list_is_cut() -> None:
    assert few([f"n{i}" for i in range(9, -1, -1)]) == "n0, n1, n2, n3, n4, n5, n6, n7, and 2 more"
