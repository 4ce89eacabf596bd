"""The formats that can be converted, by name. Imports no torch: code is imported when it is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from twlv.errors import UnknownName

FORMATS: Mapping[str, str] = {
    "videomae": "twlv.backbones.convert.videomae:convert",
    "umt_stage1": "twlv.backbones.convert.videomae:convert",
    "umt_stage2": "twlv.backbones.convert.umt:convert",
    "mvd": "twlv.backbones.convert.mvd:convert",
    "omnimae": "twlv.backbones.convert.omnimae:convert",
    "vjepa": "twlv.backbones.convert.vjepa:convert",
    "internvideo2_stage1": "twlv.backbones.convert.internvideo2:first_stage",
    "internvideo2_stage2": "twlv.backbones.convert.internvideo2:second_stage",
}

VERSION = 1
"""Raised when a converter changes what it writes; stands in the card of what was converted."""


def converter_of(name: str) -> Any:
    """``convert(tree, config, source=)`` of a format.

    Raises:
        UnknownName: there is none of that name.
    """
    if name not in FORMATS:
        raise UnknownName("checkpoint format", name, FORMATS)
    module, _, function = FORMATS[name].partition(":")
    return getattr(importlib.import_module(module), function)
