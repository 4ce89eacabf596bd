"""Files to clips: what a video is, which frames to take, and those frames as pixels.

``probe`` measures a file (or a folder of frames) from its timestamps, ``plan_clips`` says which times to
read (pure arithmetic), ``read_clips`` reads them in one pass, ``Preprocess`` and ``normalize`` bring them to
the form a backbone was trained on. ``random_plan`` and ``augment_clip`` are their forms for
training: one random draw for a clip. ``write_video`` is the way back. Nothing is ever substituted: what cannot
be read raises ``VideoError`` with a short reason.
"""

from twlv.video.augment import ClipSeed, Draw, augment_clip, crop_for, draw_clip, finish_clip
from twlv.video.draws import clip_random
from twlv.video.preprocess import Preprocess, normalize
from twlv.video.probe import probe
from twlv.video.random_clip import random_plan
from twlv.video.read import BACKENDS, decoder_versions, read_clip, read_clips
from twlv.video.rules import RULES
from twlv.video.sampling import check_sampling, frame_indices, plan_clips
from twlv.video.write import write_video

__all__ = [
    "BACKENDS",
    "RULES",
    "ClipSeed",
    "Draw",
    "Preprocess",
    "augment_clip",
    "check_sampling",
    "clip_random",
    "crop_for",
    "decoder_versions",
    "draw_clip",
    "finish_clip",
    "frame_indices",
    "normalize",
    "plan_clips",
    "probe",
    "random_plan",
    "read_clip",
    "read_clips",
    "write_video",
]
