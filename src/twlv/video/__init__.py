"""Files to clips: what a video is, which frames to take, and those frames as pixels.

``probe`` measures a file (or a folder of frames) from its timestamps, ``plan_clips`` says which times to
read (pure arithmetic), ``read_clips`` reads them in one pass, ``Preprocess`` and ``normalize`` bring them to
the form a backbone was trained on. ``write_video`` is the way back. Nothing is ever substituted: what cannot
be read raises ``VideoError`` with a short reason.
"""

from twlv.video.preprocess import Preprocess, normalize
from twlv.video.probe import probe
from twlv.video.read import BACKENDS, decoder_versions, read_clip, read_clips
from twlv.video.rules import RULES
from twlv.video.sampling import check_sampling, frame_indices, plan_clips
from twlv.video.write import write_video

__all__ = [
    "BACKENDS",
    "RULES",
    "Preprocess",
    "check_sampling",
    "decoder_versions",
    "frame_indices",
    "normalize",
    "plan_clips",
    "probe",
    "read_clip",
    "read_clips",
    "write_video",
]
