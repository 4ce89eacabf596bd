"""ASFormer, which labels every step of a video: what it is made of, its loss, and the weights of others.

``config`` sizes and choices; ``model`` the stages; ``layer`` and ``attention`` what a stage is made of;
``loss``; ``train`` and the ``plateau`` of its rate; ``reference`` released weights.
"""

from twlv.heads.asformer.config import ASFormerConfig, original_config
from twlv.heads.asformer.loss import SegmentationLoss, segmentation_loss
from twlv.heads.asformer.model import ASFormer
from twlv.heads.asformer.reference import from_reference

__all__ = [
    "ASFormer",
    "ASFormerConfig",
    "SegmentationLoss",
    "from_reference",
    "original_config",
    "segmentation_loss",
]
