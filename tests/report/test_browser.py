"""The page in a real browser, opened from disk with the network off."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

if str(Path(__file__).parent) not in sys.path:  # importlib mode does not add a test's folder
    sys.path.insert(0, str(Path(__file__).parent))
import chromium
from page_results import CLASSES, every_kind, map_of

from twlv.report import html
from twlv.report.page.island import printable
from twlv.report.serve import Shown
from twlv.results import load
from twlv.results.document import to_document

QUICKSTART = Path(__file__).parents[2] / "docs" / "results" / "quickstart"
HOSTILE = "</script><img src=x onerror=window.hit=1><svg onload=window.hit=1>\"'`${window.hit=1}<!--"
PROGRAM = chromium.executable()

pytestmark = pytest.mark.skipif(
    PROGRAM is None,
    reason="NO BROWSER: the report page was NOT tried in one; on Debian or Ubuntu: apt-get install chromium",
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    started = chromium.Chromium(str(PROGRAM), tmp_path_factory.mktemp("browser"))
    yield started
    started.close()


@pytest.fixture
def show(browser, tmp_path):
    """Opens a page's text from a file; the tab must be without complaints in the end."""
    tabs = []

    def opened(text, **options):
        path = tmp_path / f"page{len(tabs)}.html"
        path.write_text(text, encoding="utf-8")
        tab = chromium.Page(
            browser, **{"width": 1280, "height": 900, "phone": False, "offline": True, **options}
        )
        tabs.append(tab)
        tab.open(path.as_uri())
        return tab

    yield opened
    for tab in tabs:
        assert tab.complaints == []
        tab.close()


def _draw_all(tab):
    """Draw every figure, which a reader's scrolling would do."""
    tab.run("window.dispatchEvent(new Event('beforeprint'))")
    assert tab.run("document.querySelectorAll('.drawing:empty').length") == 0


def _rows(tab, table=0):
    return tab.run(
        f"[...document.querySelectorAll('.board')[{table}].querySelectorAll('tbody tr')]"
        ".map((row) => row.querySelector('th').textContent)"
    )


def _values(tab, column, table=0):
    return tab.run(
        f"[...document.querySelectorAll('.board')[{table}].querySelectorAll('tbody tr')]"
        f".map((row) => row.querySelectorAll('td')[{column}].querySelector('.value')?.textContent ?? null)"
    )


def _download(tab, folder, selector, name):
    tab.downloads_into(folder)
    tab.run(f"document.querySelector({json.dumps(selector)}).click()")
    deadline = time.monotonic() + 20
    while not (folder / name).is_file() or not (folder / name).stat().st_size:
        assert time.monotonic() < deadline, f"{name} did not come; {list(folder.iterdir())}"
        time.sleep(0.02)
    return (folder / name).read_text(encoding="utf-8")


# ---------------------------------------------------------------- every kind of page


@pytest.mark.parametrize("kind", ["own", "mixed", "published"])
@pytest.mark.parametrize(("width", "phone"), [(1280, False), (390, True)])
def test_a_page_fits_draws_everything_and_complains_of_nothing(show, tmp_path, kind, width, phone):
    results = [] if kind == "published" else load(QUICKSTART)
    tab = show(html(results, paper=kind != "own"), width=width, phone=phone)
    _draw_all(tab)
    assert tab.run("document.documentElement.scrollWidth") <= width
    assert tab.run("document.querySelectorAll('.card .drawing svg, .card canvas').length") == tab.run(
        "document.querySelectorAll('.card').length"
    )
    shown = tab.run("document.querySelectorAll('tr.published').length")
    assert (shown > 0) == (kind == "published")  # the quickstart's sets are in none of the report's columns
    assert len(_rows(tab)) == (12 if kind == "published" else 3)
    tab.screenshot(tmp_path / "shot.png")
    assert (tmp_path / "shot.png").stat().st_size > 30_000


def test_a_figure_is_drawn_when_it_comes_near(show, make):
    tab = show(html(every_kind(make)))
    assert tab.run("document.querySelectorAll('.drawing:empty').length") > 0
    tab.run("document.querySelector('.card:last-of-type').scrollIntoView()")
    tab.until("document.querySelector('.card:last-of-type .drawing').childElementCount > 0")


def test_every_figure_is_drawn(show, make):
    tab = show(html(every_kind(make), points=[map_of(200)]))
    _draw_all(tab)
    kinds = tab.run("[...document.querySelectorAll('.card')].map((card) => card.dataset.kind)")
    assert kinds == [
        *("radar", "scatter", "cost", "points", "direction_histogram", "timelines", "strips"),
        *("confusion", "per_class", "key_frames", "answers", "answers"),
    ]
    for number, kind in enumerate(kinds):
        text = tab.run(f"document.querySelectorAll('.card')[{number}].textContent")
        assert "nothing to draw" not in text, kind
        assert "NaN" not in tab.run(f"document.querySelectorAll('.card')[{number}].innerHTML"), kind
    assert tab.run("document.querySelectorAll('[data-kind=key_frames] image').length") == 1
    assert tab.run("document.querySelectorAll('[data-kind=strips] rect.run').length") == 6


# ---------------------------------------------------------------- the leaderboard


def test_sorting_by_mouse_and_by_keyboard(show, make):
    values = {"a": 20.0, "b": 90.0, "c": 50.0}
    results = [make(name, value=value) for name, value in values.items()] + [make("d", "other")]
    tab = show(html(results))
    assert _rows(tab) == ["a", "b", "c", "d"]
    tab.click("button.sort", 0)
    assert _rows(tab) == ["b", "c", "a", "d"]  # d has no number there: last, either way
    assert tab.run("document.querySelectorAll('th[aria-sort]')[0].getAttribute('aria-sort')") == "descending"
    assert tab.run("document.activeElement.className") == "sort"
    tab.press("Enter")
    assert _rows(tab) == ["a", "c", "b", "d"]
    assert tab.run("document.querySelectorAll('th[aria-sort]')[0].getAttribute('aria-sort')") == "ascending"
    tab.press("Enter")
    assert _rows(tab) == ["a", "b", "c", "d"]
    tab.press("Tab")
    assert tab.run("document.activeElement.className") == "why"
    tab.press("Enter")
    assert "videos whose first answer is the true class" in tab.run(
        "document.querySelector('.explain').textContent"
    )


def test_filtering_rows_columns_and_published_ones(show, make):
    results = [
        make("alpha", "k400", 60.0, classes=400),
        make("beta", "k400", 50.0, classes=400),
        make("alpha", "ucf101", 70.0, classes=101),
    ]
    tab = show(html(results, paper=True))
    assert len(_rows(tab)) == 11
    assert "published" in _rows(tab)[2]
    tab.click("#filter-published")
    assert _rows(tab) == ["alpha", "beta"]
    tab.click("#filter-rows")
    tab.type("bet")
    assert _rows(tab) == ["beta"]
    tab.click("#filter-columns")
    tab.type("ucf")
    assert tab.run("document.querySelectorAll('.board')[0].querySelectorAll('button.sort').length") == 1
    assert _values(tab, 0) == [None]


def test_a_number_leads_to_its_record(show):
    results = load(QUICKSTART)
    tab = show(html(results))
    tab.click(".scores a.value")
    tab.until("document.querySelector('details[open] pre') !== null")
    number = int(tab.run("location.hash").removeprefix("#record-"))
    said = tab.run("document.querySelector('details[open]').textContent")
    assert results[number].backbone.weights_sha256 in said
    assert "twlv evaluate" in said
    tab.run("document.querySelector('details[open] details summary').click()")
    shown = json.loads(tab.until("document.querySelector('pre.document')?.textContent"))
    assert shown == printable(to_document(results[number]))


def test_pointing_at_a_cell_tells_its_interval(show, make):
    tab = show(html([make("a", value=60.0, ci95=(58.0, 62.0))]))
    tab.move(*tab.centre(".scores td"))
    assert tab.until("!document.getElementById('tip').hidden")
    assert "95 % [58, 62]" in tab.run("document.getElementById('tip').textContent")
    tab.press("Escape")
    assert tab.run("document.getElementById('tip').hidden")


# ---------------------------------------------------------------- figures


def test_marks_are_told_by_mouse_and_by_keyboard(show):
    tab = show(html([], paper=True))
    _draw_all(tab)
    tab.move(*tab.centre("#ability-published .mark"))
    tab.until("!document.getElementById('tip').hidden")
    assert "UMT s1 ViT-B (published)" in tab.run("document.getElementById('tip').textContent")
    tab.run("document.querySelector('#headlines svg').focus()")
    tab.press("ArrowRight")
    assert "+4.6 points" in tab.run("document.getElementById('tip').textContent")
    tab.press("ArrowRight")
    assert "+7.7 points" in tab.run("document.getElementById('tip').textContent")


def test_the_legend_of_the_radar_adds_a_line(show):
    tab = show(html([], paper=True))
    _draw_all(tab)
    lines = "document.querySelectorAll('#radar-published path.series').length"
    assert tab.run(lines) == 2
    tab.run("document.querySelector('#radar-published input:not(:checked)').click()")
    assert tab.run(lines) == 3


def test_downloads_hold_the_figure(show, tmp_path):
    tab = show(html([], paper=True))
    _draw_all(tab)
    rows = list(
        csv.reader(io.StringIO(_download(tab, tmp_path, "#headlines .downloads button", "headlines.csv")))
    )
    assert [row[1] for row in rows[1:]] == ["4.6", "7.7", "7.2", "2.7", "2.8"]
    text = _download(
        tab, tmp_path, "#ability-published .downloads button:nth-of-type(2)", "ability-published.svg"
    )
    drawn = ET.fromstring(text)
    assert drawn.tag == "{http://www.w3.org/2000/svg}svg"
    assert "TWLV-I ViT-L" in "".join(drawn.itertext())
    assert not re.search(r"var\(|class=|<script|currentColor", text)


def _agresti_min(b, c, n):
    """Written from the paper, apart from the page's: +0.5 in each of the four cells."""
    n, p1, p2 = n + 2, (b + 0.5) / (n + 2), (c + 0.5) / (n + 2)
    half = 1.959963984540054 * math.sqrt((p1 + p2 - (p1 - p2) ** 2) / n)
    return p1 - p2 - half, p1 - p2 + half


def test_differences_by_class_are_those_of_the_answers(show, make, tmp_path):
    results = every_kind(make)
    tab = show(html(results))
    _draw_all(tab)
    text = _download(tab, tmp_path, "#answers-0 .downloads button", "answers-0.csv")
    rows = {row["class"]: row for row in csv.DictReader(io.StringIO(text))}
    first, second = (result.predictions for result in results if result.dataset.name == "looks")
    assert set(rows) == set(CLASSES)
    for index, name in enumerate(CLASSES):
        pairs = [
            (p == t, q == t)
            for t, p, q in zip(first.truth, first.predicted, second.predicted, strict=True)
            if t == index
        ]
        b, c = pairs.count((True, False)), pairs.count((False, True))
        low, high = _agresti_min(b, c, len(pairs))
        row = rows[name]
        assert (int(row["only first right"]), int(row["only second right"])) == (b, c)
        assert float(row["difference"]) == pytest.approx((b - c) / len(pairs))
        assert (float(row["low"]), float(row["high"])) == pytest.approx((max(-1, low), min(1, high)))


def test_confusion_counts_every_answer(show, make):
    results = every_kind(make)
    tab = show(html(results))
    _draw_all(tab)
    tab.run(
        "(() => { const s = document.querySelector('#answers-0 select'); s.value = '1';"
        "s.dispatchEvent(new Event('change')); })()"
    )
    shown = tab.run("[...document.querySelectorAll('#answers-0 text.count')].map((t) => Number(t.textContent))")
    assert sum(shown) == 80
    assert "none (not decoded)" in tab.run("document.querySelector('#answers-0 svg').textContent")


def test_twenty_thousand_points_stay_fluid(show):
    tab = show(html([], paper=True, points=[map_of(20_000, 100)]))
    _draw_all(tab)
    tab.centre("#points-0 canvas")
    tab.until("document.querySelector('#points-0 canvas').dataset.drawMs")
    tab.run("document.querySelector('#points-0 canvas').focus()")
    tab.call("Performance.enable", timeDomain="threadTicks")  # CPU time, however busy the machine is
    before = _cpu_seconds(tab)
    keys = ("+", "ArrowLeft", "+", "ArrowUp", "-", "0")
    for key in keys:
        tab.run("delete document.querySelector('#points-0 canvas').dataset.drawMs")
        tab.press(key)
        tab.until("document.querySelector('#points-0 canvas').dataset.drawMs")
    assert (_cpu_seconds(tab) - before) / len(keys) < 0.1


def _cpu_seconds(tab):
    metrics = tab.call("Performance.getMetrics")["metrics"]
    return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")


def test_a_point_shows_its_thumbnail_and_a_class_is_found(show):
    tab = show(html([], paper=True, points=[map_of(300)]))
    _draw_all(tab)
    tab.centre("#points-0 canvas")
    tab.until("document.querySelector('#points-0 canvas').dataset.drawMs")
    tab.run("document.querySelector('#points-0 canvas').focus()")
    tab.press("n")
    assert tab.run("document.querySelector('#tip strong').textContent") == "video0"
    assert tab.run("document.querySelector('#tip img').src").startswith("data:image/jpeg")
    where = tab.run(
        "(() => { const t = document.getElementById('tip'); return [t.offsetLeft, t.offsetTop]; })()"
    )
    assert min(where) >= 0
    tab.press("Escape")
    tab.run("document.querySelector('#points-0 input').focus()")
    tab.type("class 03")
    expected = map_of(300)["points"]["labels"].count("class 03")
    assert tab.run("document.querySelector('#points-0 .count').textContent") == f"{expected} of 300 points"
    tab.run("document.querySelector('#points-0 canvas').focus()")
    tab.press("n")
    assert tab.run("document.querySelector('#tip div').textContent") == "class 03"


def test_pointing_finds_the_point_below(show):
    one = map_of(1)
    tab = show(html([], paper=True, points=[one]))
    _draw_all(tab)
    x, y = tab.centre("#points-0 canvas")  # a map of one point has it in the middle
    tab.until("document.querySelector('#points-0 canvas').dataset.drawMs")
    tab.move(x, y)
    tab.until("!document.getElementById('tip').hidden")
    assert tab.run("document.querySelector('#tip strong').textContent") == "video0"
    tab.move(x + 200, y)
    tab.until("document.getElementById('tip').hidden")


# ---------------------------------------------------------------- bad input


def test_hostile_names_run_nothing(show, make, tmp_path):
    points = map_of(5)
    points["points"]["ids"][0] = HOSTILE
    points["points"]["labels"] = [HOSTILE] * 5
    points["thumbnails"] = {"video1": "data:image/svg+xml;base64,PHN2Zz4=", "video2": "javascript:window.hit=1"}
    hostile = [
        make(
            name,
            HOSTILE,
            value,
            task=HOSTILE,
            kind="appearance",
            config={HOSTILE: HOSTILE},
            notes=(HOSTILE,),
            details={"per_class": {HOSTILE: 1.0}, "class_names": [HOSTILE]},
            failed={HOSTILE: HOSTILE},
            videos=(99, 100),
        )
        for name, value in ((HOSTILE, 1.0), (HOSTILE + "2", 2.0))
    ]
    tab = show(html(hostile, points=[points]))
    _draw_all(tab)
    tab.run("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    tab.run("document.querySelectorAll('button.why').forEach((b) => b.click())")
    tab.move(*tab.centre(".scores td"))
    tab.run("document.querySelector('#points-0 canvas').focus()")
    for _ in range(3):
        tab.press("n")
    assert tab.run("window.hit") is None
    assert tab.run("document.querySelectorAll('main img, main script, [onerror], [onload]').length") == 0
    assert HOSTILE in _rows(tab)
    svg = _download(tab, tmp_path, "#per_class-0 .downloads button:nth-of-type(2)", "per_class-0.svg")
    ET.fromstring(svg)


def test_a_page_with_nothing_to_draw(show, make):
    odd = make("a", details={"strips": [{"classes": 3}], "confusion": {"classes": ["x"], "counts": [[1, 2]]}})
    tab = show(html([odd]))
    _draw_all(tab)
    problems = tab.run("[...document.querySelectorAll('.problem')].map((p) => p.textContent)")
    assert len(problems) == 2
    assert all("docs/results.md" in text for text in problems)


def test_two_thousand_results_open(show, make):
    results = [make(f"model{index % 200}", f"set{index // 200}", float(index % 97)) for index in range(2000)]
    tab = show(html(results, paper=True))
    tab.call("Performance.enable", timeDomain="threadTicks")
    before = _cpu_seconds(tab)
    tab.call("Page.reload")
    tab.until("document.querySelectorAll('.board tbody tr').length >= 200")
    tab.click("button.sort", 3)
    assert len(_rows(tab)) == 200
    assert _cpu_seconds(tab) - before < 5.0


# ---------------------------------------------------------------- colours, print, serving

CONTRAST = """(() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (rgb) => rgb.slice(0, 3).map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const back = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const rgb = parse(getComputedStyle(at).backgroundColor);
      if (rgb.length < 4 || rgb[3] > 0) return rgb;
    }
    return [255, 255, 255];
  };
  const low = [];
  const parts = 'h1, h2, h3, p, a, th, td, small, sup, dt, dd, summary, button, .tag';
  for (const node of document.querySelectorAll(parts)) {
    if (!node.textContent.trim() || !node.getClientRects().length) continue;
    const [a, b] = [light(parse(getComputedStyle(node).color)), light(back(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.push(`${node.tagName}.${node.className} ${ratio.toFixed(2)}`);
  }
  return low;
})()"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast(show, make, scheme):
    results = [make("a", "k400", 60.0, classes=400, videos=(99, 100)), make("b", "k400", 50.0, classes=400)]
    tab = show(html(results, paper=True, mix=True))
    tab.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    _draw_all(tab)
    dark = tab.run("getComputedStyle(document.body).backgroundColor") == "rgb(21, 24, 27)"
    assert dark == (scheme == "dark")
    assert tab.run(CONTRAST) == []
    tab.run("document.getElementById('theme').click()")
    assert tab.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    tab.run("document.getElementById('theme').click()")
    assert tab.run("getComputedStyle(document.body).backgroundColor") == "rgb(21, 24, 27)"
    assert tab.run(CONTRAST) == []


def test_every_control_has_a_name_and_a_place_in_the_order_of_tabs(show, make):
    tab = show(html(every_kind(make), points=[map_of(50)]))
    _draw_all(tab)
    nameless = tab.run(
        "[...document.querySelectorAll('button, input, select, a, canvas, svg[tabindex], .wide')].filter((n) =>"
        "!n.textContent.trim() && !n.getAttribute('aria-label') && !n.closest('label')).map((n) => n.outerHTML)"
    )
    assert nameless == []
    seen = set()
    tab.run("document.activeElement.blur()")
    for _ in range(40):
        tab.press("Tab")
        seen.add(tab.run("document.activeElement.outerHTML.slice(0, 200)"))
    assert len(seen) > 30  # the focus goes on, it is caught nowhere


def test_it_prints(show, make):
    tab = show(html(every_kind(make)))
    _draw_all(tab)
    printed = tab.call("Page.printToPDF", printBackground=True)["data"]
    assert len(printed) > 20_000
    tab.call("Emulation.setEmulatedMedia", media="print")
    assert tab.run("getComputedStyle(document.querySelector('.toolbar')).display") == "none"
    assert tab.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_a_served_page_shows_a_result_that_comes(browser, make, tmp_path):
    folder = tmp_path / "results"
    make("first").save(folder)
    command = [sys.executable, "-m", "twlv.cli.main", "report", str(folder), "--serve", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as served:
        try:
            assert served.stderr is not None
            address = served.stderr.readline().split()[0]
            assert address.startswith("http://127.0.0.1:")
            with chromium.page(browser, offline=False) as tab:
                tab.open(address)
                tab.until("document.querySelector('.live').textContent.includes('as they come')")
                assert _rows(tab) == ["first"]
                tab.click("#filter-rows")
                tab.type("sec")
                make("second").save(folder)
                tab.until("document.querySelector('.board tbody')?.textContent.startsWith('second')")
                assert tab.run("document.getElementById('filter-rows').value") == "sec"
                assert [text for text in tab.complaints if "favicon" not in text and "404" not in text] == []
        finally:
            served.terminate()


def test_what_is_shown_follows_the_files(tmp_path, make):
    shown = Shown(paths=(tmp_path,))
    before = shown.version()
    make("a").save(tmp_path)
    assert shown.version() != before
