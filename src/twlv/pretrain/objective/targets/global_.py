"""The clip as a whole: the vector that a frozen teacher gives it (VideoPrism's global distillation).

Axes: B rows, D width of the teacher.
"""

from __future__ import annotations

from dataclasses import dataclass

from twlv.pretrain.objective.distances import ByDistance, Distance
from twlv.pretrain.objective.records import Seen, TargetValues
from twlv.pretrain.objective.targets.frozen import FrozenTeacher, teacher
from twlv.pretrain.objective.targets.image_teacher import chosen_steps
from twlv.pretrain.objective.targets.target import Context


@dataclass(frozen=True, kw_only=True)
class Global:
    """The pooled vector of a backbone by name or folder; an image model sees ``steps`` frames of the clip,
    at ``input_px`` (see ``ImageTeacher``; the same for both, and it runs once).

    A video model is not asked about single images.
    """

    teacher: str
    steps: int | None = 4
    input_px: int | None = None
    metric: Distance = "cosine"
    name: str = "global"
    on_images: bool = True
    pooled: bool = True

    def open(self, context: Context) -> OpenGlobal:
        """Loads the teacher."""
        return OpenGlobal(self, teacher(self.teacher, context.device, self.input_px))


class OpenGlobal(ByDistance):
    """Values (B, 1, D)."""

    def __init__(self, settings: Global, network: FrozenTeacher) -> None:
        self.settings, self.network, self.metric = settings, network, settings.metric
        self.num_values = network.width

    def prepare(self, seen: Seen) -> TargetValues:
        """Runs the teacher."""
        if self.network.is_image_model:
            steps = chosen_steps(seen.grid[0], self.settings.steps)
            return TargetValues(values=self.network.at_steps(seen, steps)[1][:, None])
        if seen.is_image:
            nothing = seen.frames.new_zeros(len(seen.frames), 1, self.num_values)
            return TargetValues(values=nothing, weight=nothing[..., :1])
        return TargetValues(values=self.network.tokens(seen.frames)[1][:, None])
