"""The page's document as numbers: the figures of the report from its records, and every form checked."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from twlv.errors import InputError, ResultError
from twlv.report.cost import costs
from twlv.report.page import page_data
from twlv.report.page.forms import CHECKS, FormError
from twlv.report.page.points import point_figures, read_points
from twlv.results import load, published_abilities
from twlv.types import Score

QUICKSTART = Path(__file__).parents[2] / "docs" / "results" / "quickstart"


def _figure(data, name):
    return next(figure for figure in data["figures"] if figure["id"] == name)


@pytest.fixture(scope="module")
def published():
    return page_data([], paper=True)


# ---------------------------------------------------------------- from the published records alone


def test_the_five_differences_of_the_abstract(published):
    bars = {bar["name"]: bar["value"] for bar in _figure(published, "headlines")["bars"]}
    assert bars == {
        "V-JEPA ViT-L": 4.6,
        "UMT s2 ViT-L": 7.7,
        "DFN ViT-H": 7.2,
        "V-JEPA ViT-H": 2.7,
        "InternVideo2 s2 ViT-g": 2.8,
    }


def test_figure_1_goes_over_all_tasks(published):
    """Values typed from the report's tables 3, 9, 10, 11 and 12."""
    figure = _figure(published, "radar-published")
    names = [axis["lines"][1] for axis in figure["axes"]]
    lines = {line["name"]: [cell["value"] for cell in line["values"]] for line in figure["lines"]}
    ours = dict(zip(names, lines["TWLV-I ViT-L"], strict=True))
    assert (ours["K400"], ours["MiT"], ours["SSv2"]) == (80.17, 36.29, 46.41)
    assert (ours["THUMOS14"], ours["ActivityNet-v1.3"], ours["AVA-v2.2"]) == (58.75, 34.98, 27.39)
    assert lines["UMT s2 ViT-L"][names.index("AVA-v2.2")] == 26.38
    assert [line["name"] for line in figure["lines"] if line["shown"]] == ["UMT s2 ViT-L", "TWLV-I ViT-L"]
    assert len(names) == 11
    for axis, *cells in zip(figure["axes"], *lines.values(), strict=True):
        assert axis["best"] == max(cells)


def test_figure_2_is_the_mean_of_two_sets_each_way(published):
    points = {point["name"]: point for point in _figure(published, "ability-published")["points"]}
    assert points["TWLV-I ViT-L"]["x"]["value"] == pytest.approx((80.17 + 36.29) / 2)
    assert points["UMT s1 ViT-B"]["y"]["value"] == pytest.approx((17.46 + 17.46) / 2)
    assert points["V-JEPA ViT-L"]["marks"] == "†"
    assert len(points) == len(published_abilities().points) == 12


def test_every_printed_number_is_in_a_table(published):
    cells = [cell for grid in published["grids"] for row in grid["rows"] for cell in row["cells"] if cell]
    assert len(cells) == 590
    assert all(row["published"] for grid in published["grids"] for row in grid["rows"])
    assert published["records"] == []


# ---------------------------------------------------------------- our own


def test_own_results_have_a_radar_costs_and_answers():
    data = page_data(load(QUICKSTART))
    kinds = [figure["kind"] for figure in data["figures"]]
    assert {"radar", "scatter", "cost", "answers"} <= set(kinds)
    assert data["problems"] == []
    cost = next(grid for grid in data["grids"] if grid["title"] == "cost")
    row = next(row for row in cost["rows"] if row["name"].startswith("efficientnet"))
    assert row["cells"][0]["text"] == "3,371,008"
    assert len(json.dumps(data)) < 5_000_000


def test_a_record_names_the_command_that_repeats_it():
    data = page_data(load(QUICKSTART))
    command = next(
        one["command"] for one in data["records"] if one["title"].startswith("knn on manifest_motion")
    )
    assert command.startswith(
        "twlv evaluate knn --dataset manifest_motion --backbone efficientnet_lite0.imagenet"
    )
    for words in ("--sampling uniform", "--num-frames 16", "--seed 0", "--set 'k=[5]'", "--test-split val"):
        assert words in command
    assert "device" not in command


def test_the_command_is_one_that_the_program_takes():
    import shlex

    from twlv.cli.evaluate import EvaluateOptions
    from twlv.cli.options import parse

    for one in page_data(load(QUICKSTART))["records"]:
        words = shlex.split(one["command"])[2:]
        options = parse(EvaluateOptions, words, prog="twlv evaluate", description="")
        assert options.seed == 0


def test_speed_counts_each_store_once(make):
    made = {"sampling": {"kind": "Uniform"}, "store_key": "k"}
    seconds = {"decode": 30.0, "total": 20.0, "per_clip": 0.2, "task": 2.0}
    details = {"gflop_per_clip": 4.0}
    results = [make("a", name, embedding=made, seconds=seconds, details=details) for name in ("one", "two")]
    cost = costs(results)["a"]
    assert (cost.embed_seconds, cost.clips_per_second, cost.task_seconds) == (20.0, 5.0, 4.0)
    assert (cost.parameters, cost.gflop_per_clip) == (100.0, 4.0)


def test_answers_of_other_videos_share_no_figure(make):
    from twlv.results import Predictions

    def answers(*ids):
        return Predictions(video_ids=ids, truth=(0,) * len(ids), predicted=(0,) * len(ids))

    same = [make(name, predictions=answers("u", "v")) for name in ("a", "b")]
    data = page_data([*same, make("c", predictions=answers("u", "w"))])
    found = [figure for figure in data["figures"] if figure["kind"] == "answers"]
    assert [[one["name"] for one in figure["backbones"]] for figure in found] == [["a", "b"], ["c"]]


def test_nothing_is_a_clear_sentence():
    with pytest.raises(ResultError, match="no scores"):
        page_data([])


def test_an_unknown_task_and_bare_results_of_an_older_file(make):
    odd = make(
        "a", task="from_the_future", scores={"from_the_future/zeal": Score(value=float("nan"), unit="", n=1)}
    )
    bare = make("b", embedding={}, coverage_by_split={}, seeds={}, seconds={}, environment={})
    data = page_data([odd, bare])
    meanings = dict(data["meanings"])
    assert meanings["from_the_future/zeal"].startswith("no description is known")
    assert data["grids"][0]["rows"][0]["cells"][0]["value"] is None


def test_thousands_of_results_take_seconds(make):
    results = [make(f"model{index % 150}", f"set{index // 150}", float(index % 97)) for index in range(1500)]
    started = time.process_time()
    data = page_data(results)
    assert time.process_time() - started < 8.0
    assert "document" not in data["records"][0]  # of so many the page holds the facts


# ---------------------------------------------------------------- forms

BROKEN = {
    "timelines": [3, [{"duration_seconds": 0}], [{"duration_seconds": 1, "truth": [], "predictions": [{}]}]],
    "strips": [{}, [{"classes": ["a"], "duration_seconds": 1, "truth": [[0, 1, 1]], "predicted": []}]],
    "key_frames": [[{"time_seconds": "x", "truth": [], "predictions": []}], [{"truth": [{"box": [1]}]}]],
    "confusion": [[], {"classes": ["a"], "counts": [[1], [2]]}, {"classes": ["a"], "counts": [[float("nan")]]}],
    "per_class": [[1], {"a": "high"}, {"a": True}],
    "direction_histogram": [{"edges": [0], "forward": [], "reversed": []}, None],
}


@pytest.mark.parametrize(("key", "value"), [(key, value) for key in BROKEN for value in BROKEN[key]])
def test_a_broken_form_is_named_and_not_drawn(make, key, value):
    with pytest.raises(FormError):
        CHECKS[key](value)
    data = page_data([make("a", details={key: value})])
    assert len(data["problems"]) == 1
    assert data["problems"][0].startswith(f"{key} of knn on data with a is not drawn")


def test_pictures_of_another_kind_are_left_out():
    frame = {"video_id": "v", "time_seconds": 1.0, "truth": [], "predictions": []}
    for image in ("https://x.example/a.jpg", "data:image/svg+xml;base64,AAAA", "data:text/html,<script>", 3):
        (shown,) = CHECKS["key_frames"]([{**frame, "image": image}])
        assert shown["image"] == ""


# ---------------------------------------------------------------- maps


def test_a_map_is_read_and_scaled(tmp_path):
    path = tmp_path / "map.json"
    side = {"kind": "umap", "points": {"ids": ["a", "b"], "labels": ["x", None], "x": [0, 10], "y": [5, 5]}}
    path.write_text(json.dumps(side))
    (figure,), problems = point_figures([read_points(path)])
    assert (figure["x"], figure["y"], figure["labels"]) == ([-1.0, 1.0], [0.0, 0.0], [0, -1])
    assert figure["title"] == "UMAP of embeddings"
    assert problems == []


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("{", "is not JSON"),
        ("[]", "has no points"),
        ('{"points": {"ids": ["a"], "labels": [], "x": [1], "y": [2]}}', "not lists of one length"),
        ('{"points": {"ids": ["a"], "labels": [null], "x": [1], "y": ["2"]}}', "not finite"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_a_file_that_is_no_map_is_named(tmp_path, text, seen):
    path = tmp_path / "map.json"
    path.write_text(text)
    with pytest.raises(InputError, match=seen):
        read_points(path)
    with pytest.raises(InputError, match="No such file"):
        read_points(tmp_path / "absent.json")
