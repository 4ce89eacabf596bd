"""What a run is, as JSON for its folder: the whole recipe, and the machine."""

from __future__ import annotations

import json
import platform

import torch

from twlv.pretrain.train.recipe import Recipe, flat
from twlv.pretrain.train.world import World
from twlv.version import __version__


def facts(recipe: Recipe, world: World) -> str:
    """The text of ``run.json``."""
    on = world.device
    machine = {
        "twlv": __version__,
        "torch": str(torch.__version__),
        "python": platform.python_version(),
        "device": torch.cuda.get_device_name(on) if on.type == "cuda" else platform.machine(),
        "processes": world.size,
        "threads": torch.get_num_threads(),
    }
    return json.dumps({"recipe": flat(recipe), "machine": machine}, indent=1) + "\n"
