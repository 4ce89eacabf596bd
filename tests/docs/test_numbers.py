from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("generated_numbers.py")


def test_the_numbers_of_every_page_are_those_of_its_result_files() -> None:
    done = subprocess.run([sys.executable, str(SCRIPT)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"run: python tests/docs/generated_numbers.py --write\n{done.stderr}"
