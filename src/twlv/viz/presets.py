"""The report's Figures 2, 3 and 6 to 9 as settings, each with what of it is inferred."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from twlv.errors import UnknownName

SCRIPT = (
    "t-SNE settings are those of the published script: raw vectors, no PCA before, perplexity 30, seed 1212"
)
COLOURS = "the report colours every class; here some are coloured and the others grey"
BODY = "the report's Figure 3 is taken for a smaller print of Figures 6 and 7: give it either data set"
HALF = "the half that is plotted is drawn before the map is computed, as the script's sampling of points does"
REVERSED = "the published script makes no such picture; LDA is scikit-learn's default, on unscaled vectors"
TABLE = "the report does not say which table it draws; linear probing, table 3, is assumed"

TSNE: Mapping[str, Any] = {
    "kind": "tsne",
    "split": "val",
    "normalise": False,
    "pca_dims": 0,
    "perplexity": 30.0,
    "seed": 1212,
}


@dataclass(frozen=True, kw_only=True)
class Preset:
    """``values`` fill the options that were not given; ``inferred`` says what the report leaves open."""

    figure: str
    values: Mapping[str, Any] = field(default_factory=dict)
    inferred: tuple[str, ...] = ()


PRESETS: Mapping[str, Preset] = {
    "figure2": Preset(
        figure="appearance (K400, MiT) against motion (SSv2, DV48)",
        values={"kind": "abilities", "paper": True},
        inferred=(TABLE,),
    ),
    "figure3": Preset(
        figure="t-SNE of K400 or SSv2 validation embeddings", values=TSNE, inferred=(SCRIPT, COLOURS, BODY)
    ),
    "figure6": Preset(
        figure="t-SNE of K400 validation embeddings (19,165 points)", values=TSNE, inferred=(SCRIPT, COLOURS)
    ),
    "figure7": Preset(
        figure="t-SNE of SSv2 validation embeddings (24,777 videos, a uniform half plotted)",
        values={**TSNE, "share": 0.5},
        inferred=(SCRIPT, COLOURS, HALF),
    ),
    "figure8": Preset(
        figure="LDA of 'Moving something up' against the same videos reversed",
        values={"kind": "lda", "split": "val", "include": ("Moving something up",)},
        inferred=(REVERSED,),
    ),
    "figure9": Preset(
        figure="LDA of 'Moving something down' against the same videos reversed",
        values={"kind": "lda", "split": "val", "include": ("Moving something down",)},
        inferred=(REVERSED,),
    ),
}


def preset(name: str) -> Preset:
    """The preset of this name.

    Raises:
        UnknownName: there is none; names the nearest.
    """
    if name not in PRESETS:
        raise UnknownName("preset", name, PRESETS)
    return PRESETS[name]
