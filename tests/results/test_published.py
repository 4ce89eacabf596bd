"""The report's numbers. Expected values are typed here from the report's tables, not read from the data."""

from __future__ import annotations

from collections import Counter

import pytest

from twlv.results.published import (
    averages,
    benchmarks,
    column,
    disagreements,
    find,
    headlines,
    hyperparameters,
    published,
)


def test_every_table_is_complete():
    counts = Counter(record.table for record in published())
    assert counts == {3: 156, 5: 172, 6: 54, 9: 64, 10: 64, 11: 8, 12: 72}
    keys = [(r.table, r.model, r.dataset, r.metric) for r in published()]
    assert len(keys) == len(set(keys)) == 590


@pytest.mark.parametrize(
    ("wanted", "value"),
    [
        (("linear-probing", "top1", "K400", "UMT", "ViT-B", "s1"), 66.17),
        (("linear-probing", "top1", "average", "TWLV-I", "ViT-L", None), 48.61),
        (("knn", "top1/clip", "K400", "InternVideo2", "ViT-g", None), 79.43),
        (("knn", "top1/uniform", "SSv2", "TWLV-I", "ViT-B", None), 19.82),
        (("knn", "top1/video", "K400", "V-JEPA", "ViT-H", None), 40.68),
        (("tal", "self-contained/mAP@avg", "THUMOS14", "TWLV-I", "ViT-L", None), 58.75),
        (("tal", "external-classifier/mAP@0.95", "ActivityNet-v1.3", "TWLV-I", "ViT-L", None), 9.06),
        (("stal", "fAP@0.5", "AVA-v2.2", "TWLV-I", "ViT-L", None), 27.39),
    ],
)
def test_values(wanted, value):
    task, metric, dataset, method, arch, stage = wanted
    record = find(task=task, metric=metric, dataset=dataset, method=method, arch=arch, stage=stage)
    assert record is not None
    assert record.value == value


def test_find_does_not_guess_a_stage():
    wanted = {"task": "linear-probing", "metric": "top1", "dataset": "K400", "method": "UMT", "arch": "ViT-B"}
    assert find(**wanted) is None
    assert find(**wanted, stage="s2") is not None
    assert find(**wanted, stage="s3") is None


def test_daggers_are_the_union_of_both_copies():
    flagged = {(r.table, *r.model, r.dataset, r.metric) for r in published() if r.dagger and r.table == 3}
    assert (3, "InternVideo2", "s1", "ViT-g", "MiT", "top1") in flagged  # only in the PDF's text
    assert (3, "V-JEPA", "", "ViT-L", "SSv2", "top1") in flagged
    assert len(flagged) == 14
    lost = [r for r in published() if r.dagger_pdf and not r.dagger_text]
    assert len(lost) == 4
    assert not [r for r in published() if r.dagger_text and not r.dagger_pdf]


def test_quoted_values():
    quoted = {(r.method, r.dataset) for r in published() if r.quoted}
    assert len([r for r in published() if r.quoted]) == 16
    assert ("VideoPrism", "DV48") in quoted
    assert all(r.table == 5 for r in published() if r.quoted)


def test_the_five_headlines_follow_from_table_3():
    assert [(h.method, h.arch, h.difference) for h in headlines()] == [
        ("V-JEPA", "ViT-L", 4.6),
        ("UMT", "ViT-L", 7.7),
        ("DFN", "ViT-H", 7.2),
        ("V-JEPA", "ViT-H", 2.7),
        ("InternVideo2", "ViT-g", 2.8),
    ]


def test_one_printed_average_disagrees_with_its_row():
    assert len(averages()) == 24
    (odd,) = [average for average in averages() if not average.agrees]
    assert (odd.table, odd.method, odd.printed, round(odd.mean_of_five, 2)) == (
        5,
        "TWLV-I (+SSv2)",
        66.88,
        67.48,
    )


def test_disagreements_are_kept():
    assert len(disagreements()) == 13
    assert {d["kind"] for d in disagreements()} >= {"text-vs-pdf", "average", "class count", "claim"}


def test_tables_2_and_4():
    assert {b["dataset"]: b["train"] for b in benchmarks()}["Kinetics 400"] == 235_693
    table = hyperparameters()
    assert table["both"]["num_frames"][:5] == [16] * 5
    assert table["LP"]["lr"] == [0.1, 0.1, 0.075, 0.02, 0.1, 0.1]
    assert "optimiser (LP and AP)" in table["not_printed"]


def test_an_unknown_column_is_empty():
    assert column(3, "K400", "top2") == ()
