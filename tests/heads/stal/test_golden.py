"""The released code of DETR, TubeR and OWL-ViT: costs, assignments and losses on the same outputs."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from twlv.heads.stal.boxes import l1_between, overlap, to_cxcywh, to_xyxy
from twlv.heads.stal.losses import Losses, losses
from twlv.heads.stal.matching import at_steps, costs
from twlv.heads.stal.settings import DETR, OWL_VIT, TUBER, LossSettings
from twlv.heads.stal.targets import TubeBatch, Tubelets, TubeTarget, batch

HERE = Path(__file__).parent / "golden"


def _golden(name: str) -> dict[str, Any]:
    return json.loads(gzip.decompress((HERE / f"{name}.json.gz").read_bytes()))


def _tubelets(case: dict[str, Any]) -> Tubelets:
    """The golden outputs (L, B, S, .) as clips of one step."""
    person = case.get("person_logits")
    return Tubelets(
        boxes=torch.tensor(case["pred_boxes_cxcywh"])[:, :, None],
        logits=torch.tensor(case["pred_logits"])[:, :, None],
        person=None if person is None else torch.tensor(person)[:, :, None],
    )


def _batch(boxes: list[Any], labels: list[torch.Tensor]) -> TubeBatch:
    return batch(
        [
            TubeTarget(
                steps=torch.tensor([0]),
                boxes=torch.tensor(of_clip).reshape(1, -1, 4),
                labels=multi_hot[None],
                present=torch.ones(1, len(of_clip), dtype=torch.bool),
            )
            for of_clip, multi_hot in zip(boxes, labels, strict=True)
        ]
    )


def _pairs(query: torch.Tensor) -> list[set[tuple[int, int]]]:
    """(query, person) of each clip."""
    return [{(int(q), m) for m, q in enumerate(clip) if q >= 0} for clip in query]


def _expected(match: list[Any]) -> list[set[tuple[int, int]]]:
    return [set(zip(*pair, strict=True)) for pair in match]


def _check_costs(found: torch.Tensor, golden: list[Any], owners: list[slice], tolerance: float) -> None:
    for clip, (table, columns) in enumerate(zip(golden, owners, strict=True)):
        wanted = np.asarray(table, float)[:, columns]
        ours = found[clip, :, : wanted.shape[1]].numpy()
        np.testing.assert_allclose(ours, wanted, atol=tolerance, rtol=0)


def test_overlap_of_eight_boxes() -> None:
    golden = _golden("giou")
    boxes = torch.tensor(golden["boxes_cxcywh"], dtype=torch.float64)
    iou, giou = overlap(to_xyxy(boxes)[:, None], to_xyxy(boxes)[None])
    distances = l1_between(boxes[:, None], boxes[None])
    for ours, name in ((iou, "iou"), (giou, "giou"), (distances, "l1")):
        wanted = np.array(golden[name], float)  # null, 0 / 0, becomes NaN
        known = np.isfinite(wanted)
        np.testing.assert_allclose(ours.numpy()[known], wanted[known], atol=1e-12, rtol=0)
        assert np.isfinite(ours.numpy()).all()
        assert known.sum() >= 63
    np.testing.assert_allclose(to_cxcywh(to_xyxy(boxes)).numpy(), boxes.numpy(), atol=1e-15)


@pytest.mark.parametrize("number", range(4))
def test_detr(number: int) -> None:
    case = _golden("match_detr")["cases"][number]
    sizes, num_classes = case["sizes"], case["num_classes"]
    labels = [
        torch.nn.functional.one_hot(torch.tensor(index, dtype=torch.long), num_classes)
        .float()
        .reshape(-1, num_classes)
        for index in case["tgt_labels"]
    ]
    people = _batch(case["tgt_boxes_cxcywh"], labels)
    said = _tubelets(case)
    ends = np.cumsum(sizes)
    owners = [slice(end - size, end) for end, size in zip(ends, sizes, strict=True)]
    found = costs(at_steps(said, people), people, DETR)[-1]
    _check_costs(found, case["cost_last_layer"], owners, 1e-6)
    ours = losses(said, people, DETR)
    assert _pairs(ours.query[-1]) == _expected(case["match"])
    assert ours.unmatched == 0
    for name, golden in (("classes", "loss_ce"), ("l1", "loss_bbox"), ("giou", "loss_giou")):
        for layer, suffix in ((1, ""), (0, "_0")):
            assert float(ours.parts[name][layer]) == pytest.approx(case["losses"][golden + suffix], abs=1e-6)
    assert torch.isfinite(ours.total)


@pytest.mark.parametrize("number", range(2))
def test_tuber(number: int) -> None:
    case = _golden("match_tuber")["cases"][number]
    people = _batch(case["tgt_boxes_cxcywh"], [torch.tensor(labels) for labels in case["tgt_multi_hot"]])
    ours = losses(_tubelets(case), people, TUBER)
    assert _pairs(ours.query[-1]) == _expected(case["match"])
    names = {"classes": "loss_ce", "person": "loss_ce_b", "l1": "loss_bbox", "giou": "loss_giou"}
    for name, golden in names.items():
        for layer, suffix in ((1, ""), (0, "_0")):
            assert float(ours.parts[name][layer]) == pytest.approx(case["losses"][golden + suffix], abs=1e-6)
    assert float(ours.total) == pytest.approx(case["total_loss"], rel=1e-6)


@pytest.mark.parametrize("number", range(4))
def test_owl_vit(number: int) -> None:
    golden = _golden("match_owlvit")["cases"][number]
    case = next(c for c in _golden("match_tuber")["cases"] if c["sizes"] == golden["case_sizes"])
    settings = _changed(OWL_VIT, focal=golden["focal"], alpha=golden["alpha"], gamma=golden["gamma"])
    people = _batch(case["tgt_boxes_cxcywh"], [torch.tensor(labels) for labels in case["tgt_multi_hot"]])
    said = _tubelets(case)
    found = costs(at_steps(said, people), people, settings)[-1]
    _check_costs(found, golden["cost"], [slice(None)] * 2, 1.1e-5)  # the release adds 1e-6 within its GIoU
    ours = losses(said, people, settings)
    assert _pairs(ours.query[-1]) == _expected(golden["match"])
    assert ours.counts.labels == golden["class_loss_normaliser_positive_labels"]
    assert ours.counts.people == golden["box_normaliser"]
    _check_sum(ours, "classes", ours.counts.labels, golden["class_loss_sum"])
    _check_sum(ours, "l1", ours.counts.people, golden["l1_sum_on_xyxy"])
    _check_sum(ours, "giou", ours.counts.people, golden["giou_loss_sum"])
    ours = losses(said, people, _changed(settings, boxes="cxcywh"))
    _check_sum(ours, "l1", ours.counts.people, golden["l1_sum_on_cxcywh"])


def _check_sum(ours: Losses, name: str, normaliser: float, wanted: float) -> None:
    assert float(ours.parts[name][-1]) * normaliser == pytest.approx(wanted, rel=2e-6, abs=1e-5)


def _changed(settings: LossSettings, **changes: Any) -> LossSettings:
    return LossSettings(**{**vars(settings), **changes})
