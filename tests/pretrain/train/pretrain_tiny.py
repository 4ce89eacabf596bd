"""A recipe so small that a step takes a blink, and a script that runs it in a process of its own."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from twlv.nn.vit import VitConfig
from twlv.pretrain.data.settings import DataSettings, SourceSettings
from twlv.pretrain.data.source import ClipForm
from twlv.pretrain.objective.config import ObjectiveConfig, PredictorConfig, Use
from twlv.pretrain.objective.targets.luminance import LuminanceDifference
from twlv.pretrain.objective.targets.pixels import Pixels
from twlv.pretrain.train.config import TrainConfig
from twlv.pretrain.train.log import rows
from twlv.pretrain.train.recipe import Recipe

ENCODER = VitConfig(
    width=16, depth=2, num_heads=2, mlp_width=32, patch=(2, 8, 8), num_frames=8, image_size_px=16
)


def tiny(*, steps: int = 6, num_clips: int = 4, drop_path: float = 0.0, **train: Any) -> Recipe:
    """Pixels and differences of luminance, 8 x 16 x 16 clips; every step is logged, nothing is monitored."""
    defaults: dict[str, Any] = {
        "steps": steps, "lr": 3e-3, "log_every": 1, "monitor_clips": 0, "checkpoint_every": 0, "ema": 0.9,
        "device": "cpu",
    }  # fmt: skip
    return Recipe(
        name="tiny",
        objective=ObjectiveConfig(
            encoder=ENCODER,
            uses=(Use(target=Pixels()), Use(target=LuminanceDifference(), weight=0.5)),
            predictors=(PredictorConfig(width=16, depth=1, num_heads=2),),
            visible_share=0.25,
            drop_path=drop_path,
        ),
        data=DataSettings(
            clips=(SourceSettings(kind="synthetic", name="synthetic", level=2),),
            num_clips=num_clips,
            form=ClipForm(num_frames=8, size_px=16),
        ),
        train=TrainConfig(**{**defaults, **train}),
    )


def losses(out: Path) -> list[tuple[int, float, dict[str, float], float]]:
    """What every step line of a run's log says of learning."""
    steps = [row for row in rows(out / "log.jsonl") if row["kind"] == "step"]
    return [(row["step"], row["loss"], row["parts"], row["grad_norm"]) for row in steps]


def _slowly(row: Mapping[str, Any]) -> None:
    """Tell the parent how far it is, and give it time to kill."""
    sys.stdout.write(f"{row['step']}\n")
    sys.stdout.flush()
    if row["step"] >= 5:
        time.sleep(0.2)


def shared_run(out: Path, kind: str) -> None:
    """Four steps of 8 clips; by ``fsdp`` in two halves. One target begins late, one predictor is never read."""
    from twlv.pretrain.train.loop import train

    recipe = tiny(steps=4, num_clips=8, parallel=kind, decay_share=0.0)
    first, second = recipe.objective.uses
    unread = PredictorConfig(name="unread", width=16, depth=1, num_heads=2)
    objective = replace(
        recipe.objective,
        uses=(first, replace(second, start_step=1)),
        predictors=(*recipe.objective.predictors, unread),
        recompute=True,
    )
    recipe = replace(recipe, objective=objective)
    if kind == "fsdp":
        train(replace(recipe, train=replace(recipe.train, steps=2)), out)
    train(recipe, out, resume=True)


def main(words: list[str]) -> None:
    """``pretrain_tiny.py OUT KIND``: what the tests run beside themselves."""
    import torch
    import torch.distributed as dist

    from twlv.pretrain.train.loop import train

    torch.set_num_threads(1)
    out, kind = Path(words[0]), words[1]
    if kind == "slow":
        train(tiny(steps=10, checkpoint_every=2, drop_path=0.2), out, watch=_slowly)
        return
    shared_run(out / "ddp", "ddp")  # joins the processes itself, and leaves
    os.environ["MASTER_PORT"] = words[2]
    dist.init_process_group("gloo")  # or finds them joined
    shared_run(out / "fsdp", "fsdp")
    dist.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1:])
