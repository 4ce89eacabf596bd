"""The trained encoder as a backbone in a folder, with a card that says how it was made."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch

from twlv.backbones.folder import described, save
from twlv.backbones.loaded import loaded
from twlv.backbones.own import config_json
from twlv.backbones.parts import kind_of
from twlv.backbones.random_weights import random_card
from twlv.backbones.table import TABLE
from twlv.nn.strict import load_strictly
from twlv.pretrain.train.checkpoint import read
from twlv.pretrain.train.recipe import Recipe

KIND = "video_transformer"


def export(recipe: Recipe, weights: Mapping[str, torch.Tensor], folder: Path, *, step: int) -> Path:
    """Write ``folder`` so that ``twlv.load(folder)`` gives the encoder; the folder.

    ``weights`` are those of the encoder by name. The licence stands open: it follows from the data, which only
    who trained knows.
    """
    config = config_json(recipe.objective.encoder)
    parts = kind_of(KIND).assemble(config)
    load_strictly(parts.module, {name: value.cpu() for name, value in weights.items()}, source=recipe.name)
    average = f", averaged with decay {recipe.train.ema}" if recipe.train.ema else ""
    card = random_card(
        KIND,
        config,
        name=recipe.name,
        mean=recipe.objective.mean,
        std=recipe.objective.std,
        weights=f"pretrained with the recipe {recipe.name}, {step} of {recipe.train.steps} steps{average}",
        licence="not stated: it follows from the licence of the training data",
        pretrained_on=_seen(recipe),
        source=f"targets: {', '.join(_targets(recipe))}",
    )
    return save(folder, loaded(card=card, kind=KIND, config=config, parts=parts, device="cpu", dtype="float32"))


def export_checkpoint(recipe: Recipe, place: Path, folder: Path) -> Path:
    """As ``export``, from a checkpoint of the recipe: its averaged weights where there are any."""
    saved = read(place)
    weights = saved.tensors.get("average") or {
        name.removeprefix("encoder."): value
        for name, value in saved.tensors["model"].items()
        if name.startswith("encoder.")
    }
    return export(recipe, weights, folder, step=saved.step)


def _targets(recipe: Recipe) -> list[str]:
    """The uses, each with its teacher."""
    pairs = ((use.label, getattr(use.target, "teacher", "")) for use in recipe.objective.uses)
    return [f"{label} ({teacher})" if teacher else label for label, teacher in pairs]


def _seen(recipe: Recipe) -> tuple[str, ...]:
    """Names of the data: the run's own, and what its teachers were trained on, which the student knows, too."""
    own = [source.name for source in (*recipe.data.clips, *recipe.data.images)]
    teachers = dict.fromkeys(getattr(use.target, "teacher", "") for use in recipe.objective.uses)
    learnt = [name for teacher in teachers if teacher for name in _data_of(teacher)]
    return tuple(dict.fromkeys([*own, *learnt]))


def _data_of(teacher: str) -> tuple[str, ...]:
    if teacher in TABLE:
        return TABLE[teacher].card.pretrained_on
    said = described(teacher)[1] if Path(teacher).exists() else None
    return said.card.pretrained_on if said else ()
