"""The procedural stream as a source: no files, no end, and the displacement of every pixel is known.

Axis letters: T frames, h w grid of the displacement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from twlv.pretrain.data.source import ClipForm, Failed, Item, Read
from twlv.video.synthetic import Scene, flow, pretrain_scenes, render


@dataclass(frozen=True, kw_only=True)
class Synthetic:
    """Clips of ``video.synthetic.pretrain_batch`` at its levels 0 to 5: turn n is its step n.

    A turn gives ``form.crops`` clips, each of a scene of its own; neither strides nor crops apply. With
    ``form.flow_every_px`` n they carry the displacement of the centre of every n by n cell, in pixels of the
    clip: that of the scene drawn n times smaller, times n, which is exact as its shapes are formulas.
    """

    form: ClipForm
    level: int = 5
    objects: tuple[int, int] = (2, 5)
    name: str = "synthetic"
    chunk: int = 16
    refused: tuple[Failed, ...] = ()

    def __post_init__(self) -> None:
        self._scenes(0, 0)  # refuses levels and numbers of objects that there are not

    @property
    def gives_flow(self) -> bool:
        """Whether the form asks for displacements."""
        return self.form.flow_every_px > 0 and self.form.num_frames > 1

    def read(self, turns: Sequence[int], *, seed: int) -> list[Read]:
        """The clips of these steps, drawn together."""
        scenes = [scene for turn in turns for scene in self._scenes(turn, seed)]
        frames = render(scenes, num_frames=self.form.num_frames, size_px=self.form.size_px)
        found, crops = [], self.form.crops
        for row, turn in enumerate(turns):
            rows = range(row * crops, (row + 1) * crops)
            items = (self._item(turn, k - row * crops, frames[k], scenes[k]) for k in rows)
            found.append(Read(items=tuple(items)))
        return found

    def _scenes(self, turn: int, seed: int) -> list[Scene]:
        form = self.form
        return pretrain_scenes(
            seed,
            turn,
            level=self.level,
            batch=form.crops,
            num_frames=form.num_frames,
            objects=self.objects,
        )

    def _item(self, turn: int, number: int, frames: torch.Tensor, scene: Scene) -> Item:
        moved = None
        if self.gives_flow:
            cell = self.form.flow_every_px
            moved = flow(scene, self.form.num_frames, self.form.size_px // cell) * cell
        return Item(item_id=f"{self.name}/@{turn}.{number}", frames=frames, displacement=moved)
