"""The numbers in the protocol pages are those of the package; the glossary names what the reports explain."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from twlv.errors import ResultError
from twlv.report.meanings import METRICS
from twlv.report.protocol_recipes import attentive_recipes, linear_recipes
from twlv.report.protocol_tables import (
    BLOCKS,
    differences,
    fill,
    knn,
    main,
    ours,
    probing,
    probing_settings,
    results_beside,
    small,
)
from twlv.results import DatasetRecord
from twlv.types import Score

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = sorted((DOCS / "protocols").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_generated_blocks_of_a_page_are_up_to_date(page):
    text = page.read_text(encoding="utf-8")
    assert text == fill(text, results_beside(page)), (
        f"type: python -m twlv.report.protocol_tables {page.relative_to(DOCS.parent)}"
    )


def test_every_table_is_on_one_page():
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    ours_names = tuple(f"ours-{table}" for table in (3, 5, 6, 9, 10, 12))
    for name in (*BLOCKS, *ours_names, "small-linear_probe", "small-attentive_probe"):
        assert text.count(f"<!-- table: {name} -->") == 1, name


def test_recipes_as_the_code_has_them():
    made = linear_recipes()
    assert "| learning_rates **[pdf]** | 0.1 | 0.1 | 0.1 | 0.075 | 0.02 | 0.1 | 0.1 |" in made
    assert "| frames **[inferred]** | dense | dense | dense | segments | dense | dense | segments |" in made
    assert "| optimizer **[inferred]** | sgd |" in made
    made = attentive_recipes()
    assert "| epochs **[pdf]** | 20 | 20 | 20 | 20 | 50 | 50 | 20 |" in made
    assert "| aspect **[pdf]** | 0.5 to 2.0 |" in made
    assert "| clip_norm **[inferred]** | 1.0 |" in made


def test_ours_are_those_of_the_reports_data_sets(make):
    assert "No number of ours yet" in ours(6, [])
    assert "No number of ours yet" in ours(6, [make(dataset="manifest_motion", classes=400)])
    assert "No number of ours yet" in ours(3, [make(dataset="kinetics400", classes=400)])
    table = ours(6, [make("mine", dataset="kinetics400", classes=400, value=51.234, ci95=(50.0, 52.5))])
    assert "| mine | K400 | top1/uniform | 51.23 [50.0, 52.5] | 1.0000 | stored embeddings |" in table


def test_small_sets_have_a_table_of_their_own(make):
    assert small("linear_probe", [make(dataset="manifest")]) == "None yet."
    scores = {
        f"linear_probe/{name}": Score(value=value, unit="%", n=127, ci95=(33.6, 59.44))
        for name, value in (("top1", 45.67), ("mean_per_class", 45.6))
    }
    one = make("mine", task="linear_probe", scores=scores, details={"chance_top1": 100 / 7})
    data = DatasetRecord(name="manifest", num_classes=7, selection="task=strokes")
    views = {"views": {"spatial": 3, "temporal": 1}, "training": {"kind": "views"}}
    row = "| strokes | mine | views | 3x1 | 45.7 [33.6, 59.4] | 45.6 [33.6, 59.4] | 127 | 14.3 |"
    assert row in small("linear_probe", [replace(one, dataset=data, embedding=views)])


def test_only_results_are_read_beside_a_page(make, tmp_path):
    folder = tmp_path / "results" / "ours"
    assert results_beside(tmp_path / "protocols" / "page.md") == ()
    make("mine").save(folder)
    (folder / "another.json").write_text('{"schema": 1, "steps": 5}')
    assert [one.backbone.name for one in results_beside(tmp_path / "protocols" / "page.md")] == ["mine"]


def test_rows_as_printed():
    assert "| TWLV-I ViT-L | 65.97 | 70.82 | 69.88 | 19.47 | 19.73 | 19.11 |" in knn()
    assert "| V-JEPA ViT-H | 34.46 | 42.45 | 40.68 | 24.67† | 24.90† | 21.54† |" in knn()
    assert "| VideoPrism ViT-g | 87.20° | 45.50° | 68.50° | 71.30° |" in probing(5)
    assert "| UMT s1 ViT-B | 66.17 / 86.25 |" in probing(3)
    assert "| lr (LP) | 0.1 | 0.1 | 0.075 | 0.02 | 0.1 | 0.1 |" in probing_settings()
    assert "| horizontal_flip | yes | no | no | no | yes | yes |" in probing_settings()
    assert "| num_frames | 16 | 16 | 16 | 16 | 16 |  |" in probing_settings()
    assert "| V-JEPA ViT-L | 48.61 | 44.06 | +4.6 |" in differences()


def test_pages_are_filled_in_place(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- table: headlines -->\nstale\n<!-- end -->\nafter\n")
    main([str(page)])
    text = page.read_text()
    assert "stale" not in text
    assert text.startswith("before\n")
    assert text.endswith("<!-- end -->\nafter\n")
    assert "+4.6" in text
    with pytest.raises(ResultError, match="no table 'invented'"):
        fill("<!-- table: invented -->\n<!-- end -->")


def test_the_glossary_has_every_metric():
    glossary = (DOCS / "glossary.md").read_text(encoding="utf-8")
    for metric in METRICS:
        assert f"/{metric}`" in glossary, metric
