"""A small picture of each video for the report page, as an address that holds the picture itself."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

from twlv.errors import TwlvError

if TYPE_CHECKING:
    from twlv.types import Dataset, Sample

LONGEST_PX = 96
QUALITY = 55


def thumbnails(data: Dataset, ids: tuple[str, ...], most: int) -> tuple[dict[str, str], list[str]]:
    """The middle frame of the first ``most`` of the points, and a sentence on those that cannot be read.

    ``ids`` are of videos or, with ``#`` and a number behind, of their clips, which share their video's picture.
    """
    samples = {sample.video_id: sample for sample in data.samples}
    made: dict[str, str] = {}
    seen: dict[str, str] = {}
    failed: list[str] = []
    for name in ids[:most]:
        video_id = name if name in samples else name.rpartition("#")[0]
        if video_id not in seen and video_id in samples:
            try:
                seen[video_id] = thumbnail(samples[video_id])
            except TwlvError:
                failed.append(video_id)
        if video_id in seen:
            made[name] = seen[video_id]
    said = f"{len(failed)} videos have no thumbnail, they cannot be read: {', '.join(failed[:5])}"
    return made, [said] if failed else []


def thumbnail(sample: Sample) -> str:
    """The middle frame of a video (of its span), at most 96 x 96 pixels, as ``data:image/jpeg;...``."""
    from PIL import Image

    from twlv.video import read_clip

    clip = read_clip(sample.path, sample.span, num_frames=3, fps=sample.fps)
    picture = Image.fromarray(clip.frames[1].permute(1, 2, 0).numpy())
    picture.thumbnail((LONGEST_PX, LONGEST_PX))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode()
