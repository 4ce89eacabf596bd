"""Which query answers for which person: the cheapest assignment of one to one, anew in every decoder layer.

The cost of a query and a person is a weighted sum of a class cost, the L1 distance of the boxes (centre and
size) and minus their generalised IoU (Carion et al. 2020), averaged over the steps at which the person is
annotated: one query answers for one tube. With one annotated step this is the matching of a frame.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from twlv.errors import FeatureError
from twlv.heads.stal.boxes import l1_between, overlap, to_xyxy
from twlv.heads.stal.forms import Said, class_costs
from twlv.heads.stal.settings import LossSettings
from twlv.heads.stal.targets import TubeBatch, Tubelets


def at_steps(tubelets: Tubelets, batch: TubeBatch) -> Said:
    """The outputs at the annotated steps alone, in float32: nothing else is ever supervised.

    Raises:
        FeatureError: clips or steps do not fit, or an output is not finite (the message says which).
    """
    _, clips, steps = tubelets.boxes.shape[:3]
    named = batch.steps[batch.supervised]
    if clips != len(batch.steps) or bool(((named < 0) | (named >= steps)).any()):
        raise FeatureError(
            f"the decoder gives {clips} clips of {steps} steps, the targets are of {len(batch.steps)} clips "
            f"and name the steps {sorted(set(named.tolist()))}"
        )
    which = torch.arange(clips, device=batch.steps.device)[:, None], batch.steps
    said = Said(
        boxes=tubelets.boxes[:, which[0], which[1]].float(),
        logits=tubelets.logits[:, which[0], which[1]].float(),
        person=None if tubelets.person is None else tubelets.person[:, which[0], which[1]].float(),
    )
    _check_finite("boxes", said.boxes)
    _check_finite("logits", said.logits)
    return said


@torch.no_grad()
def costs(said: Said, batch: TubeBatch, settings: LossSettings) -> Tensor:
    """Costs (L, B, S, n) of every query and person; those of padded people mean nothing."""
    boxes, people = said.boxes[..., :, None, :], batch.boxes[..., None, :, :]
    _, giou = overlap(to_xyxy(boxes), to_xyxy(people))
    cost = settings.cost_l1 * l1_between(boxes, people) - settings.cost_giou * giou
    cost = cost + settings.cost_classes * class_costs(said, batch.labels, settings)
    there = batch.present[..., None, :]  # (B, A, 1, n)
    return (cost * there).sum(dim=2) / there.sum(dim=1).clamp(min=1)


def match(said: Said, batch: TubeBatch, settings: LossSettings) -> Tensor:
    """The query (L, B, n) int64 of each person, -1 for padding and for those beyond the number of queries."""
    table = costs(said, batch, settings).double().cpu().numpy()
    real = batch.person.cpu().numpy()
    found = np.full((*table.shape[:2], table.shape[-1]), -1, np.int64)
    for layer, of_layer in enumerate(table):
        for clip, cost in enumerate(of_layer):
            queries, people = linear_sum_assignment(cost[:, real[clip]])
            found[layer, clip, np.flatnonzero(real[clip])[people]] = queries
    return torch.from_numpy(found).to(said.boxes.device)


def _check_finite(name: str, values: Tensor) -> None:
    finite = torch.isfinite(values)
    if not bool(finite.all()):
        layer, clip, step, query, place = (int(i) for i in (~finite).nonzero()[0])
        raise FeatureError(
            f"{int((~finite).sum())} of the decoder's {name} are not finite, the first is "
            f"{float(values[layer, clip, step, query, place])} (layer {layer}, clip {clip} of the batch, "
            f"annotated step {step}, query {query}, place {place}); lower the learning rate, clip the "
            "gradient, and keep the decoder in float32"
        )
