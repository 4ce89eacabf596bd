"""One HTML file out of the page's parts: template, style, scripts, and the JSON that they draw.

A content security policy lets nothing run but the scripts that stand here, by their hash, and nothing be
loaded at all; a page that is served may ask its own server whether it is still the newest.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources

from twlv.report.page.island import island
from twlv.report.text import clean
from twlv.types import Json

SCRIPTS = (
    "dom.js",
    "numbers.js",
    "download.js",
    "svg.js",
    "card.js",
    "leaderboard.js",
    "radar.js",
    "scatter.js",
    "bars.js",
    "answers.js",
    "strips.js",
    "frames.js",
    "sprites.js",
    "explorer.js",
    "records.js",
    "live.js",
    "main.js",
)
"""In the order in which they are put together: each uses only what stands before it."""


def assemble(data: Json, *, title: str, live: str = "") -> str:
    """The page as text. ``data`` is ``page_data``'s; with ``live``, a version, it asks for a newer one."""
    import jinja2

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    script = "(() => {\n'use strict';\n" + "\n".join(asset(name) for name in SCRIPTS) + "})();\n"
    return environment.from_string(asset("page.html.jinja")).render(
        title=clean(title),
        policy=_policy(script, live=bool(live)),
        style=_markup(asset("style.css")),
        script=_markup(script),
        data=_markup(island(data)),
        live=live,
    )


@cache
def asset(name: str) -> str:
    """A file of the page's own, as text."""
    return resources.files("twlv.report.page").joinpath("assets", name).read_text("utf-8")


def _policy(script: str, *, live: bool) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    parts = ["default-src 'none'", f"script-src 'sha256-{digest}'", "style-src 'unsafe-inline'"]
    parts += ["img-src data: blob:", "base-uri 'none'", "form-action 'none'"]
    return "; ".join([*parts, "connect-src 'self'"] if live else parts)


def _markup(text: str) -> str:
    """Text that is put into the page as it is: our own files, and JSON without any ``<``."""
    import markupsafe

    return markupsafe.Markup(text)
