"""The loss of a batch of clips: classes of all queries at annotated steps, boxes of those that answer.

Every decoder layer is matched anew and loses in the same way; the losses of all layers are added up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from twlv.heads.stal.boxes import l1_between, overlap, to_xyxy
from twlv.heads.stal.forms import Said, Wanted, class_losses
from twlv.heads.stal.matching import at_steps, match
from twlv.heads.stal.settings import LossSettings
from twlv.heads.stal.targets import TubeBatch, Tubelets


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What losses are divided by, at least 1: annotated ``steps``, the ``people`` at them, their ``labels``."""

    people: float
    labels: float
    steps: float = 1.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Losses:
    """``total`` is what to minimise, weighted and summed over layers.

    ``parts`` (L,) by name, without gradient, neither weighted nor summed: ``classes``, ``l1``, ``giou`` (and
    ``person``).
    ``query`` (L, B, n) is the query of each person, -1 for padding. ``unmatched`` counts the people of the
    batch who have no query because a clip has more people than queries.
    """

    total: Tensor
    parts: Mapping[str, Tensor]
    query: Tensor
    counts: Counts
    unmatched: int


def count(batch: TubeBatch) -> Counts:
    """The numbers of this batch alone."""
    return _counts(_sums(batch))


def count_all(batch: TubeBatch) -> Counts:
    """The numbers of the batches of all processes, divided by the number of processes; at least 1.

    With the mean of the processes' gradients, several processes so do what one does with the whole batch.
    Without ``torch.distributed`` it is ``count``.
    """
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return count(batch)
    sums = _sums(batch)
    torch.distributed.all_reduce(sums)
    return _counts(sums / torch.distributed.get_world_size())


def _sums(batch: TubeBatch) -> Tensor:
    """People, labels and steps of a batch, (3,) float64."""
    there = batch.present & batch.person[:, None]
    labels = (batch.labels * there[..., None]).sum()
    return torch.stack([there.sum().double(), labels.double(), batch.supervised.sum().double()])


def _counts(sums: Tensor) -> Counts:
    people, labels, steps = sums.clamp(min=1.0).tolist()
    return Counts(people=people, labels=labels, steps=steps)


def losses(
    tubelets: Tubelets, batch: TubeBatch, settings: LossSettings, *, counts: Counts | None = None
) -> Losses:
    """Losses of a batch; ``counts`` None: those of ``count_all``.

    Computed in float32 whatever the outputs are. A clip without people has no loss of boxes, and its queries
    are taught silence.

    Raises:
        FeatureError: outputs and targets do not fit, or an output is not finite.
    """
    counts = counts or count_all(batch)
    with torch.autocast(device_type=tubelets.boxes.device.type, enabled=False):
        said = at_steps(tubelets, batch)
        query = match(said, batch, settings)
        answers = _Answers(query=query, there=(query >= 0)[:, :, None] & batch.present & batch.person[:, None])
        wanted = _wanted(said, batch, answers)
        elements = counts.steps * said.logits.shape[-2] * said.logits.shape[-1]
        normaliser = {"people": counts.people, "labels": counts.labels, "mean": elements}[settings.normaliser]
        parts = dict(class_losses(said, wanted, settings, normaliser=normaliser))
        l1, giou = _box_losses(said, batch, answers, settings)
        parts |= {"l1": l1 / counts.people, "giou": giou / counts.people}
        total = sum((getattr(settings, f"weight_{name}") * part.sum() for name, part in parts.items()), start=0)
    real = int(batch.person.sum())
    unmatched = real - int((query[-1] >= 0).sum())
    parts = {name: part.detach() for name, part in parts.items()}
    return Losses(total=torch.as_tensor(total), parts=parts, query=query, counts=counts, unmatched=unmatched)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Answers:
    """``query`` (L, B, n) of each person, ``there`` (L, B, A, n) whether it answers at that step."""

    query: Tensor
    there: Tensor


def _wanted(said: Said, batch: TubeBatch, answers: _Answers) -> Wanted:
    """Labels of matched queries; what nobody answers for stays zero."""
    labels = said.logits.new_zeros(*said.logits.shape[:-1], batch.labels.shape[-1])
    matched = torch.zeros(labels.shape[:-1], dtype=torch.bool, device=labels.device)
    layer, clip, step, person = answers.there.nonzero(as_tuple=True)
    places = (layer, clip, step, answers.query[layer, clip, person])
    labels[places] = batch.labels[clip, step, person]
    matched[places] = True
    return Wanted(labels=labels, matched=matched, supervised=batch.supervised)


def _box_losses(
    said: Said, batch: TubeBatch, answers: _Answers, settings: LossSettings
) -> tuple[Tensor, Tensor]:
    """Sums over people who have a query (L,) of L1 and of 1 - GIoU."""
    there = answers.there
    index = answers.query.clamp(min=0)[:, :, None, :, None].expand(*there.shape, 4)
    found = said.boxes.gather(3, index)  # (L, B, A, n, 4)
    corners, wanted = to_xyxy(found), to_xyxy(batch.boxes)
    _, giou = overlap(corners, wanted)
    l1 = l1_between(corners, wanted) if settings.boxes == "xyxy" else l1_between(found, batch.boxes)
    return (l1 * there).sum(dim=(1, 2, 3)), ((1 - giou) * there).sum(dim=(1, 2, 3))
