"""Recipes by name: what ``twlv pretrain`` runs. Each is a function whose docstring says what it
needs and gives.

``full`` the report's scale; ``small`` one machine; ``parts`` what they share; ``change`` other settings.
"""

from __future__ import annotations

from collections.abc import Callable

from twlv.errors import UnknownName
from twlv.pretrain.recipes import full, small
from twlv.pretrain.train.recipe import Recipe

RECIPES: dict[str, Callable[[], Recipe]] = {
    made.__name__: made
    for made in (
        full.twlv1_vit_b_stage_0,
        full.twlv1_vit_b,
        full.twlv1_vit_l_stage_0,
        full.twlv1_vit_l,
        full.twlv1_vit_l_ssv2,
        small.twlv1_vit_s_one_gpu_stage_0,
        small.twlv1_vit_s_one_gpu,
        small.twlv1_tiny_cpu,
        small.smoke,
    )
}
"""Every recipe by its name."""


def recipe(name: str) -> Recipe:
    """The recipe of a name. Raises UnknownName with the nearest ones."""
    if name not in RECIPES:
        raise UnknownName("recipe", name, RECIPES)
    return RECIPES[name]()


def about(name: str) -> str:
    """The first paragraph of a recipe's docstring."""
    recipe(name)
    return (RECIPES[name].__doc__ or "").strip().split("\n\n", maxsplit=1)[0]
