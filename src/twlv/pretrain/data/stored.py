"""The source of all that lies on a disk: shuffled passes, and what replaces a broken entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from twlv.errors import InputError, UsageError
from twlv.pretrain.data.drawing import Draw
from twlv.pretrain.data.entries import Entries
from twlv.pretrain.data.shuffle import place_of
from twlv.pretrain.data.source import ClipForm, Failed, Item, Read
from twlv.video import clip_random


@dataclass(frozen=True, kw_only=True, eq=False)
class Stored:
    """Entries in shuffled passes: every one once, then all again in another order, at other moments.

    Where an entry cannot be used, another of the same source takes its place: try k of turn n is drawn
    uniformly from all entries by (seed, n, k), with replacement. So the slots of a batch are always full, the
    weights of a mixture hold, and which clip came instead does not depend on workers or on the run before.

    ``flip`` is the probability that a clip is mirrored: 0 where classes have a direction. ``tries`` draws are
    made for a turn before it is given up. ``refused`` names what is known to be of no use and not in
    ``entries``.
    """

    name: str
    entries: Entries
    form: ClipForm
    flip: float = 0.5
    tries: int = 10
    chunk: int = 1
    gives_flow: bool = False
    refused: tuple[Failed, ...] = ()

    def __post_init__(self) -> None:
        if not len(self.entries):
            raise InputError(f"{self.name}: nothing to read, its list is empty; give another path or manifest")
        if not 0 <= self.flip <= 1 or self.tries < 1:
            raise UsageError(f"{self.name}: flip is 0 to 1 and tries 1 or more, got {self.flip}, {self.tries}")

    def read(self, turns: Sequence[int], *, seed: int) -> list[Read]:
        """The crops of each turn's entry, or of what replaces it."""
        return [self._turn(turn, seed) for turn in turns]

    def _turn(self, turn: int, seed: int) -> Read:
        failed: list[Failed] = []
        for number in range(self.tries):
            place = self._place(turn, number, seed)
            name = self.entries.name(place)
            draw = Draw(seed=seed, turn=turn, item_id=f"{self.name}/{name}", form=self.form, flip=self.flip)
            try:
                clips = self.entries.clips(place, draw)
            except InputError as error:
                failed.append(Failed(source=self.name, item_id=name, reason=_reason(error)))
                continue
            items = (
                Item(item_id=f"{draw.item_id}@{turn}.{crop}", frames=clip) for crop, clip in enumerate(clips)
            )
            return Read(items=tuple(items), failed=tuple(failed))
        return Read(items=(), failed=tuple(failed))

    def _place(self, turn: int, number: int, seed: int) -> int:
        if number == 0:
            return place_of(turn, len(self.entries), seed=seed, name=self.name)
        random = clip_random(seed, turn, self.name, number, purpose="instead")
        return int(random.integers(len(self.entries)))


def _reason(error: InputError) -> str:
    """Without the path, which may be that of a temporary file."""
    reason, seen = getattr(error, "reason", None), getattr(error, "seen", None)
    return f"{reason}: {seen}" if reason else str(error)
