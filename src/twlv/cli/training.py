"""Options of ``twlv evaluate`` on training: few shots, several seeds, augmented clips, recipes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from twlv.cli.fields import build, parse_settings
from twlv.cli.options import flag
from twlv.errors import UsageError

if TYPE_CHECKING:
    from twlv.augmentation import Augmentation, DrawnViews
    from twlv.tasks.recipes_attentive import AttentiveProtocol
    from twlv.tasks.recipes_boxes import BoxProtocol
    from twlv.tasks.recipes_linear import LinearProtocol
    from twlv.tasks.recipes_localization import LocalizationProtocol
    from twlv.tasks.recipes_segmentation import SegmentationProtocol


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """What a task is trained on, and how often."""

    seeds: str | None = field(
        default=None,
        metadata=flag(
            "several seeds, such as 0,1,2: one result each; mean and spread are printed", metavar="LIST"
        ),
    )
    shots: int | None = field(
        default=None, metadata=flag("train on K videos of each class, drawn by the seed", metavar="K")
    )
    augment: str | None = field(
        default=None,
        metadata=flag(
            "draw the training clips anew in every epoch: report, report-attentive or vjepa", metavar="NAME"
        ),
    )
    augment_set: tuple[str, ...] = field(
        default=(),
        metadata=flag("a field of the augmentation (flip=0.5); repeatable", metavar="FIELD=VALUE"),
    )
    augmented_views: int | None = field(
        default=None,
        metadata=flag("embed V augmented clips of each training video once, and draw from them", metavar="V"),
    )
    recipe: str | None = field(
        default=None,
        metadata=flag(
            "linear-probe, attentive-probe: clips, views, augmentation and rates of the report's Table 4 for "
            "this data set; temporal-segmentation: those of Table 7 (gtea), of its code (gtea-code), or "
            "ASFormer's own (gtea-original); temporal-localization: thumos14 or activitynet, the same with "
            "-table7 (as printed) or -original (the release), or small",
            metavar="NAME",
        ),
    )


def seeds_of(options: TrainingOptions, seed: int) -> tuple[int, ...]:
    """The seeds to run, in order. Raises UsageError for what are no distinct whole numbers from 0 up."""
    if options.seeds is None:
        return (seed,)
    words = [word.strip() for word in options.seeds.split(",")]
    if not all(word.isdecimal() for word in words) or len(set(map(int, words))) < len(words):
        raise UsageError(f"--seeds takes distinct whole numbers such as 0,1,2, got '{options.seeds}'")
    return tuple(map(int, words))


def check_training(options: TrainingOptions, *, has_backbone: bool, fits: bool, augments: bool = True) -> None:
    """Refuse options that would be without effect; ``augments``: the recipe, if any, is of augmented clips.

    Raises:
        UsageError: augmentation of embeddings that are made already, or a task that has no training videos.
    """
    augmented = [
        name
        for name in ("augment", "augmented_views", *(("recipe",) if augments else ()))
        if getattr(options, name) is not None
    ]
    if augmented and not has_backbone:
        raise UsageError(
            f"--{augmented[0].replace('_', '-')} changes what a backbone is shown: add --backbone NAME"
        )
    if options.augment_set and not augmented:
        raise UsageError("--augment-set is for --augment or --recipe")
    if options.augmented_views is not None and not (options.augment or options.recipe):
        raise UsageError("--augmented-views needs to know the augmentation: add --augment report")
    if not fits and (augmented or options.shots is not None):
        raise UsageError("this task has no training split: leave out --shots, --augment and --recipe")


def augmentation_of(options: TrainingOptions, task: str) -> Augmentation | DrawnViews | None:
    """The augmentation that the flags describe, live or as stored views; None if there is none.

    ``task`` is the command-line name of the task, whose recipe is meant.
    """
    from twlv.augmentation import Augmentation, DrawnViews, preset

    chosen = protocol_of(task, options.recipe).augmentation if options.recipe else None
    if options.augment is None and chosen is None:
        return None
    if options.augment is not None or chosen is None:
        chosen = preset(options.augment or "report")
    changed: Augmentation = overridden(chosen, Augmentation, options.augment_set, "--augment-set")
    if options.augmented_views is None:
        return changed
    return DrawnViews(augmentation=changed, views=options.augmented_views)


def augments(task: str, recipe: str | None) -> bool:
    """Whether a recipe of this task draws training clips anew."""
    return recipe is not None and protocol_of(task, recipe).augmentation is not None


def protocol_of(
    task: str, name: str
) -> LinearProtocol | AttentiveProtocol | SegmentationProtocol | LocalizationProtocol | BoxProtocol:
    """The report's settings of a task for a data set. Raises UsageError for a task without recipes."""
    from twlv.tasks.recipes_attentive import attentive_protocol
    from twlv.tasks.recipes_boxes import box_protocol
    from twlv.tasks.recipes_linear import linear_protocol
    from twlv.tasks.recipes_localization import localization_protocol
    from twlv.tasks.recipes_segmentation import segmentation_protocol

    if task == "linear-probe":
        return linear_protocol(name)
    if task == "attentive-probe":
        return attentive_protocol(name)
    if task == "temporal-segmentation":
        return segmentation_protocol(name)
    if task == "spatiotemporal-localization":
        return box_protocol(name)
    if task == "temporal-localization":
        return localization_protocol(name)
    raise UsageError(
        "--recipe is of linear-probe, attentive-probe, temporal-localization, "
        f"temporal-segmentation and spatiotemporal-localization, this is {task}"
    )


def overridden(base: Any, cls: type[Any], words: tuple[str, ...], named: str) -> Any:
    """``base`` with the fields that ``words`` (name=value) set, typed as those of ``cls``."""
    settings: Mapping[str, str] = parse_settings(words, flag=named)
    typed = build(cls, settings, kind=f"setting of {named}")
    return replace(
        base, **{f.name: getattr(typed, f.name) for f in dataclasses.fields(cls) if f.name in settings}
    )
