"""Viz: embeddings as maps and histograms, backbones as points; each picture with a side file of its numbers.

``read_points`` takes a store, ``map_picture`` and ``direction_picture`` draw it, ``ability_picture`` draws
results, ``strips_picture`` and ``timelines_picture`` the videos that a segmentation or localization keeps,
``boundaries_picture`` how well borders are met, ``key_frames_picture`` boxes on pictures and
``class_frequency_picture`` their AP by class. No torch, no pyplot, no global state; scikit-learn and matplotlib
are loaded when something is drawn.
"""

from twlv.viz.ability_map import ability_picture
from twlv.viz.boundaries import boundaries_picture
from twlv.viz.choose import Colouring, choose_classes, choose_points
from twlv.viz.class_frequency import class_frequency_picture
from twlv.viz.direction import direction_picture, require_pair
from twlv.viz.draw import map_picture
from twlv.viz.key_frames import key_frames_picture
from twlv.viz.picture import Picture
from twlv.viz.points import Points, read_points
from twlv.viz.presets import PRESETS, Preset, preset
from twlv.viz.projection import Projection, Settings
from twlv.viz.strips import strips_picture
from twlv.viz.timelines import timelines_picture

__all__ = [
    "PRESETS",
    "Colouring",
    "Picture",
    "Points",
    "Preset",
    "Projection",
    "Settings",
    "ability_picture",
    "boundaries_picture",
    "choose_classes",
    "choose_points",
    "class_frequency_picture",
    "direction_picture",
    "key_frames_picture",
    "map_picture",
    "preset",
    "read_points",
    "require_pair",
    "strips_picture",
    "timelines_picture",
]
