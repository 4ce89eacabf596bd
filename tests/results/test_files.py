"""Results as files: names, atomic writes, loading."""

from __future__ import annotations

import json
import os
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest

from twlv.errors import ResultError
from twlv.files import write_atomic
from twlv.results import file_name, load, load_file, save
from twlv.types import Score


def test_save_and_load(make_result, tmp_path):
    result = make_result()
    path = result.save(tmp_path / "new" / "results")
    assert re.fullmatch(r"knn__ucf101__tiny_vit\.random__[0-9a-f]{10}\.json", path.name)
    (again,) = load(path)
    assert again == result
    assert again.file == str(path)
    assert load(path.parent) == (result,)
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    assert path.stat().st_mode & 0o777 == 0o644


def test_the_same_run_replaces_its_own_file(make_result, tmp_path):
    first = make_result()
    again = replace(
        first,
        scores={"knn/top1": Score(value=1.0, unit="%", n=4)},
        seconds={"task": 99.0},
        environment={"python": "3.13"},
        embedding={**first.embedding, "decoder": "torchcodec", "provenance": [{"x": "y"}]},
        seeds={"asked": 5},
    )
    assert save(first, tmp_path) == save(again, tmp_path)
    (kept,) = load(tmp_path)
    assert kept == again


@pytest.mark.parametrize(
    "change",
    [
        lambda r: {"task": replace(r.task, version="2")},
        lambda r: {"task": replace(r.task, config={"k": 5})},
        lambda r: {"dataset": replace(r.dataset, version="2")},
        lambda r: {"dataset": replace(r.dataset, test_split="test")},
        lambda r: {"dataset": replace(r.dataset, annotation_sha256="00")},
        lambda r: {"backbone": replace(r.backbone, weights_sha256="00")},
        lambda r: {"embedding": {**r.embedding, "level": "time"}},
        lambda r: {"seeds": {"probe": 1}},
    ],
)
def test_another_run_has_another_file(make_result, change):
    result = make_result()
    assert file_name(replace(result, **change(result))) != file_name(result)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a b|c\n", "...", "", "ünï/✓", "x" * 500, "CON:", ".hidden"]
)
def test_file_names_are_safe(make_result, name):
    result = make_result()
    result = replace(
        result, dataset=replace(result.dataset, name=name), backbone=replace(result.backbone, name=name)
    )
    made = file_name(result)
    assert re.fullmatch(r"knn__[A-Za-z0-9._-]+__[A-Za-z0-9._-]+__[0-9a-f]{10}\.json", made)
    assert ".." not in made.split("__")
    assert len(made) < 200


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    write_atomic(path, "old")

    def broken(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="No space"):
        write_atomic(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_made_is_named(make_result, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultError, match=r"file/.*cannot be written"):
        make_result().save(tmp_path / "file" / "results")


def test_files_and_folders_mix_and_a_file_is_read_once(make_result, tmp_path):
    result = make_result()
    one = result.save(tmp_path / "a")
    other = replace(result, task=replace(result.task, config={"k": 1})).save(tmp_path / "b")
    (tmp_path / "b" / ".half.json").write_text("{")
    (tmp_path / "b" / "notes.txt").write_text("{")
    found = load([tmp_path / "b", one, one, other])
    assert [r.file for r in found] == [str(other), str(one)]


def test_nothing_to_load(tmp_path):
    with pytest.raises(ResultError, match="no results were given"):
        load([])
    with pytest.raises(ResultError, match="no results in this folder"):
        load(tmp_path)
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "a.json").write_text("{}")
    with pytest.raises(ResultError, match=r"did you mean .*results\?"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "No such file"), (b"\xff\xfe{}", "UTF-8"), (b"{", "not JSON"), (b"{}", "not a twlv result")],
)
def test_a_broken_file_is_named(tmp_path, content, message):
    path = tmp_path / "broken.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ResultError, match=message) as raised:
        load_file(path)
    assert str(path) in str(raised.value)


def test_a_byte_order_mark_is_forgiven(make_result, tmp_path):
    path = tmp_path / "bom.json"
    path.write_bytes(b"\xef\xbb\xbf" + make_result().to_json().encode())
    assert load_file(path) == make_result()


def test_two_thousand_results_load_fast(make_result, tmp_path):
    document = json.loads(make_result().to_json())
    for index in range(2000):
        document["backbone"]["name"] = f"model{index}"
        (tmp_path / f"{index:04d}.json").write_text(json.dumps(document))
    started = time.process_time()
    results = load(Path(tmp_path))
    spent = time.process_time() - started
    assert len({result.backbone.name for result in results}) == 2000
    assert spent < 4.0, f"{spent:.1f} CPU seconds"


def test_the_order_of_settings_is_no_other_run(make_result):
    result = make_result()
    turned = dict(reversed(list(result.task.config.items())))
    assert list(turned) != list(result.task.config)
    assert file_name(replace(result, task=replace(result.task, config=turned))) == file_name(result)
