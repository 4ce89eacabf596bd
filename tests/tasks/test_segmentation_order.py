"""The order of training videos: the published one, to the letter."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from twlv.tasks.segmentation_order import epoch_order, published_orders

REFERENCE = Path(__file__).parents[1] / "reference" / "segmentation_orders.json.gz"


def test_trap_25_the_published_order_of_every_split() -> None:
    stored = json.loads(gzip.decompress(REFERENCE.read_bytes()))
    for seed in (1212, 0):
        for name, count in (("50Salads", 5), ("GTEA", 4)):
            wanted = [
                tuple(stored[f"{seed}/{name}/{half}{k}"] for half in ("train", "test"))
                for k in range(1, count + 1)
            ]
            folds = [(sorted(train), sorted(test)) for train, test in wanted]
            assert published_orders(folds, seed) == [list(train) for train, _ in wanted]
            assert published_orders(folds[1:], seed) != [list(train) for train, _ in wanted[1:]]


def test_an_order_of_our_own_depends_on_its_seed_alone() -> None:
    fixed, again = epoch_order("fixed", 20, 7), epoch_order("reshuffled", 20, 7)
    assert fixed(0) == fixed(5) == epoch_order("fixed", 20, 7)(1)
    assert sorted(fixed(0)) == list(range(20))
    assert again(0) != again(1)
    assert again(1) == epoch_order("reshuffled", 20, 7)(1)
    assert epoch_order("fixed", 20, 8)(0) != fixed(0)
