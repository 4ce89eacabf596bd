"""A Result and its file say the same, and a file that is not right is refused with its place."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twlv.errors import ResultError
from twlv.results import Reference, Result, TaskRecord
from twlv.results.canonical import dumps
from twlv.results.document import from_json, to_document, to_json
from twlv.types import Coverage, Score

TEXT = st.text(max_size=8)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
COUNT = st.integers(min_value=0, max_value=10**6)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
SCORES = st.builds(
    Score,
    value=NUMBER,
    unit=TEXT,
    n=COUNT,
    ci95=st.none() | st.tuples(NUMBER, NUMBER),
    higher_is_better=st.booleans(),
)
COVERAGES = st.builds(
    Coverage,
    expected=COUNT,
    present=COUNT,
    decoded=COUNT,
    used=COUNT,
    failed=st.dictionaries(TEXT, TEXT, max_size=3),
)
REFERENCES = st.builds(
    Reference,
    paper=TEXT,
    table=COUNT,
    method=TEXT,
    arch=TEXT,
    dataset=TEXT,
    metric=TEXT,
    value=NUMBER,
    dagger=st.booleans(),
)
TASKS = st.builds(TaskRecord, name=TEXT, version=TEXT, config=st.dictionaries(TEXT, JSON, max_size=3))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_result_survives_its_file(data):
    made = _base()
    drawn = replace(
        made,
        task=data.draw(TASKS),
        scores=data.draw(st.dictionaries(TEXT, SCORES, max_size=3)),
        coverage=data.draw(COVERAGES),
        coverage_by_split=data.draw(st.dictionaries(TEXT, COVERAGES, max_size=2)),
        contaminated_by=tuple(data.draw(st.lists(TEXT, max_size=2))),
        reference=data.draw(st.dictionaries(TEXT, REFERENCES, max_size=2)),
        seeds=data.draw(st.dictionaries(TEXT, COUNT, max_size=2)),
        seconds=data.draw(st.dictionaries(TEXT, NUMBER, max_size=2)),
        details=data.draw(st.dictionaries(TEXT, JSON, max_size=3)),
        notes=tuple(data.draw(st.lists(TEXT, max_size=2))),
    )
    text = to_json(drawn)
    again = from_json(text)
    assert again == drawn
    assert list(again.scores) == list(drawn.scores)
    assert to_json(again) == text


def _base() -> Result:
    backbone = {
        **dict.fromkeys(("dim", "num_params", "num_frames", "image_size_px"), 2),
        **dict.fromkeys(("name", "weights", "weights_sha256", "licence"), "x"),
        **{name: [1, 1, 1] for name in ("patch", "mean", "std")},
    }
    document = {
        "schema": 1,
        "task": {"name": "knn", "version": "1"},
        "dataset": {"name": "d"},
        "scores": {},
        "coverage": dict.fromkeys(("expected", "present", "decoded", "used"), 1),
        "backbone": backbone,
    }
    return from_json(json.dumps(document))


def test_optional_fields_that_an_older_file_lacks_have_their_defaults():
    result = _base()
    assert result.coverage_by_split == {}
    assert result.reference == {}
    assert len(result.predictions) == 0
    assert result.backbone.dtype == "float32"
    assert not result.contaminated


def test_the_document_has_the_fields_of_the_interface(make_result):
    document = to_document(make_result())
    assert document["schema"] == 1
    assert document["task"] == {"name": "knn", "version": "1", "config": {"k": 20, "temperature": 0.1}}
    assert list(document["scores"]) == ["knn/top5", "knn/top1"]
    assert document["scores"]["knn/top5"] == {
        "value": 90.5,
        "unit": "%",
        "n": 4,
        "ci95": [80.0, 95.0],
        "higher_is_better": True,
    }
    coverage = document["coverage"]
    assert {name: coverage[name] for name in ("expected", "present", "decoded", "used")} == {
        "expected": 10,
        "present": 9,
        "decoded": 8,
        "used": 8,
    }
    assert list(coverage["failed"]) == ["v0", "v1"]
    assert coverage["by_split"]["val"]["decoded"] == 2
    assert document["contaminated"] is False
    assert document["reference"] is None
    assert document["dataset"]["num_classes"] == 101
    assert document["backbone"]["weights_sha256"] == "ab" * 32
    assert document["predictions"] == {"video_id": ["v2", "v0"], "truth": [1, 0], "predicted": [1, None]}


def test_unknown_fields_are_kept_above_and_ignored_below(make_result):
    document = to_document(make_result())
    document["colour"] = {"of": "the sky"}
    document["backbone"]["invented_later"] = 7
    document["scores"]["knn/top1"]["invented_later"] = 7
    result = from_json(json.dumps(document))
    assert result.extra == {"colour": {"of": "the sky"}}
    assert to_document(result)["colour"] == {"of": "the sky"}
    assert result.scores == make_result().scores


def test_a_newer_schema_is_refused_with_what_to_do(make_result):
    document = {**to_document(make_result()), "schema": 2}
    with pytest.raises(ResultError, match=r"a\.json: written in schema 2, this twlv reads up to 1; type: pip"):
        from_json(json.dumps(document), "a.json")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("scores.knn/top1.value", "high", r"'scores\.knn/top1\.value' must be a number, got text 'high'"),
        ("scores.knn/top1.value", True, "must be a number, got a truth value"),
        ("scores.knn/top1.n", 1.5, "must be a whole number"),
        ("scores.knn/top1.ci95", [1], "must be two numbers or null"),
        ("scores", [], "'scores' must be an object, got a list"),
        ("coverage.decoded", None, r"'coverage\.decoded' must be a whole number, got null"),
        ("coverage.failed", {"a": 3}, "must be an object of texts"),
        ("coverage.by_split", {"train": 4}, r"'coverage\.by_split\.train' must be an object"),
        ("backbone.patch", [2, 16], "must be three whole numbers"),
        ("backbone.mean", "0.5", "must be three numbers"),
        ("notes", "none", "'notes' must be a list of texts"),
        ("seeds", {"a": "b"}, r"'seeds\.a' must be whole numbers"),
        ("seconds", {"a": None}, r"'seconds\.a' must be numbers"),
        ("task.config", [1], r"'task\.config' must be an object"),
        ("predictions.truth", ["one", "two"], r"'predictions\.truth' must be a list"),
        ("predictions.truth", [1], "have lengths"),
        ("reference", {"knn/top1": {"paper": "x"}}, r"no field 'reference\.knn/top1\.table'"),
    ],
)
def test_a_field_of_the_wrong_kind_is_named(make_result, path, value, message):
    document = to_document(make_result())
    *parents, last = path.split(".")
    place = document
    for name in parents:
        place = place[name]
    place[last] = value
    with pytest.raises(ResultError, match=message) as raised:
        from_json(json.dumps(document), "bad.json")
    assert str(raised.value).startswith("bad.json: ")


@pytest.mark.parametrize("field", ["task", "dataset", "backbone", "coverage"])
def test_a_missing_field_is_named(make_result, field):
    document = to_document(make_result())
    del document[field]
    with pytest.raises(ResultError, match=f"no field '{field}'"):
        from_json(json.dumps(document))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[1, 2]", "this is a list"),
        ("3", "this is a number"),
        ('{"results": {}}', "not a twlv result: no 'schema' number or no 'scores'; its fields are results"),
        ('{"schema": true, "scores": {}}', "not a twlv result"),
        ('{"schema": "1", "scores": {}}', "not a twlv result"),
        ('{"schema": 1, "scores": {"a": {"value": NaN}}}', "NaN is no JSON number"),
        ('{"schema": 1, "scores": {"a": {"value": 1e999}}}', "1e999 is too large"),
        ("[" * 100_000, "nested too deeply"),
        ('{"schema": ' + "1" * 10_000 + "}", "not JSON"),
    ],
)
def test_what_is_not_a_result_is_refused(text, message):
    with pytest.raises(ResultError, match=message):
        from_json(text)


def test_a_score_that_is_not_a_number_is_null_in_the_file_and_nan_when_read(make_result):
    scores = {"knn/top1": Score(value=math.inf, unit="%", n=0, ci95=(math.nan, 1.0))}
    text = to_json(make_result(scores=scores))
    assert json.loads(text)["scores"]["knn/top1"]["value"] is None
    again = from_json(text).scores["knn/top1"]
    assert math.isnan(again.value)
    assert again.ci95 is None


def test_text_is_canonical():
    document = {"b": [1, 2], "a": {"x": [[1, 2], [3, 4]], "e": {}, "l": []}, "t": "ü"}
    text = dumps(document)
    assert (
        text
        == '{\n "b": [1, 2],\n "a": {\n  "x": [[1, 2], [3, 4]],\n  "e": {},\n  "l": []\n },\n "t": "ü"\n}\n'
    )
    assert json.loads(text) == document


def test_a_document_with_nan_is_refused():
    with pytest.raises(ResultError, match="NaN"):
        dumps({"a": [1.0, math.nan]})
