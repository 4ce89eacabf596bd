from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("readme_numbers.py")


def test_the_numbers_in_the_readme_are_those_of_the_result_files() -> None:
    done = subprocess.run([sys.executable, str(SCRIPT)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"run: python tests/docs/readme_numbers.py --write\n{done.stderr}"
