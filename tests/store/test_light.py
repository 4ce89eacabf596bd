"""Opening a store loads neither torch nor a decoder."""

from __future__ import annotations

import subprocess
import sys


def test_import_is_numpy_only() -> None:
    code = (
        "import sys, twlv.store, twlv.store.official_store, twlv.store.export, twlv.data\n"
        "print([m for m in ('torch', 'av', 'safetensors', 'pyarrow') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
