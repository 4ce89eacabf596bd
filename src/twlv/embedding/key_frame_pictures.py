"""Small pictures of the key frames that a result keeps, so that boxes can be drawn on them."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from twlv import video
from twlv.errors import TwlvError
from twlv.types import Around, Json, Sample

if TYPE_CHECKING:
    import torch

WIDEST_PX = 320
QUALITY = 60


def pictured(frames: Iterable[Any], samples: Sequence[Sample]) -> list[Json]:
    """The frames of ``details["key_frames"]`` with ``image``, ``width_px`` and ``height_px``.

    A key frame that cannot be read any more stays without a picture.
    """
    known = {sample.video_id: sample for sample in samples}
    return [{**frame, **_picture(known.get(frame["video_id"]))} for frame in frames]


def _picture(sample: Sample | None) -> dict[str, Json]:
    if sample is None:
        return {}
    try:
        image = key_picture(sample)
    except TwlvError:
        return {}
    from PIL import Image

    small = Image.fromarray(image.permute(1, 2, 0).numpy())
    small.thumbnail((WIDEST_PX, WIDEST_PX))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=QUALITY, optimize=True)
    address = "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode()
    return {"width_px": small.width, "height_px": small.height, "image": address}


def key_picture(sample: Sample) -> torch.Tensor:
    """The frame on screen at the middle of the sample's span, uint8 (C, H, W) at full size. VideoError."""
    info = video.probe(sample.path, fps=sample.fps)
    plans = video.plan_clips(info, Around(), num_frames=1, span=sample.span)
    return next(video.read_clips(info, plans, None)).frames[0]
