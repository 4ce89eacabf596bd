"""Class scores of others: three forms, joined by name; a pickle is read and never run."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from twlv.data.segments.class_scores import read_class_scores
from twlv.data.segments.pickled import read_pickled_arrays
from twlv.errors import InputError

CLASSES = ("jump", "run", "wave")
ROW = [0.1, 0.7, 0.2]


def npz(path: Path, **more: Any) -> Path:
    np.savez(path, video_ids=np.array(["a"]), scores=np.array([ROW], dtype=np.float32), **more)
    return path


@pytest.mark.parametrize("nested", [False, True])
def test_json_flat_or_in_a_list_under_results_or_not(tmp_path: Path, *, nested: bool) -> None:
    path = tmp_path / "scores.json"
    rows: dict[str, Any] = {"a": [ROW] if nested else ROW}
    path.write_text(json.dumps({"results": rows} if nested else rows))
    found, by_name = read_class_scores(path, CLASSES)
    assert found["a"].tolist() == ROW
    assert not by_name


def test_columns_are_joined_by_name_so_their_order_does_not_matter(tmp_path: Path) -> None:
    order = [2, 0, 1]
    names = [CLASSES[i] for i in order]
    shuffled = tmp_path / "s.npz"
    np.savez(shuffled, video_ids=["a"], scores=np.array([ROW])[:, order], classes=names)
    for found, by_name in (
        read_class_scores(shuffled, CLASSES),
        read_class_scores(npz(tmp_path / "o.npz"), CLASSES, names=CLASSES),
    ):
        np.testing.assert_allclose(found["a"], ROW, rtol=1e-6)
        assert by_name
    unnamed = tmp_path / "unnamed.npz"
    np.savez(unnamed, video_ids=["a"], scores=np.array([ROW])[:, order])
    with_list, _ = read_class_scores(unnamed, CLASSES, names=names)
    assert with_list["a"].tolist() == ROW


@pytest.mark.parametrize("names", [["jump", "run", "sit"], ["jump", "run"], ["jump", "run", "wave", "wave"]])
def test_names_that_are_not_the_classes_are_refused(tmp_path: Path, names: list[str]) -> None:
    with pytest.raises(InputError, match="columns are not the 3 classes"):
        read_class_scores(npz(tmp_path / "a.npz"), CLASSES, names=names)


@pytest.mark.parametrize("row", [[0.1, 0.2], [0.1, float("nan"), 0.2], ["x", 1, 2], [[0.1], [0.2]]])
def test_rows_that_are_not_one_number_a_class_are_refused(tmp_path: Path, row: list[Any]) -> None:
    path = tmp_path / "scores.json"
    path.write_text(json.dumps({"a": row}).replace("NaN", "1e999"))
    with pytest.raises(InputError, match="'a'"):
        read_class_scores(path, CLASSES)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("dtype", ["<f4", ">f8"])
def test_a_pickle_of_arrays_is_read_in_every_protocol(tmp_path: Path, protocol: int, dtype: str) -> None:
    path = tmp_path / "scores.pkl"
    arrays = {"a": np.array(ROW, dtype=dtype), "b": np.asfortranarray(np.arange(6, dtype=dtype).reshape(2, 3))}
    path.write_bytes(pickle.dumps(arrays, protocol=protocol))
    found = read_pickled_arrays(path)
    for name, wanted in arrays.items():
        np.testing.assert_array_equal(found[name], wanted)
    path.write_bytes(pickle.dumps({"a": ROW, "b": [np.float32(0.5), 1, 2.0]}, protocol=protocol))
    assert read_class_scores(path, CLASSES)[0]["b"].tolist() == [0.5, 1.0, 2.0]


class Runs:
    """What a hostile pickle does: on loading it calls something."""

    def __init__(self, call: Any, *words: str) -> None:
        self.call, self.words = call, words

    def __reduce__(self) -> Any:
        return self.call, self.words


@pytest.mark.parametrize("call", [os.mkdir, eval, exec])
def test_a_pickle_is_never_run(tmp_path: Path, call: Any) -> None:
    path, made = tmp_path / "scores.pkl", tmp_path / "made"
    word = str(made) if call is os.mkdir else f"__import__('os').mkdir({str(made)!r})"
    path.write_bytes(pickle.dumps({"a": Runs(call, word)}))
    with pytest.raises(InputError, match="which is not run"):
        read_class_scores(path, CLASSES)
    assert not made.exists()
    pickle.loads(path.read_bytes())  # the same file does run under pickle itself
    assert made.exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"no pickle", pickle.dumps([1]), pickle.dumps({"a": np.array(["x", None], dtype=object)}),
     pickle.dumps({"a": np.array([1, 2], dtype=np.uint8)}), pickle.dumps({"a": "text"}),
     pickle.dumps({"a": np.zeros(3)})[:-20]],
)  # fmt: skip
def test_what_is_no_pickle_of_arrays_is_an_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "scores.pkl"
    path.write_bytes(content)
    with pytest.raises(InputError):
        read_pickled_arrays(path)


def test_a_state_that_lies_about_its_size_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "scores.pkl"
    whole = pickle.dumps({"a": np.zeros(3, dtype="<f4")}, protocol=2)
    assert whole.count(b"K\x03\x85") == 1  # the shape (3,)
    path.write_bytes(whole.replace(b"K\x03\x85", b"K\x09\x85"))
    with pytest.raises(InputError, match="bytes for an array"):
        read_pickled_arrays(path)
