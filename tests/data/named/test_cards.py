"""The cards: complete, in agreement with the names that the dagger knows, and listed."""

from __future__ import annotations

import hashlib
import re

import pytest

from twlv.data.named.card import MEMORY, class_list_sha256
from twlv.data.named.listing import summary, text
from twlv.data.named.table import TABLE
from twlv.results.contamination import ALIASES, exact_name, overlapping
from twlv.results.matching import DATASETS

CARDS = pytest.mark.parametrize("name", TABLE)


def test_the_sets_of_the_report_and_those_beside_them_are_there() -> None:
    assert {
        "kinetics400", "kinetics600", "kinetics700", "mit339", "mit305", "ssv2", "diving48", "epickitchens100",
        "imagenet1k", "ucf101", "hmdb51", "jester", "charades", "ava", "ucf101-24", "jhmdb",
    } == set(TABLE)  # fmt: skip


@CARDS
def test_a_card_is_complete(name: str) -> None:
    card = TABLE[name]
    assert card.name == name
    assert card.title
    assert card.licence
    assert re.search(r"\d{4}", card.citation)
    assert card.kind in ("appearance", "motion", "")
    assert len(card.fetch) > 40
    assert set(card.splits) <= set(card.known_splits)
    assert {count.split for count in card.counts} <= set(card.known_splits)
    assert all(count.source for count in card.counts)
    for found in card.classes.values():
        assert re.fullmatch(r"[0-9a-f]{64}|", found.sha256)
        assert bool(found.sha256) == bool(found.source and found.strict), "a hash says whose list it is of"
    choices = card.choice.values if card.choice else ("",)
    assert all(card.class_list(choice).num > 1 for choice in choices)
    frames = name in {"ucf101-24", "jhmdb"}  # their samples are frames, of which nobody has published a number
    assert frames or all(card.expected(split, choice) for split in card.splits for choice in choices)


@CARDS
def test_the_dagger_knows_every_name(name: str) -> None:
    known = exact_name(name)
    assert known in ALIASES
    assert overlapping((known,), name) == (known,)


@pytest.mark.parametrize(
    ("pretrained_on", "name", "overlaps"),
    [
        ("Kinetics-710", "kinetics400", True),
        ("K400", "kinetics700", True),
        ("VideoMix2M", "ssv2", True),
        ("Moments in Time", "mit339", True),
        ("MiT", "mit305", True),
        ("K-Mash", "mit339", True),
        ("EPIC-KITCHENS-100", "epickitchens100", True),
        ("imagenet", "imagenet1k", True),
        ("ImageNet-22K", "imagenet1k", True),
        ("imagenet", "kinetics400", False),
        ("UCF-101", "ucf101", True),
        ("UCF-101", "hmdb51", False),
        ("Something-Something v1", "ssv2", False),
        ("Jester", "jester", True),
        ("Charades", "charades", True),
        ("Diving48", "diving48", True),
    ],
)
def test_the_dagger(pretrained_on: str, name: str, overlaps: bool) -> None:
    assert bool(overlapping((pretrained_on,), name)) == overlaps


def test_the_reports_columns_have_the_classes_of_the_cards() -> None:
    columns = {name: DATASETS[known][1] for name in TABLE if (known := exact_name(name)) in DATASETS}
    assert set(columns) == {
        "kinetics400", "mit339", "mit305", "ssv2", "diving48", "epickitchens100", "imagenet1k", "ava",
    }  # fmt: skip
    for name, numbers in columns.items():
        card = TABLE[name]
        assert card.class_list(card.choice.values[0] if card.choice else "").num in (numbers or (80,))


def test_the_hash_of_a_class_list() -> None:
    assert class_list_sha256(["a", "b"]) == hashlib.sha256(b"a\nb").hexdigest()
    assert class_list_sha256(["a", "b"]) != class_list_sha256(["b", "a"])
    assert class_list_sha256(["HandstandPushups"]) == class_list_sha256(["HandStandPushups"])


@CARDS
def test_what_is_from_memory_says_so(name: str) -> None:
    shown = text(TABLE[name])
    uncertain = [count for count in TABLE[name].counts if not count.certain]
    assert all(f"{count.num:,} ({MEMORY})" in shown for count in uncertain)
    assert shown.count("\n") >= (4 if TABLE[name].counts else 3)
    assert set(summary(TABLE[name])) >= {"name", "licence", "expected", "fetch", "class_list_sha256"}
