"""Unlabelled clips for pretraining: the first of the generator's endless stream, as files."""

from __future__ import annotations

from functools import partial

from twlv.data.synth import balance
from twlv.data.synth.balance import Split
from twlv.data.synth.clips import frames_of, name_of, numbers
from twlv.data.synth.plan import Manifest, Plan, Video
from twlv.data.synth.settings import Settings
from twlv.errors import UsageError
from twlv.video.synthetic import LEVELS, Scene, pretrain_scenes


def plan_pretrain(settings: Settings) -> Plan:
    """Kind ``pretrain``: one clip of each step of the stream, without labels.

    ``twlv.video.synthetic.pretrain_batch`` gives the same as tensors, without files and without end.
    """
    if not 0 <= settings.level < len(LEVELS):
        named = ", ".join(f"{number} {name}" for number, name in enumerate(LEVELS))
        raise UsageError(f"there is no level {settings.level}; the levels are {named}")
    videos = []
    for split, number in numbers(settings):
        scene = partial(_scene, settings, split, number)
        name = name_of(split, number)
        videos.append(
            Video(video_id=name, split=split, group=name, frames=frames_of(scene, settings), scene=scene)
        )
    return Plan(videos=tuple(videos), manifests=(Manifest(),))


def _scene(settings: Settings, split: Split, number: int) -> Scene:
    step = balance.index_of(number, split)
    (scene,) = pretrain_scenes(
        settings.seed, step, level=settings.level, batch=1, num_frames=settings.num_frames
    )
    return scene
