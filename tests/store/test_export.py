"""Single files for other tools."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from twlv.errors import FeatureError, MissingExtra, UnknownName
from twlv.store import Store, StoreSpec, StoreWriter
from twlv.store.export import export
from twlv.types import Embedding

Make = Callable[..., Embedding]


@pytest.fixture
def full(store: Store, make: Make) -> Store:
    with StoreWriter(store, plan=["b", "a/ü"]) as writer:
        writer.write(make("b", 3))
        writer.write(make("a/ü", 2))
    return store


def test_npz_is_read_without_pickle(full: Store, make: Make, tmp_path: Path) -> None:
    path = export(full, tmp_path / "out" / "all.npz", "npz")
    with np.load(path, allow_pickle=False) as file:
        assert file["ids"].tolist() == ["a/ü", "b"]
        np.testing.assert_array_equal(file["offsets"], [0, 2, 5])
        np.testing.assert_array_equal(file["vectors"][2:5], make("b", 3).vectors)
        np.testing.assert_array_equal(file["spans"][:2], make("a/ü", 2).spans_seconds)
        assert StoreSpec.from_json(json.loads(str(file["spec"]))) == full.spec
    assert [p.name for p in path.parent.iterdir()] == ["all.npz"]  # nothing temporary is left
    first = path.read_bytes()
    assert export(full, path, "npz").read_bytes() == first


def test_npz_keeps_the_stored_precision_and_tokens(tmp_path: Path, spec: StoreSpec, make: Make) -> None:
    store = Store.open_or_create(tmp_path / "s", dataclasses.replace(spec, level="patch", dtype="float16"))
    with StoreWriter(store) as writer:
        writer.write(make("a", 2, (4, 6), "patch"))
    with np.load(export(store, tmp_path / "a.npz", "npz")) as file:
        assert (file["vectors"].dtype, file["vectors"].shape) == (np.float16, (2, 4, 6))


def test_parquet_names_its_extra(full: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"Parquet export needs the package 'pyarrow'.*twlv\[arrow\]"):
        export(full, tmp_path / "a.parquet", "parquet")


def test_an_unknown_format(full: Store, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="did you mean parquet"):
        export(full, tmp_path / "a", "parket")


def test_an_empty_store(store: Store, tmp_path: Path) -> None:
    with pytest.raises(FeatureError, match="holds no video yet"):
        export(store, tmp_path / "a.npz", "npz")
