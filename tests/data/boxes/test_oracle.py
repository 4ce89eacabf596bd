"""A model that knows every box it is shown: its frame AP is what the evaluation's pictures cost."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from twlv.data.boxes.classes import read_actions
from twlv.data.boxes.rows import BoxRows, read_box_rows
from twlv.data.boxes.score import BoxReport, score_boxes
from twlv.metrics.frame_boxes import RULES
from twlv.tasks import SpatiotemporalLocalization
from twlv.types import BackboneCard, DoubleArray
from twlv.video import Preprocess
from twlv.video.box_moves import Edges, clipped, cut, padding, shown, uncut

HERE = Path(__file__).parent / "golden"
SIZE = (240, 426)
"""Height and width of a wide picture."""


def _card(**fields: object) -> BackboneCard:
    return BackboneCard(
        name="x.y",
        dim=1,
        num_params=0,
        num_frames=16,
        image_size_px=224,
        patch=(2, 16, 16),
        mean=(0.0,) * 3,
        std=(1.0,) * 3,
        weights="",
        weights_sha256="",
        licence="",
        **fields,
    )


def _truths(folder: Path) -> tuple[list[Path], dict[int, str]]:
    """Real rows of AVA, and made ones of many sizes."""
    golden = json.loads(gzip.decompress((HERE / "frame_ap.json.gz").read_bytes()))
    (folder / "actions.pbtxt").write_text(golden["classes"])
    (folder / "made.csv").write_text("\n".join(golden["cases"]["syn_small"]["gt"]))
    return [HERE / "real22_excerpt.csv", folder / "made.csv"], read_actions(folder / "actions.pbtxt")


def _oracle(truth: BoxRows, edges: Edges, actions: dict[int, str], file: Path) -> BoxReport:
    """What is in sight of every box, said in the picture shown, and mapped back to the whole one."""
    said: DoubleArray = uncut(clipped(cut(truth.xyxy, edges)), edges)
    scores = np.random.default_rng(0).random(len(truth))
    rows = zip(truth.video, truth.time_us, said, truth.action, scores, strict=True)
    file.write_text(
        "".join(
            f"{truth.videos[video]},{time / 1e6},{','.join(f'{x:.9f}' for x in box)},{action},{score:.9f}\n"
            for video, time, box, action, score in rows
        )
    )
    return score_boxes(read_box_rows(file), truth, actions=actions, rules=RULES["official"])


@pytest.mark.parametrize("mode", ["task", "pad"])
def test_trap_13_the_oracle_of_the_evaluation_reaches_one(mode: str, tmp_path: Path) -> None:
    framing = SpatiotemporalLocalization().framing
    edges = (
        shown(Preprocess.from_card(_card(resize_px=256), framing), *SIZE) if mode == "task" else padding(*SIZE)
    )
    paths, actions = _truths(tmp_path)
    for path in paths:
        report = _oracle(read_box_rows(path), edges, actions, tmp_path / "found.csv")
        assert report.scores.mean_ap == 1.0
        assert report.scores.recall == 1.0


def test_trap_13_a_centre_crop_loses_people(tmp_path: Path) -> None:
    edges = shown(Preprocess.from_card(_card()), *SIZE)
    assert edges[0::2] == (0.0, 1.0)
    assert edges[1::2] == pytest.approx((0.218, 0.782), abs=0.01)
    _, actions = _truths(tmp_path)
    report = _oracle(read_box_rows(tmp_path / "made.csv"), edges, actions, tmp_path / "found.csv")
    assert 0.3 < report.scores.recall < 0.8
    assert report.scores.mean_ap < 0.8


@pytest.mark.parametrize("framing", ["crop", "squash"])
@pytest.mark.parametrize("size", [(90, 160), (160, 90), (100, 100)])
def test_what_is_shown_is_where_the_pixels_are(framing: str, size: tuple[int, int]) -> None:
    height, width = size
    preprocess = Preprocess.from_card(_card(resize_px=256), framing)
    picture = torch.zeros(3, height, width, dtype=torch.uint8)
    picture[:, 30:65, 40:61] = 255
    (square,) = preprocess.crops(preprocess.resize(picture))
    box = cut(np.array([[40 / width, 30 / height, 61 / width, 65 / height]]), shown(preprocess, height, width))
    rows, columns = ((square[0] > 127).any(dim=axis).nonzero().flatten() for axis in (1, 0))
    bounds = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]) / 224
    np.testing.assert_allclose(clipped(box)[0], bounds, atol=1 / 224)
