"""Long videos of several actions with background between them, for localization and segmentation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from twlv.data.synth import balance
from twlv.data.synth.balance import SPLITS, Split
from twlv.data.synth.clips import factors_of, generator_for, name_of, turning_shows
from twlv.data.synth.plan import Manifest, Plan, Video
from twlv.data.synth.segments import Annotated, write_activitynet, write_mstcn
from twlv.data.synth.settings import VERSION, Settings
from twlv.errors import UsageError
from twlv.video.synthetic import ACTIONS, Factors, Scene, Timeline, draw_timeline, render_blocks

CLASSES_OF = {
    "easy": ("right", "left", "down", "up"),
    "default": ("right", "left", "down", "up", "spin-right", "spin-left", "pulse", "shake"),
    "hard": ACTIONS,
}
"""Actions of a difficulty."""
LENGTHS = (0.5, 1.5)
"""The length of a video as a share of the average."""
SECONDS_PER_ACTION = 8.0
"""One action in so many seconds: five of action and three of background, the generator's own averages."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One video before it is drawn: its length, and its actions in their order."""

    split: Split
    number: int
    num_frames: int
    labels: tuple[str, ...]


def plan_untrimmed(settings: Settings) -> Plan:
    """Kind ``untrimmed``: looks of validation are new, every action occurs equally often in each split."""
    classes = CLASSES_OF[settings.difficulty]
    factors = turning_shows(factors_of(settings))
    found = [
        _annotated(settings, factors, recipe)
        for split in SPLITS
        for recipe in _recipes(settings, split, classes)
    ]
    videos = tuple(_video(item, settings) for item in found)

    def annotate(folder: Path) -> None:
        write_activitynet(folder / "annotations.json", found, classes, version=f"twlv-synth-{VERSION}")
        write_mstcn(folder, found, classes)

    return Plan(videos=videos, manifests=(Manifest(),), annotate=annotate)


def _recipes(settings: Settings, split: Split, classes: tuple[str, ...]) -> Iterator[Recipe]:
    """The videos of a split; labels come from one bag that is refilled when it is empty."""
    lengths = [_length(settings, split, number) for number in range(settings.counts[split])]
    counts = [max(1, round(frames / settings.fps / SECONDS_PER_ACTION)) for frames in lengths]
    if sum(counts) < len(classes):
        raise UsageError(
            f"{split}: {len(counts)} videos have room for {sum(counts)} actions, but there are {len(classes)} "
            f"classes ({settings.difficulty}); give more or longer videos"
        )
    bag = _bag(settings, split, classes)
    for number, (frames, count) in enumerate(zip(lengths, counts, strict=True)):
        labels = tuple(next(bag) for _ in range(count))
        yield Recipe(split=split, number=number, num_frames=frames, labels=labels)


def _length(settings: Settings, split: Split, number: int) -> int:
    share = generator_for(settings, split, number, purpose=3).uniform(*LENGTHS)
    return max(2, round(settings.num_frames * share))


def _bag(settings: Settings, split: Split, classes: tuple[str, ...]) -> Iterator[str]:
    """All classes in a random order, again and again; the same one never twice in a row."""
    shuffle = np.random.default_rng([settings.seed, SPLITS.index(split), 4])
    last = ""
    while True:
        order = [classes[i] for i in shuffle.permutation(len(classes))]
        if order[0] == last:
            order = order[1:] + order[:1]
        yield from order
        last = order[-1]


def _annotated(settings: Settings, factors: Factors, recipe: Recipe) -> Annotated:
    looks = balance.looks_of(factors, recipe.split, settings.combinations)
    duration = recipe.num_frames / settings.fps
    timeline = draw_timeline(
        settings.seed,
        balance.index_of(recipe.number, recipe.split),
        duration_seconds=duration,
        recipe=recipe.labels,
        factors=factors,
    )
    scene = balance.with_look(timeline.scene, *looks[recipe.number % len(looks)])
    return Annotated(
        video_id=name_of(recipe.split, recipe.number),
        split=recipe.split,
        num_frames=recipe.num_frames,
        fps=settings.fps,
        timeline=replace(timeline, scene=scene),
    )


def _video(item: Annotated, settings: Settings) -> Video:
    frames: Callable[[], Iterable[Any]] = partial(_frames, item.timeline, item.num_frames, settings.size_px)
    look = item.timeline.scene.subject.look
    return Video(
        video_id=item.video_id,
        split=item.split,
        group=item.video_id,
        frames=frames,
        columns={"shape": look.shape, "texture": look.texture, "num_frames": str(item.num_frames)},
        scene=partial(_scene, item.timeline),
    )


def _scene(timeline: Timeline) -> Scene:
    return timeline.scene


def _frames(timeline: Timeline, num_frames: int, size_px: int) -> Iterator[Any]:
    for block in render_blocks(timeline.scene, num_frames=num_frames, size_px=size_px):
        yield from block
