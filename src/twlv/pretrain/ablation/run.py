"""One run of an ablation: trained, exported, read out, and written as one JSON file."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from time import perf_counter, process_time

import torch

from twlv.errors import TwlvError
from twlv.files import write_atomic
from twlv.pretrain.ablation.abilities import CHANCE, abilities, real_abilities
from twlv.pretrain.ablation.micro import Budget, micro
from twlv.pretrain.ablation.probes import ProbeSizes
from twlv.pretrain.ablation.real import RealSet
from twlv.pretrain.ablation.variants import Variant
from twlv.pretrain.ablation.variants import variant as known_variant
from twlv.pretrain.objective.objective import Objective
from twlv.pretrain.train.export import export
from twlv.pretrain.train.log import rows
from twlv.pretrain.train.loop import train
from twlv.pretrain.train.recipe import Recipe, flat
from twlv.results.environment import environment
from twlv.types import Json


@dataclass(frozen=True, kw_only=True)
class Places:
    """``results`` gets a JSON file per run; ``work`` the runs, each removed once its result is written."""

    results: Path
    work: Path


def run(
    variant: Variant,
    *,
    seed: int,
    budget: Budget,
    sizes: ProbeSizes,
    places: Places,
    real: tuple[RealSet, ...] = (),
) -> Path:
    """The result's file. One that is there already is left alone; a run that was stopped goes on.

    ``real`` sets are read out beside the rendered probes.

    Raises:
        TwlvError: the run was stopped by a signal (start again), or failed.
    """
    recipe = micro(variant, seed=seed, budget=budget)
    made_by: dict[str, Json] = {"recipe": flat(recipe), "probes": asdict(sizes), "trained": bool(variant.uses)}
    if real:
        made_by["real"] = [f"{one.name}={one.manifest.name}@{'='.join(one.where)}" for one in real]
    digest = sha256(json.dumps(made_by, sort_keys=True).encode()).hexdigest()[:10]
    target = places.results / f"{variant.name}__seed{seed}__{digest}.json"
    if target.exists():
        return target
    folder = places.work / target.stem
    resumed = folder.exists()
    wall, cpu = perf_counter(), process_time()
    if variant.has_stage_0:
        before = _stage_0(seed=seed, budget=budget, places=places)
        recipe = micro(variant, seed=seed, budget=budget, stage_0=str(before))
    backbone = _trained(recipe, folder) if variant.uses else _drawn(recipe, folder)
    spent: dict[str, Json] = {
        "wall_seconds": perf_counter() - wall, "cpu_seconds": process_time() - cpu, "resumed": resumed,
        "threads": torch.get_num_threads(),
    }  # fmt: skip
    result: dict[str, Json] = {
        "kind": "ablation", "variant": variant.name, "about": variant.about, "seed": seed,
        "budget": asdict(budget), "scores": abilities(backbone, sizes), "chance": dict(CHANCE),
        "real_scores": real_abilities(backbone, real),
        "losses": _losses(folder), "training": spent, **made_by, "environment": environment(),
    }  # fmt: skip
    places.results.mkdir(parents=True, exist_ok=True)
    write_atomic(target, (json.dumps(result, indent=1, sort_keys=True) + "\n"))
    shutil.rmtree(folder)
    return target


def _stage_0(*, seed: int, budget: Budget, places: Places) -> Path:
    """The encoder of D's targets: A and B for ``stage_0_steps``, once for all variants of a seed."""
    short = replace(budget, steps=budget.stage_0_steps)
    recipe = micro(known_variant("A+B"), seed=seed, budget=short)
    digest = sha256(json.dumps(flat(recipe), sort_keys=True).encode()).hexdigest()[:10]
    return _trained(recipe, places.work / f"stage_0__seed{seed}__{digest}")


def _trained(recipe: Recipe, folder: Path) -> Path:
    finished = train(recipe, folder, resume=True)
    if finished.backbone is None:
        raise TwlvError(f"{recipe.name}: stopped at step {finished.step} ({finished.stopped}); start it again")
    return finished.backbone


def _drawn(recipe: Recipe, folder: Path) -> Path:
    """The encoder as it would start."""
    folder.mkdir(parents=True, exist_ok=True)
    return export(recipe, Objective(recipe.objective).encoder.state_dict(), folder / "backbone", step=0)


def _losses(folder: Path) -> dict[str, Json]:
    """Of the last line of the log; 1 is what the best constant answer loses."""
    if not (folder / "log.jsonl").exists():
        return {}
    steps = [row for row in rows(folder / "log.jsonl") if row["kind"] == "step"]
    return dict(steps[-1]["parts"]) if steps else {}
