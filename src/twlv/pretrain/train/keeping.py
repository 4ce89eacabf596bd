"""What is written while a run goes on: lines, monitors, checkpoints, the picture; and when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from twlv.errors import TwlvError
from twlv.files import write_atomic
from twlv.pretrain.data.failures import Failures
from twlv.pretrain.train import checkpoint, log
from twlv.pretrain.train.checkpoint import Saved
from twlv.pretrain.train.export import export
from twlv.pretrain.train.facts import facts
from twlv.pretrain.train.folder import RunFolder
from twlv.pretrain.train.monitors import monitors
from twlv.pretrain.train.picture import save_picture
from twlv.pretrain.train.probe_set import ProbeSet, embed, render_probe_set
from twlv.pretrain.train.recipe import Recipe, flat
from twlv.pretrain.train.trainer import Stepped, Trainer
from twlv.pretrain.train.world import World
from twlv.types import Json

PATIENCE = 3
"""Monitors in a row that may find too low a rank."""


class Keeper:
    """Writes on the first process; the others take part in what must be gathered."""

    def __init__(
        self,
        recipe: Recipe,
        folder: RunFolder,
        world: World,
        *,
        after: int,
        watch: Callable[[Mapping[str, Any]], None],
        write: checkpoint.Writer,
    ) -> None:
        self.folder = folder
        self._recipe, self._world, self._watch, self._write = recipe, world, watch, write
        self._probe: ProbeSet | None = None
        self._low = 0
        self._best = checkpoint.highest(folder.checkpoints, recipe.train.best)
        self._log: log.Log | None = None
        if world.is_first:
            self._log = log.Log(folder.log, after=after, tensorboard=recipe.train.tensorboard)
            write_atomic(folder.facts, facts(recipe, world))
        self._line("start", after, {"recipe": recipe.name, "processes": world.size})

    def after(self, trainer: Trainer, stepped: Stepped, step: int, *, stopping: str) -> str:
        """Write what is due after ``step`` steps; why the run is to stop now, or ""."""
        config = self._recipe.train
        last = step == config.steps
        if last or step % config.log_every == 0:
            self._step_line(trainer, stepped, step)
        found: dict[str, float] = {}
        if config.monitor_clips and (last or _due(step, config.monitor_every)):
            found = self._monitor(trainer, step)
            stopping = stopping or self._collapsed(found)
        better = found.get(config.best, self._best) > self._best
        if last or stopping or better or _due(step, config.checkpoint_every):
            self._best = max(self._best, found.get(config.best, self._best))
            self._save(trainer, step, found)
        if stopping:
            self._line("stop", step, {"why": stopping})
        if found or last or stopping:
            self._draw()
        return stopping

    def export(self, trainer: Trainer, step: int) -> Path | None:
        """Write the backbone; its folder, on the first process."""
        weights = trainer.export_weights()
        if self._world.is_first:
            export(self._recipe, weights, self.folder.backbone, step=step)
        return self.folder.backbone

    def close(self, failures: Failures | None) -> None:
        """Write the list of what could not be read on the first process, and close the log."""
        if self._log is not None:
            if failures is not None:
                failures.save(self.folder.failures)
            self._log.close()

    # ------------------------------------------------------------ lines

    def _line(self, kind: str, step: int, values: Mapping[str, Json]) -> None:
        if self._log is not None:
            self._log.write(kind, step, values)
            self._watch({"kind": kind, "step": step, **values})

    def _step_line(self, trainer: Trainer, stepped: Stepped, step: int) -> None:
        summed = stepped.summed
        table = {"loss": summed.total}
        table |= {f"parts/{name}": value for name, value in summed.parts.items()}
        table |= {f"raw/{name}": value for name, value in summed.raw.items()}
        table |= {f"gradients/{name}": value.float() for name, value in summed.gradients.items()}
        on = self._world.device
        means = self._world.mean(torch.stack([value.to(on) for value in table.values()])).tolist()
        values: dict[str, Any] = {}
        for name, value in zip(table, means, strict=True):
            group, _, own = name.partition("/")
            if own:
                values.setdefault(group, {})[own] = value
            else:
                values[name] = value
        shares, speed = trainer.stages.taken()
        values |= {"weights": dict(summed.weights), "lr": stepped.rate, "grad_norm": float(stepped.norm)}
        values |= {"time": shares, "clips_per_second": round(speed, 3)}
        if on.type == "cuda":
            values["memory_gib"] = round(torch.cuda.max_memory_allocated(on) / 2**30, 3)
        self._line("step", step, values)

    # ------------------------------------------------------------ monitors and files

    def _monitor(self, trainer: Trainer, step: int) -> dict[str, float]:
        weights = trainer.export_weights()
        found: dict[str, float] = {}
        with trainer.stages.stage("other"):
            if self._world.is_first:
                objective = self._recipe.objective
                if self._probe is None:
                    form = objective.encoder
                    self._probe = render_probe_set(
                        self._recipe.train.monitor_clips, num_frames=form.num_frames, size_px=form.image_size_px
                    )
                seen = embed(trainer.export_encoder(weights), self._probe, objective, self._world.device)
                found = monitors(seen, self._probe)
        found = dict(self._world.first_decides(found))
        self._line("monitors", step, {"monitors": dict(found)})
        return found

    def _collapsed(self, found: Mapping[str, float]) -> str:
        width = self._recipe.objective.encoder.width
        least = self._recipe.train.least_rank * width
        self._low = self._low + 1 if found["effective_rank"] < least else 0
        if self._low < PATIENCE:
            return ""
        return f"effective rank {found['effective_rank']:.1f} of {width}, below {least:.1f} {PATIENCE} times"

    def _save(self, trainer: Trainer, step: int, found: Mapping[str, float]) -> None:
        tensors = trainer.state()
        problem = ""
        if self._world.is_first:
            saved = Saved(step=step, recipe=flat(self._recipe), tensors=tensors, monitors=dict(found))
            try:
                self._write(self.folder.checkpoints, saved)
            except TwlvError as error:
                problem = str(error)
        problem = self._world.first_decides(problem)
        if problem:
            raise TwlvError(problem)
        if self._world.is_first:
            config = self._recipe.train
            checkpoint.prune(self.folder.checkpoints, keep=config.keep, best=config.best)

    def _draw(self) -> None:
        if self._log is not None:
            save_picture(log.rows(self.folder.log), self.folder.picture, title=self._recipe.name)


def _due(step: int, every: int) -> bool:
    return every > 0 and step % every == 0
