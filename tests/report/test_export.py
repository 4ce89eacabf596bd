"""Tables for papers, programs and model cards; names that mean something to LaTeX, YAML or a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from twlv.errors import ResultError
from twlv.report.export import csv_text, json_text, latex, model_card
from twlv.report.export.latex import escape
from twlv.report.text import clean
from twlv.types import Score

HOSTILE = '[x] \\input{/etc/passwd} 50% & $a_b$ #1 ~^ {\n\\\\ "q" =1+1 \'</script> : - @y'
ALLOWED = re.compile(
    r"\\(?:begin|end|centering|caption|label|toprule|midrule|bottomrule|cmidrule|multicolumn|item|textit|textbf|"
    r"textsuperscript|small|pm|textbackslash|textasciitilde|textasciicircum|textless|textgreater|textbar|"
    r"textquotedbl|textasciigrave|textdagger|textdaggerdbl|textdegree|usepackage)(?![a-z])|\\[\\{}$&#_%]"
)


def _check_form(text):
    """Balanced braces and environments, an even number of dollars, as many cells in a row as columns."""
    body = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
    plain = re.sub(r"\\[\\{}$&#_%]", "", body)
    depth = 0
    for sign in plain:
        depth += {"{": 1, "}": -1}.get(sign, 0)
        assert depth >= 0
    assert depth == 0
    assert plain.count("$") % 2 == 0
    assert "#" not in plain
    assert "%" not in plain
    opened = []
    for verb, name in re.findall(r"\\(begin|end)\{(\w+)\}", body):
        if verb == "begin":
            opened.append(name)
        else:
            assert opened.pop() == name
    assert not opened
    assert not re.sub(ALLOWED, "", body).count("\\")
    for table in re.findall(r"\\begin\{tabular\}\{(l r*|lr*)\}(.*?)\\end\{tabular\}", body, flags=re.DOTALL):
        for row in table[1].splitlines():
            if row.endswith(r"\\"):
                spans = [int(n) for n in re.findall(r"\\multicolumn\{(\d+)\}", row)]
                cells = len(re.findall(r"(?<!\\)&", row)) + 1
                assert cells + sum(spans) - len(spans) == len(table[0])


def _hostile(make):
    return [
        make(HOSTILE, HOSTILE, 60.0, ci95=(58.0, 62.0), videos=(99, 100)),
        make("other", HOSTILE, 50.0, pretrained_on=(HOSTILE,), videos=(99, 100)),
        make("third", HOSTILE, 40.0, videos=(99, 100)),
    ]


def test_latex_compiles_in_form(make):
    text = latex(_hostile(make))
    _check_form(text)
    assert r"\textbf{60.00} {\small $\pm$ 2.0} {\small (99.0 \% of videos)}" in text
    assert r"50.00\textsuperscript{\textdagger{}}" in text
    assert r"\toprule" in text
    assert "{[}x{]} \\textbackslash{}input\\{/etc/passwd\\} 50\\% \\& \\$a\\_b\\$ \\#1" in text


def test_the_published_tables_compile_in_form():
    text = latex([], paper=True)
    _check_form(text)
    assert text.count(r"\begin{table}") == 7
    assert r"\textit{TWLV-I ViT-L (published)}" in text


@given(st.text())
def test_no_text_becomes_a_command(name):
    escaped = escape(name)
    assert not re.sub(ALLOWED, "", escaped).count("\\")
    assert not re.search(r"[{}]", re.sub(r"\\[{}]|\{\}|\{[\[\]*]\}", "", escaped))


def test_csv_holds_every_value(make):
    rows = list(csv.DictReader(io.StringIO(csv_text(_hostile(make), paper=True))))
    assert [(row["backbone"], float(row["value"])) for row in rows[:2]] == [
        (clean(HOSTILE), 60.0),
        ("other", 50.0),
    ]
    assert (rows[0]["low"], rows[0]["high"], rows[0]["coverage"]) == ("58.0", "62.0", "0.99")
    assert rows[1]["marks"] == "†"


def test_a_spreadsheet_runs_no_name(make):
    names = ["=cmd()", "+1", "-1", "@x"]
    rows = list(csv.DictReader(io.StringIO(csv_text([make(name, value=5.0) for name in names]))))
    assert [row["backbone"] for row in rows] == [f"'{name}" for name in names]


def test_json_holds_the_same_as_the_tables(make):
    document = json.loads(json_text([make("a", value=1.0), make("b", value=2.0)]))
    assert [(one["backbone"], one["value"], one["unit"]) for one in document["values"]] == [
        ("a", 1.0, "%"),
        ("b", 2.0, "%"),
    ]
    assert document["meanings"]["knn/top1"].startswith("videos whose first answer")


def test_a_value_that_is_not_finite_is_null(make):
    lost = {"knn/top1": Score(value=float("nan"), unit="%", n=3)}
    assert json.loads(json_text([make("a", scores=lost)]))["values"][0]["value"] is None


# ---------------------------------------------------------------- model cards


def _block(text):
    return yaml.safe_load(text.split("---\n")[1])


def test_the_hub_reads_the_block(make):
    hub = pytest.importorskip("huggingface_hub.repocard_data")
    results = [make("m", "k400", 60.0, ci95=(58.0, 62.0)), make("m", "ssv2", 20.0, task="linear_probe")]
    name, read = hub.model_index_to_eval_results(_block(model_card(results))["model-index"])
    assert name == "m"
    assert [(one.dataset_name, one.metric_type, one.metric_value) for one in read] == [
        ("k400", "top1", 60.0),
        ("ssv2", "top1", 20.0),
    ]
    assert read[0].metric_args == {"n": 100, "ci95": [58.0, 62.0]}
    assert read[0].task_type == "video-classification"


def test_a_hostile_name_stays_one_text(make):
    text = model_card([make(HOSTILE, HOSTILE, 60.0, notes=("---",))])
    (model,) = _block(text)["model-index"]
    assert model["name"] == clean(HOSTILE)
    assert model["results"][0]["dataset"]["name"] == clean(HOSTILE)
    assert "</script>" not in text.split("---\n")[2]


def test_the_section_shows_the_table_and_says_contamination(make):
    text = model_card([make("m", "k400", 60.0, pretrained_on=("K710",))])
    assert "| m | 60.00† |" in text
    assert "knn/top1 (%) †" in text
    assert "was pretrained on K710" in text


def test_a_card_is_of_one_backbone(make):
    with pytest.raises(ResultError, match="of one backbone, these results are of 2: a, b"):
        model_card([make("a"), make("b")])
    with pytest.raises(ResultError, match="none"):
        model_card([])
