"""Layers, and the one Vision Transformer for video that every model of ours is a setting of.

``vit`` the transformer and its sizes; ``attention``, ``block``, ``patch_embed``, ``position`` its parts;
``init`` weights from a seed; ``strict`` weights from elsewhere, all of them or none; ``precision`` which
number format a machine is fast in.
"""

from twlv.nn.init import initialise
from twlv.nn.precision import fast_float32, gpu_name, resolve_device, resolve_dtype
from twlv.nn.vit import SIZES, VideoTransformer, VitConfig, sized

__all__ = [
    "SIZES",
    "VideoTransformer",
    "VitConfig",
    "fast_float32",
    "gpu_name",
    "initialise",
    "resolve_device",
    "resolve_dtype",
    "sized",
]
