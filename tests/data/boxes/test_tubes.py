"""Sets that label every frame: their tubes teach whole tubes, and are those of the frames."""

from __future__ import annotations

import numpy as np
import torch

from twlv.data.boxes.tubes import TubeVideo, boxes_at, tubes_at
from twlv.heads.stal.boxes import to_cxcywh
from twlv.heads.stal.losses import losses
from twlv.heads.stal.settings import LossSettings
from twlv.heads.stal.targets import Tubelets, batch, tubes
from twlv.metrics.tubes import Tube

FRAMES = (1, 3, 5, 7)


def _video() -> TubeVideo:
    def tube(first: int, last: int, x: float, label: int) -> Tube:
        shift = np.arange(last - first + 1)[:, None] * np.array([2.0, 0, 2, 0])
        return Tube(video="v", label=label, first_frame=first, xyxy=np.array([x, 20, x + 40, 100]) + shift)

    people = (tube(1, 7, 20, 1), tube(4, 6, 100, 0), tube(8, 9, 30, 2))
    return TubeVideo(name="v", num_frames=9, height_px=240, width_px=320, tubes=people)


def test_tubes_are_the_boxes_of_their_frames() -> None:
    video = _video()
    corners, labels, present = tubes_at(video, FRAMES, 3)
    assert present.tolist() == [[True, False], [True, False], [True, True], [True, False]]
    assert labels.argmax(axis=1).tolist() == [1, 0]
    for row, frame in enumerate(FRAMES):
        own = boxes_at(video, frame, 3, fps=25.0)
        np.testing.assert_array_equal(corners[row, present[row]], own.xyxy)
        np.testing.assert_array_equal(labels[present[row]], own.labels)
    assert (corners[~present] == 0).all()


def test_a_decoder_is_taught_whole_tubes() -> None:
    """Perfect tubes have no loss of boxes; a query whose person has gone is taught silence there."""
    corners, labels, present = map(torch.from_numpy, tubes_at(_video(), FRAMES, 3))
    target = tubes(torch.arange(4), corners, labels, present)
    boxes = torch.full((1, 1, 4, 5, 4), 0.9)
    boxes[0, 0, :, 3], boxes[0, 0, :, 1] = to_cxcywh(corners[:, 0].float()), to_cxcywh(corners[2, 1].float())
    said = Tubelets(boxes=boxes, logits=torch.zeros(1, 1, 4, 5, 3, requires_grad=True))
    found = losses(said, batch([target]), LossSettings())
    assert found.query.tolist() == [[[3, 1]]]
    assert found.parts["l1"].tolist() == [0.0]
    assert abs(float(found.parts["giou"])) < 1e-6
    assert (found.counts.people, found.counts.labels, found.counts.steps) == (5.0, 5.0, 4.0)
    (gradient,) = torch.autograd.grad(found.total, said.logits)
    assert (gradient[0, 0, [0, 1, 3], 1] > 0).all()
    assert gradient[0, 0, 2, 1, 0] < 0
    assert (gradient[0, 0, :, 3, 1] < 0).all()


def test_frames_with_nobody() -> None:
    corners, labels, present = tubes_at(_video(), (20, 21), 3)
    assert (corners.shape, labels.shape, present.shape) == ((2, 0, 4), (0, 3), (2, 0))
    target = tubes(torch.arange(2), *map(torch.from_numpy, (corners, labels, present)))
    said = Tubelets(boxes=torch.rand(1, 1, 2, 4, 4), logits=torch.zeros(1, 1, 2, 4, 3, requires_grad=True))
    found = losses(said, batch([target]), LossSettings())
    (gradient,) = torch.autograd.grad(found.total, said.logits)
    assert (gradient > 0).all()
