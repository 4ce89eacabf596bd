"""Frames to files whose pictures do not depend on one another.

Every picture is coded by itself (an intra picture) with the same quantiser, without rate control. So a picture
comes out of the file the same wherever it stands: a clip and its reverse decode to the same pictures in
opposite order, and the quality of a picture tells nothing of its place in time. An ordinary encoder spends
more bits on some pictures than on others and predicts later ones from earlier ones, which a model could see.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from twlv.video.write import write_video

Format: TypeAlias = Literal["mp4", "webm"]


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """A codec and the options that make it code every picture alone at one quantiser."""

    codec: str
    options: Mapping[str, str]


ENCODINGS: Mapping[Format, Encoding] = {
    # crf -1 takes back the rate control that write_video asks for; with a constant quantiser x264 switches
    # adaptive quantisation off by itself.
    "mp4": Encoding(
        codec="libx264", options={"crf": "-1", "qp": "20", "g": "1", "bf": "0", "preset": "veryfast"}
    ),
    # The quantiser is held by equal bounds; g=0 makes every picture a key picture; nothing is looked ahead.
    "webm": Encoding(
        codec="libvpx-vp9",
        options={
            "crf": "18", "qmin": "18", "qmax": "18", "g": "0", "lag-in-frames": "0", "auto-alt-ref": "0",
            "aq-mode": "0", "deadline": "realtime", "cpu-used": "8",
        },
    ),
}  # fmt: skip


def encode(path: Path, frames: Iterable[Any], *, fps: float, container: Format) -> Path:
    """Write frames uint8 (C, H, W) to ``path``, whose suffix must be that of ``container``; atomic."""
    chosen = ENCODINGS[container]
    return write_video(path, frames, fps, codec=chosen.codec, options=dict(chosen.options))
