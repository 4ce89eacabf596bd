"""Pairs of a clip and its reverse: whoever ignores the order of frames cannot do better than guess."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from twlv.data.synth import balance
from twlv.data.synth.balance import SPLITS, Split
from twlv.data.synth.clips import factors_of, frames_of, generator_for, name_of
from twlv.data.synth.plan import Manifest, Plan, Video
from twlv.data.synth.settings import Settings
from twlv.video.synthetic import OPPOSITES, Factors, Fixed, Scene, draw, time_reversed

UPWARD = ("up-left", "up", "up-right")


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One pair: the direction of its upward clip, its look, and three tosses of a coin.

    ``drawn_downward``: the generator drew the downward clip, the upward one is its reverse. So nothing that
    the generator may do differently before and after the middle can tell the classes apart. ``up_first``: the
    upward clip is file ``a``; so an earlier row is no label either.
    """

    split: Split
    number: int
    upward: str
    look: tuple[str, str]
    drawn_downward: bool
    up_first: bool

    def scene(self, settings: Settings, factors: Factors, *, up: bool) -> Scene:
        """The scene of one of the two clips."""
        way = OPPOSITES[self.upward] if self.drawn_downward else self.upward
        index = balance.index_of(self.number, self.split)
        drawn = draw(settings.seed, index, factors=factors, fixed=Fixed(direction=way))
        drawn = balance.with_look(drawn, *self.look)
        return time_reversed(drawn) if up == self.drawn_downward else drawn


def plan_reversal(settings: Settings) -> Plan:
    """Kind ``reversal``: pairs of files, labelled up and down; a pair is a group.

    ``manifest_forward`` lists the upward clips alone, labelled by their exact direction: for the
    motion-direction task, which makes the reverses itself.
    """
    factors = factors_of(settings)
    pairs = [pair for split in SPLITS for pair in _pairs(settings, factors, split)]
    videos = tuple(video for pair in pairs for video in _videos(pair, settings, factors))
    label = Manifest(
        label=("vertical",)
    )  # no kind: an average with sets of other levels of chance says nothing
    return Plan(
        videos=videos,
        manifests=(
            label,
            Manifest(name="manifest_reversal", label=label.label),
            Manifest(name="manifest_forward", label=("direction",), only={"vertical": "up"}),
        ),
    )


def _pairs(settings: Settings, factors: Factors, split: Split) -> list[Pair]:
    looks = balance.looks_of(factors, split, settings.combinations)
    pairs = []
    for number in range(settings.counts[split] // 2):
        way, look = balance.pair(number, len(UPWARD), len(looks))
        coins = generator_for(settings, split, number, purpose=2).integers(2, size=2)
        pairs.append(
            Pair(
                split=split,
                number=number,
                upward=UPWARD[way],
                look=looks[look],
                drawn_downward=bool(coins[0]),
                up_first=bool(coins[1]),
            )
        )
    return pairs


def _videos(pair: Pair, settings: Settings, factors: Factors) -> list[Video]:
    group = name_of(pair.split, pair.number)
    videos = []
    for letter, up in (("a", pair.up_first), ("b", not pair.up_first)):
        scene: Callable[[], Scene] = partial(pair.scene, settings, factors, up=up)
        columns = {
            "vertical": "up" if up else "down",
            "direction": pair.upward if up else OPPOSITES[pair.upward],
            "shape": pair.look[0],
            "texture": pair.look[1],
        }
        videos.append(
            Video(
                video_id=f"{group}{letter}",
                split=pair.split,
                group=group,
                frames=frames_of(scene, settings),
                columns=columns,
                scene=scene,
            )
        )
    return videos
