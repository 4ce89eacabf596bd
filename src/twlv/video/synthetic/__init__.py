"""A procedural world: videos whose looks and motion are known, and say nothing of one another.

``draw`` makes a scene from a seed and a number, ``render`` its frames, ``boxes``, ``masks`` and ``flow`` say
what is true of them. ``draw_timeline`` makes untrimmed videos, ``dots`` motion that no single frame shows,
``pretrain_batch`` an endless stream. No files are read; numpy draws numbers, torch draws pixels.
"""

from twlv.video.synthetic.drawing import draw
from twlv.video.synthetic.factors import DIFFICULTIES, Difficulty, Factors, Fixed, preset
from twlv.video.synthetic.names import (
    ACTIONS,
    BACKGROUND,
    DIRECTIONS,
    EVENTS,
    OPPOSITES,
    SHAPES,
    TEXTURES,
    TRAJECTORIES,
    direction_of,
    heading_of,
)
from twlv.video.synthetic.optical_flow import flow
from twlv.video.synthetic.pretraining import LEVELS, pretrain_batch, pretrain_scenes
from twlv.video.synthetic.random_dots import dots
from twlv.video.synthetic.rendering import render, render_blocks
from twlv.video.synthetic.scene import Backdrop, Camera, Event, Look, Mover, Path, Scene, time_reversed
from twlv.video.synthetic.timeline import Action, Timeline, draw_timeline, frame_labels
from twlv.video.synthetic.truth import boxes, masks, visible

__all__ = [
    "ACTIONS",
    "BACKGROUND",
    "DIFFICULTIES",
    "DIRECTIONS",
    "EVENTS",
    "LEVELS",
    "OPPOSITES",
    "SHAPES",
    "TEXTURES",
    "TRAJECTORIES",
    "Action",
    "Backdrop",
    "Camera",
    "Difficulty",
    "Event",
    "Factors",
    "Fixed",
    "Look",
    "Mover",
    "Path",
    "Scene",
    "Timeline",
    "boxes",
    "direction_of",
    "dots",
    "draw",
    "draw_timeline",
    "flow",
    "frame_labels",
    "heading_of",
    "masks",
    "preset",
    "pretrain_batch",
    "pretrain_scenes",
    "render",
    "render_blocks",
    "time_reversed",
    "visible",
]
