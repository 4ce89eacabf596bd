"""What a decoder of tubelets says, and what it should say.

Axis letters: L decoder layers, B clips, T steps of time, S queries, A annotated steps of a clip, n people,
K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from twlv.errors import FeatureError
from twlv.heads.stal.boxes import to_cxcywh


@dataclass(frozen=True, kw_only=True, eq=False)
class Tubelets:
    """Outputs of all decoder layers, the last one is the answer.

    ``boxes`` (L, B, T, S, 4) centre and size in [0, 1]; ``logits`` (L, B, T, S, K) before the sigmoid;
    ``person`` (L, B, T, S, 3) or None, the person logits of TubeR: index 1 somebody, 2 nobody, 0 unused.
    """

    boxes: Tensor
    logits: Tensor
    person: Tensor | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class TubeTarget:
    """The people of one clip. A clip of AVA has one annotated step, one of UCF101-24 has all.

    ``steps`` (A,) int64 are the annotated steps of time; ``boxes`` (A, n, 4) centre and size; ``labels``
    (A, n, K) of 0 and 1; ``present`` (A, n) whether the person is there at that step: where not, the query
    that answers for the person must stay silent, and its box is free. n may be 0: nobody is a target too.
    """

    steps: Tensor
    boxes: Tensor
    labels: Tensor
    present: Tensor


@dataclass(frozen=True, kw_only=True, eq=False)
class TubeBatch:
    """Targets of B clips, padded: ``person`` (B, n) says who is real, ``supervised`` (B, A) which steps are.

    ``steps`` (B, A), ``boxes`` (B, A, n, 4), ``labels`` (B, A, n, K), ``present`` (B, A, n).
    """

    steps: Tensor
    supervised: Tensor
    person: Tensor
    boxes: Tensor
    labels: Tensor
    present: Tensor

    def to(self, device: torch.device | str) -> TubeBatch:
        """The same on another device."""
        return TubeBatch(**{name: tensor.to(device) for name, tensor in vars(self).items()})


def key_frame(step: int, xyxy: Tensor, labels: Tensor) -> TubeTarget:
    """The target of a clip of which one frame is annotated, that of ``step``.

    ``xyxy`` (n, 4) are corners in [0, 1], ``labels`` (n, K) of 0 and 1 or bool; n may be 0.
    """
    boxes = to_cxcywh(xyxy.float())[None]
    return TubeTarget(
        steps=torch.tensor([step], device=xyxy.device),
        boxes=boxes,
        labels=labels.float()[None],
        present=torch.ones(boxes.shape[:2], dtype=torch.bool, device=xyxy.device),
    )


def tubes(steps: Tensor, xyxy: Tensor, labels: Tensor, present: Tensor) -> TubeTarget:
    """The target of a clip whose people are annotated at several steps, as in UCF101-24 and JHMDB.

    ``steps`` (A,); ``xyxy`` (A, n, 4) corners in [0, 1], of which those where ``present`` (A, n) is False mean
    nothing; ``labels`` (n, K). Steps with nobody present teach silence.
    """
    there = present.bool()
    return TubeTarget(
        steps=steps,
        boxes=to_cxcywh(xyxy.float()) * there[..., None],
        labels=labels.float() * there[..., None],
        present=there,
    )


def batch(targets: Sequence[TubeTarget]) -> TubeBatch:
    """Targets of several clips side by side, padded to the most steps and the most people.

    Raises:
        FeatureError: no clip at all, or clips with different numbers of classes.
    """
    if not targets:
        raise FeatureError("an empty batch: targets of at least one clip are needed")
    widths = sorted({target.labels.shape[-1] for target in targets})
    if len(widths) > 1:
        raise FeatureError(f"clips of one batch have {widths} classes; they must agree")
    steps, people = (max(target.boxes.shape[axis] for target in targets) for axis in (0, 1))
    return TubeBatch(
        steps=_padded([target.steps for target in targets], (steps,)),
        supervised=_padded([torch.ones_like(target.steps, dtype=torch.bool) for target in targets], (steps,)),
        person=_padded([target.present.new_ones(target.boxes.shape[1]) for target in targets], (people,)),
        boxes=_padded([target.boxes for target in targets], (steps, people, 4)),
        labels=_padded([target.labels for target in targets], (steps, people, widths[0])),
        present=_padded([target.present for target in targets], (steps, people)),
    )


def _padded(tensors: Sequence[Tensor], shape: tuple[int, ...]) -> Tensor:
    """Stacked (B, *shape), zero (False) where a tensor is smaller."""
    out = tensors[0].new_zeros((len(tensors), *shape))
    for row, tensor in zip(out, tensors, strict=True):
        row[tuple(slice(size) for size in tensor.shape)] = tensor
    return out
