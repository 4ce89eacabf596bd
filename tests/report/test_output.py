"""The three forms: terminal, Markdown, HTML; all with hostile names."""

from __future__ import annotations

import html.parser
import re
import time

import pytest

from twlv.errors import ResultError
from twlv.report import html as html_page
from twlv.report import markdown, terminal
from twlv.report.text import width
from twlv.types import Score

HOSTILE = "evil|<script>alert('x')</script>\n\x1b[31m\u202e\"><img src=x onerror=y>{{ 7*7 }}"
FORMS = [terminal, markdown, html_page]


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


def test_html_shows_hostile_names_as_text(make):
    parsed = _Tags()
    parsed.feed(html_page([_hostile(make)]))
    assert {"script", "img"} & set(parsed.tags) == set()
    assert not [name for name, _ in parsed.attributes if name.startswith("on")]
    text = "".join(parsed.text)
    assert "<script>alert('x')</script>" in text
    assert "{{ 7*7 }}" in text


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
    assert not re.search(r"(?:src|href)=|url\(|@import|https?://", page)
    assert "default-src 'none'" in page
    assert "prefers-color-scheme: dark" in page
    assert page.startswith("<!doctype html>")


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
    parsed = _Tags()
    page = html_page(results, paper=True)
    parsed.feed(page)
    text = " ".join(" ".join(parsed.text).split())
    assert '<td class="best"><span class="value">60.00</span>' in page
    assert "± 2.0" in text
    assert "50.00 †" in text
    assert "torch = 2.13" in text
    assert "mind this" in text
    assert page.count("<details>") == 3
    assert page.count('<tr class="published">') == 9


def test_html_lists_failed_videos_by_reason(make):
    page = html_page([make("a", videos=(97, 100))])
    assert "<summary>truncated: 3</summary>" in page
    assert "97.0 % of videos" in page


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
