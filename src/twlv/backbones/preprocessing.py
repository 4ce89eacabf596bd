"""A hub model's ``preprocessor_config.json`` as card fields: our own reading, no processor class is built."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twlv.errors import WeightsError
from twlv.types import Json

_INTERPOLATION = {2: "bilinear", 3: "bicubic"}  # PIL's numbers


def card_fields(config: Mapping[str, Json], *, source: str) -> dict[str, Any]:
    """``image_size_px``, ``resize_px``, ``resize_mode``, ``interpolation``, ``mean``, ``std`` for a card.

    Mean and std are those for pixels in [0, 1], whatever rescaling the file prescribes: with factor f
    and offset o (ViViT subtracts 1), ``(255 f x - o - m) / s`` is ``(x - (m + o) / 255 f) / (s / 255 f)``.

    Raises:
        WeightsError: a size that is missing or not square, or an interpolation that we do not have.
    """
    size, crop = config.get("size"), config.get("crop_size")
    mode, resize = _resize(size, source)
    image = (
        _side(crop, source) if config.get("do_center_crop", crop is not None) and crop is not None else resize
    )
    if config.get("do_resize", True) is False:
        resize = image
    resample = config.get("resample", 2)
    if resample not in _INTERPOLATION:
        raise WeightsError(f"{source}: resample {resample} is neither bilinear (2) nor bicubic (3)")
    mean, std = _mean_std(config, source)
    return {
        "image_size_px": image,
        "resize_px": resize,
        "resize_mode": mode,
        "interpolation": _INTERPOLATION[int(str(resample))],
        "mean": mean,
        "std": std,
    }


def _resize(size: Any, source: str) -> tuple[str, int]:
    if isinstance(size, Mapping) and "shortest_edge" in size:
        return "short_side", int(size["shortest_edge"])
    if isinstance(size, int):
        return "short_side", size
    return "stretch", _side(size, source)


def _side(size: Any, source: str) -> int:
    if isinstance(size, int):
        return size
    if not isinstance(size, Mapping) or "height" not in size or size["height"] != size.get("width"):
        raise WeightsError(f"{source}: picture size {size!r} is missing or not square")
    return int(size["height"])


def _mean_std(config: Mapping[str, Json], source: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    factor = (
        255 * float(str(config.get("rescale_factor", 1 / 255))) if config.get("do_rescale", True) else 255.0
    )
    offset = 1.0 if config.get("offset", False) else 0.0
    mean: Any = config.get("image_mean", [0.0] * 3)
    std: Any = config.get("image_std", [1.0] * 3)
    if not config.get("do_normalize", True):
        mean, std = [0.0] * 3, [1.0] * 3
    elif "image_mean" not in config or "image_std" not in config:
        raise WeightsError(f"{source}: normalises, but says no image_mean and image_std")
    if len(mean) != 3 or len(std) != 3:
        raise WeightsError(f"{source}: image_mean and image_std need 3 colours, got {mean} and {std}")
    return tuple((m + offset) / factor for m in mean), tuple(s / factor for s in std)
