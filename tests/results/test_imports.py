"""Reading results and printing a table starts fast: no torch, and no templates before a page is asked for."""

from __future__ import annotations

import subprocess
import sys


def test_neither_torch_nor_templates_are_loaded():
    code = (
        "import sys, twlv.results, twlv.report; "
        "print([m for m in ('torch', 'av', 'jinja2', 'scipy', 'matplotlib', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
