"""Appearance: what a frozen image model sees in single frames (UMT, MVD).

Axes: B rows, T' H' W' token grid, P = H'*W' places, D width of the teacher.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from twlv.errors import UsageError
from twlv.pretrain.objective.distances import ByDistance, Distance
from twlv.pretrain.objective.records import Seen, TargetValues
from twlv.pretrain.objective.targets.frozen import FrozenTeacher, layer_norm, teacher, to_grid
from twlv.pretrain.objective.targets.target import Context


@dataclass(frozen=True, kw_only=True)
class ImageTeacher:
    """Tokens of an image backbone, by its name, at the first frame of ``steps`` of the T' steps (None: all).

    The teacher's grid is resized to the student's. ``input_px`` shows it the clip at another size than its own
    (None), which convolutions allow; it is cheaper and sees less: EfficientNet-lite0 at 128 px took 0.42 of the
    time of 224, at 96 px 0.32, and told 30 looks of rendered clips of 64 px .29 and .23 of the time, not .34.
    ``layer_norm`` normalises each token, without weights. The default of the metric is UMT's ``2 - 2 cos``.
    """

    teacher: str
    steps: int | None = 4
    input_px: int | None = None
    layer_norm: bool = True
    metric: Distance = "cosine"
    name: str = "image_teacher"
    on_images: bool = True
    pooled: bool = False

    def open(self, context: Context) -> OpenImageTeacher:
        """Loads the teacher. Raises UsageError for a video model."""
        found = teacher(self.teacher, context.device, self.input_px)
        if not found.is_image_model:
            raise UsageError(f"{self.teacher} is a video model; use VideoTeacher for it")
        return OpenImageTeacher(self, found)


class OpenImageTeacher(ByDistance):
    """Values (B, steps*P, D), with slots for the tokens that have one."""

    def __init__(self, settings: ImageTeacher, network: FrozenTeacher) -> None:
        self.settings, self.network, self.metric = settings, network, settings.metric
        self.num_values = network.width

    def prepare(self, seen: Seen) -> TargetValues:
        """Runs the teacher on the chosen frames."""
        steps = chosen_steps(seen.grid[0], self.settings.steps)
        patches, _ = self.network.at_steps(seen, steps)
        features = to_grid(patches, (len(steps), *seen.grid[1:]))
        if self.settings.layer_norm:
            features = layer_norm(features)
        return TargetValues(values=features.flatten(1, 3), slots=_slots(seen, steps))


def chosen_steps(total: int, count: int | None) -> torch.Tensor:
    """``count`` steps of ``total``, evenly spread, rising."""
    if count is None or count >= total:
        return torch.arange(total)
    return ((torch.arange(count) + 0.5) * total / count).floor().long()


def _slots(seen: Seen, steps: torch.Tensor) -> torch.Tensor:
    places = seen.grid[1] * seen.grid[2]
    slots = torch.full((seen.grid[0], places), -1, dtype=torch.int64)
    slots[steps] = torch.arange(len(steps) * places).reshape(len(steps), places)
    return slots.flatten().to(seen.frames.device)
