"""``twlv pretrain``: train an encoder by a recipe, and export it as a backbone."""

from __future__ import annotations

import dataclasses
import inspect
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twlv.cli.fields import build, parse_settings
from twlv.cli.options import flag

if TYPE_CHECKING:
    from twlv.pretrain.train.recipe import Recipe

STOPPED = 130


@dataclass(frozen=True, kw_only=True)
class PretrainOptions:
    """Flags of ``twlv pretrain``."""

    recipe: str = field(
        default="",
        metadata=flag("a recipe's name; without one, all are listed", metavar="RECIPE", positional="1"),
    )
    out: Path | None = field(
        default=None, metadata=flag("folder of the run: log, checkpoints, picture, backbone", metavar="RUN")
    )
    set: tuple[str, ...] = field(
        default=(),
        metadata=flag("a setting, such as train.steps=100; repeatable", metavar="a.b=VALUE"),
    )
    resume: bool = field(default=False, metadata=flag("go on from the last checkpoint in RUN, if there is one"))


def run(options: PretrainOptions) -> int:
    """Train an encoder by a recipe; RUN/backbone is then a backbone for every other command.

    With several GPUs: torchrun --nproc-per-node N -m twlv.cli.main pretrain RECIPE --out RUN
    """
    if not options.recipe:
        print(listing())
        return 0
    recipe = chosen(options.recipe, options.set)
    if options.out is None:
        print(described(options.recipe, recipe))
        return 0
    from twlv.pretrain.train.loop import train

    first = os.environ.get("RANK", "0") == "0"
    if first and recipe.notes:
        print(f"{recipe.name}: {recipe.notes}", file=sys.stderr)
    try:
        finished = train(recipe, options.out, resume=options.resume, watch=_show if first else lambda row: None)
    except KeyboardInterrupt:  # the second one
        print("\ntwlv: interrupted; the last checkpoint is kept: go on with --resume", file=sys.stderr)
        return STOPPED
    if first:
        print(_ending(finished))
    return 0 if finished.step == finished.steps else STOPPED


def chosen(name: str, words: tuple[str, ...]) -> Recipe:
    """A recipe with the settings of ``--set``. Raises UnknownName, UsageError."""
    from twlv.pretrain.recipes import recipe
    from twlv.pretrain.recipes.change import changed

    return changed(recipe(name), parse_settings(words), typed=typed)


def typed(path: str, hint: Any, text: str) -> Any:
    """A text as a value of a type, by the rule of all flags. Raises UsageError."""
    one = dataclasses.make_dataclass("One", [("value", hint)], kw_only=True)
    return build(one, {"value": text}, shown=lambda _: f"--set {path}").value


def listing() -> str:
    """Every recipe with its first line."""
    from twlv.pretrain.recipes import RECIPES, about

    lines = [f"  {name:<28} {' '.join(about(name).split())}" for name in RECIPES]
    return "\n".join(["recipes; twlv pretrain RECIPE says what one needs and sets:", "", *lines])


def described(name: str, recipe: Recipe) -> str:
    """What a recipe needs and gives, and every setting as ``--set`` calls it."""
    from twlv.pretrain.recipes import RECIPES
    from twlv.pretrain.train.recipe import flat

    fields = [f"  {key} = {value}" for key, value in flat(recipe).items() if not key.endswith(".kind")]
    head = inspect.cleandoc(RECIPES[name].__doc__ or "")
    return "\n".join([name, "", head, "", *fields, "", f"to run it: twlv pretrain {name} --out runs/{name}"])


def _show(row: Mapping[str, Any]) -> None:
    """A line of the log, for people."""
    kind, step = row["kind"], row["step"]
    if kind == "step":
        parts = ", ".join(f"{name} {value:.3f}" for name, value in row["parts"].items())
        text = f"loss {row['loss']:.4f} ({parts}), {row['clips_per_second']:.1f} clips/s"
    elif kind == "monitors":
        text = ", ".join(f"{name} {value:.3f}" for name, value in row["monitors"].items())
    else:
        text = "; ".join(f"{name} {value}" for name, value in row.items() if name not in ("kind", "step"))
    print(f"pretrain: step {step}: {text}", file=sys.stderr, flush=True)


def _ending(finished: Any) -> str:
    place = finished.folder.path
    if finished.step < finished.steps:
        return (
            f"stopped after step {finished.step} of {finished.steps} ({finished.stopped}); it is saved: "
            "type the same command with --resume to go on"
        )
    return f"{place}: log.jsonl, run.png, checkpoints; load the encoder with twlv.load('{finished.backbone}')"
