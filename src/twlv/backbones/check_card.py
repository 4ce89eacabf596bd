"""Whether a card can be believed on its face. Imports no torch."""

from __future__ import annotations

import math
import re

from twlv.types import BackboneCard

_SHA256 = re.compile(r"[0-9a-f]{64}")


def card_faults(card: BackboneCard) -> list[str]:
    """What is wrong with a card, one sentence each; an empty list if nothing is."""
    return [*_counts(card), *_sizes(card), *_colours(card), *_words(card)]


def _counts(card: BackboneCard) -> list[str]:
    values = {
        "dim": card.dim,
        "num_params": card.num_params,
        "num_frames": card.num_frames,
        "image_size_px": card.image_size_px,
        **{f"patch[{axis}]": side for axis, side in enumerate(card.patch)},
    }
    faults = [
        f"{name} is {value!r}, not a positive integer" for name, value in values.items() if not _positive(value)
    ]
    return faults if len(card.patch) == 3 else [*faults, f"patch {card.patch} is not (time, rows, columns)"]


def _sizes(card: BackboneCard) -> list[str]:
    if _counts(card):
        return []
    faults = []
    if card.num_frames % card.patch[0] and card.num_frames != 1:
        faults.append(f"num_frames {card.num_frames} is no multiple of the patch's {card.patch[0]}")
    if any(card.image_size_px % side for side in card.patch[1:]):
        faults.append(f"image_size_px {card.image_size_px} is no multiple of the patch's {card.patch[1:]}")
    if card.resize_px and card.resize_px < card.image_size_px:
        faults.append(f"resize_px {card.resize_px} is smaller than the crop of {card.image_size_px}")
    return faults


def _colours(card: BackboneCard) -> list[str]:
    if len(card.mean) != 3 or len(card.std) != 3:
        return [f"mean {card.mean} and std {card.std} need three colours"]
    if not all(math.isfinite(value) for value in (*card.mean, *card.std)) or min(card.std) <= 0:
        return [f"mean {card.mean} and std {card.std} are not finite, or a std is not positive"]
    if max(card.mean) > 1 or max(card.std) > 10:
        return [f"mean {card.mean} and std {card.std} are not for pixels in [0, 1]"]
    return []


def _words(card: BackboneCard) -> list[str]:
    faults = [f"{name} is empty" for name in ("name", "weights", "licence") if not getattr(card, name)]
    if not _SHA256.fullmatch(card.weights_sha256):
        faults.append(
            f"weights_sha256 {card.weights_sha256!r} is not a sha256; "
            "twlv.backbones.hashing.tensors_sha256(module.state_dict()) gives one"
        )
    return faults


def _positive(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
