"""The three forms: terminal, Markdown, HTML; all with hostile names."""

from __future__ import annotations

import base64
import hashlib
import html
import html.parser
import json
import re
import time

import hypothesis
import pytest
from hypothesis import strategies as st

from twlv.errors import ResultError
from twlv.report import html as html_page
from twlv.report import markdown, terminal
from twlv.report.page.island import island
from twlv.report.text import clean, width
from twlv.types import Score

HOSTILE = "evil|<script>alert('x')</script>\n\x1b[31m\u202e\"><img src=x onerror=y>{{ 7*7 }}"
HOSTILE_POINTS = {
    "kind": HOSTILE,
    "origin": {"dataset": HOSTILE},
    "points": {"ids": [HOSTILE], "labels": [HOSTILE], "x": [0.0], "y": [1]},
    "thumbnails": {HOSTILE: "data:image/svg+xml;base64,PHN2Zz4="},
    "numbers": {HOSTILE: 1.0},
}
FORMS = [terminal, markdown, html_page]


def _island(page):
    """The JSON in a page."""
    return page.partition('id="data">')[2].partition("</script>")[0]


class _Tags(html.parser.HTMLParser):
    """Collects tags, attributes and text."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text.append(data)


def _hostile(make):
    return make(
        HOSTILE,
        HOSTILE,
        task=HOSTILE,
        kind=HOSTILE,
        pretrained_on=(HOSTILE,),
        notes=(HOSTILE,),
        failed={HOSTILE: HOSTILE},
        videos=(99, 100),
        config={HOSTILE: HOSTILE},
        environment={HOSTILE: HOSTILE},
        file=HOSTILE,
        scores={HOSTILE: Score(value=1.0, unit=HOSTILE, n=3)},
    )


@pytest.mark.parametrize("form", FORMS)
def test_no_form_passes_control_signs_on(make, form):
    text = form([_hostile(make)])
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_html_holds_hostile_names_as_data_only(make):
    text = html_page([_hostile(make)], points=[HOSTILE_POINTS])
    parsed = _Tags()
    parsed.feed(text)
    assert parsed.tags.count("script") == 2  # the data and the page's own script
    assert not {"img", "iframe", "object", "link"} & set(parsed.tags)
    assert not [name for name, _ in parsed.attributes if name.startswith("on") or name in ("src", "style")]
    assert text.count("</script") == 2
    assert "alert" not in text.replace(_island(text), "")
    data = json.loads(_island(text))
    assert data["grids"][0]["rows"][0]["name"] == clean(HOSTILE)
    assert data["records"][0]["document"]["dataset"]["name"] == clean(HOSTILE)


@hypothesis.given(st.text())
def test_no_text_ends_the_island(name):
    text = island({name: [name]})
    assert json.loads(text) == {name: [name]}
    assert not set("<>&\u2028\u2029") & set(text)


def test_markdown_shows_hostile_names_as_text(make):
    text = markdown([_hostile(make)])
    assert "<script" not in text
    assert "<img" not in text
    bars = {
        len(re.findall(r"(?<!\\)\|", line))
        for line in text.split("## How")[0].splitlines()
        if line.startswith("|")
    }
    assert bars == {3}  # two columns, whatever the names hold


def test_html_needs_nothing_from_outside(make):
    page = html_page([make("a")], paper=True)
    assert not re.search(r"<(?:link|img|iframe)|<script[^>]+src|url\(|@import", page)
    assert set(re.findall(r"https?://[^\s'\"]+", page)) == {"http://www.w3.org/2000/svg"}
    assert "default-src 'none'" in html.unescape(page)
    assert "connect-src" not in page
    assert "prefers-color-scheme: dark" in page
    assert page.startswith("<!doctype html>")
    (policy,) = re.findall(r"sha256-([A-Za-z0-9+/=]+)", html.unescape(page))
    script = page.rpartition("<script>")[2].partition("</script>")[0]
    assert base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() == policy


def test_html_holds_values_marks_and_provenance(make):
    results = [
        make(
            "good",
            "k400",
            60.0,
            classes=400,
            ci95=(58.0, 62.0),
            environment={"torch": "2.13"},
            notes=("mind this",),
        ),
        make("next", "k400", 55.0, classes=400),
        make("bad", "k400", 50.0, classes=400, pretrained_on=("K710",)),
    ]
    data = json.loads(_island(html_page(results, paper=True)))
    rows = data["grids"][0]["rows"]
    assert rows[0]["cells"][0] == {
        "value": 60.0,
        "text": "60.00",
        "spread": "± 2.0",
        "marks": "",
        "n": 100,
        "ci95": [58.0, 62.0],
        "best": True,
        "record": 0,
    }
    assert (rows[2]["cells"][0]["text"], rows[2]["cells"][0]["marks"]) == ("50.00", "†")
    assert sum(row["published"] for row in rows) == 9
    facts = dict(data["records"][0]["facts"])
    assert (facts["environment"], facts["note 1"]) == ("torch = 2.13", "mind this")
    assert data["records"][0]["document"]["backbone"]["weights_sha256"] == "ab" * 32
    assert len(data["records"]) == 3


def test_html_lists_failed_videos_by_reason(make):
    data = json.loads(_island(html_page([make("a", videos=(97, 100))])))
    (failed,) = data["failed"]
    assert failed["reason"] == "truncated"
    assert failed["videos"] == [[f"v{number}", "3 of 10"] for number in range(3)]
    assert data["grids"][0]["rows"][0]["cells"][0]["coverage"] == "97.0 % of videos"


def test_markdown_table(make):
    text = markdown([make("a", value=60.0, ci95=(58.0, 62.0)), make("b", value=50.0)], mix=False)
    assert "| backbone | knn/top1<br>data |\n| --- | ---: |\n| a | **60.00** ± 2.0 |\n| b | 50.00 |" in text
    assert "## How each result was made" in text
    assert "- settings: k = 200, temperature = 0.1" in text


def test_terminal_table(make):
    text = terminal([make("a", value=60.0, ci95=(58.0, 62.0)), make("long_name", value=50.0)], columns=80)
    assert text.splitlines()[:6] == [
        "               knn/top1",
        "                   data",
        "-----------------------",
        "a          *60.00 ± 2.0",
        "long_name   50.00",
        "",
    ]
    assert "knn/top1: videos whose first answer is the true class" in text


@pytest.mark.parametrize("columns", [1, 30, 60, 100])
def test_a_wide_table_is_cut_into_blocks_that_fit(make, columns):
    results = [make("動画 model", f"set{index}", float(index)) for index in range(12)]
    text = terminal(results, columns=columns)
    blocks = text.split("\n\n")[:-1]
    values = re.findall(r"\b\d+\.00\b", "\n".join(blocks))
    assert sorted(map(float, values)) == sorted([*map(float, range(12))])
    if columns >= 60:
        assert all(width(line) <= columns for block in blocks for line in block.splitlines())


@pytest.mark.parametrize("form", FORMS)
def test_every_form_refuses_what_does_not_belong_together(make, form):
    results = [make("a"), make("b", version="2")]
    with pytest.raises(ResultError, match="--mix"):
        form(results)
    assert "‡" in form(results, mix=True)
    with pytest.raises(ResultError, match="no scores"):
        form([])


@pytest.mark.parametrize("form", FORMS)
def test_two_thousand_results(make, form):
    results = [make(f"model{index % 200}", f"set{index // 200}", float(index % 97)) for index in range(2000)]
    started = time.process_time()
    form(results, paper=True)
    assert time.process_time() - started < 6.0


@pytest.mark.parametrize("form", FORMS)
def test_the_same_results_give_the_same_text(make, form):
    results = [make("a", "x", 1.0), make("b", "x", 2.0, pretrained_on=("x",))]
    assert form(results) == form(list(results))
