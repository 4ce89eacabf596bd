"""What is fitted on frozen features: a memory of neighbours, and linear classifiers. Tensors in, tensors out.

``unit`` vectors whose dot products are exact; ``neighbours`` exact k nearest neighbours; ``linear`` many
linear classifiers side by side and ``train_linear`` their training; ``optimizers`` and ``schedule`` the
update; ``standardise`` features to mean 0; ``precision`` keeps reduced number formats out. ``train_attentive``
attentive probes side by side, ``released_probes`` those of others; ``checkpoint`` training that goes on.
``asformer`` labels every step of a long video.
"""

from twlv.heads.linear import LinearHeads, Places
from twlv.heads.neighbours import Neighbours, nearest
from twlv.heads.precision import full_float32
from twlv.heads.schedule import warmup_cosine
from twlv.heads.standardise import mean_and_scale, standardise
from twlv.heads.train_linear import LinearRecipe, LinearTraining, fit_linear
from twlv.heads.unit import to_unit

__all__ = [
    "LinearHeads",
    "LinearRecipe",
    "LinearTraining",
    "Neighbours",
    "Places",
    "fit_linear",
    "full_float32",
    "mean_and_scale",
    "nearest",
    "standardise",
    "to_unit",
    "warmup_cosine",
]
