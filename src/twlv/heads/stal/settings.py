"""How answers are matched to people, and what is lost: the settings, and those of three public code bases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ClassForm = Literal["multi_label", "single_label", "person"]
Normaliser = Literal["labels", "people", "mean"]


@dataclass(frozen=True, kw_only=True)
class LossSettings:
    """Weights of the matching (``cost_*``) and of the loss (``weight_*``), and the form of the classes.

    ``classes``: ``multi_label`` sigmoids, of which an unmatched query has none (OWL-ViT); ``single_label`` a
    softmax over K classes and "nobody", its last (DETR); ``person`` sigmoids beside a softmax of nobody and
    somebody, which alone decides the matching (TubeR).
    ``focal`` weighs the entropy of sigmoids by ``alpha`` and ``gamma`` (Lin et al. 2017); else it is plain.
    ``normaliser``: what the loss of sigmoids is divided by, at least 1: the positive ``labels`` of the batch,
    its ``people``, or the number of elements (``mean``), which shrinks with more queries unless weighed up.
    ``matched_weight`` multiplies the sigmoids of matched queries, ``nobody_weight`` the softmax of the others.
    ``boxes``: the form in which the L1 loss compares boxes; its cost always takes centre and size.

    The report names no loss for this task. Defaults are inferred: the form of OWL-ViT, whose first author wrote
    STAR, with DETR's weights of boxes and Deformable DETR's of classes.
    """

    classes: ClassForm = "multi_label"
    focal: bool = True
    alpha: float = 0.3
    gamma: float = 2.0
    normaliser: Normaliser = "labels"
    boxes: Literal["cxcywh", "xyxy"] = "cxcywh"
    matched_weight: float = 1.0
    nobody_weight: float = 0.1
    cost_classes: float = 2.0
    cost_l1: float = 5.0
    cost_giou: float = 2.0
    weight_classes: float = 2.0
    weight_l1: float = 5.0
    weight_giou: float = 2.0
    weight_person: float = 1.0


DETR = LossSettings(classes="single_label", cost_classes=1.0, weight_classes=1.0)
"""facebookresearch/detr, models/matcher.py and models/detr.py."""

TUBER = LossSettings(
    classes="person",
    focal=False,
    normaliser="mean",
    matched_weight=10.0,
    cost_classes=12.0,
    weight_classes=12.0,
)
"""amazon-science/tubelet-transformer, models/criterion.py, for AVA."""

OWL_VIT = LossSettings(
    boxes="xyxy",
    cost_classes=1.0,
    cost_l1=1.0,
    cost_giou=1.0,
    weight_classes=1.0,
    weight_l1=1.0,
    weight_giou=1.0,
)
"""google-research/scenic, projects/owl_vit/losses.py."""
