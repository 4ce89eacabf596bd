"""Workers take one core each, and the process keeps the number of threads it had."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import torch
from concurrent.futures import ThreadPoolExecutor
from twlv.embedding.prefetch import prefetch
from twlv.threads import one_core, one_core_workers

pool = one_core_workers(3, "test")
inside = set(pool.map(lambda _: torch.get_num_threads(), range(20)))
stream = prefetch([1, 2, 3], lambda job: [torch.get_num_threads()], workers=2)
read = {count for _, items in stream for count in items}
with one_core():
    alone = torch.get_num_threads()
later = ThreadPoolExecutor(1).submit(torch.get_num_threads).result()
print(inside, read, alone, torch.get_num_threads(), later)
"""


def test_only_the_workers_are_on_one_core() -> None:
    """In a new process: a number of threads that nobody asked for yet is taken from whoever set it last."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={"OMP_NUM_THREADS": "2", "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["{1}", "{1}", "1", "2", "2"]
