"""Tokens to the rows of an embedding.

Axes: B batch, T' H' W' token grid, N = T' H' W' tokens, D width.
"""

from __future__ import annotations

import torch

from twlv.contracts import Tokens
from twlv.errors import FeatureError
from twlv.types import BackboneCard, Level


def pool(tokens: Tokens, card: BackboneCard, level: Level) -> torch.Tensor:
    """Reduce tokens to float32 rows: ``clip`` (B, D), ``time`` (B, T', D), ``patch`` (B, N, D).

    A clip's vector is what ``card.pool`` says: ``mean`` of all patch tokens (the report: "patch-wise
    embeddings are pooled into the embedding of the input") or the vector that the backbone makes by that
    pooling. The other levels always come from the patch tokens. Sums run in float32.

    Raises:
        FeatureError: the card asks for another than the mean and the backbone gave no vector.
    """
    patches = tokens.patches.float()
    if level == "patch":
        return patches.flatten(1, 3)
    if level == "time":
        return patches.mean(dim=(2, 3))
    if card.pool == "mean":
        return patches.mean(dim=(1, 2, 3))
    if tokens.cls is None:
        raise FeatureError(
            f"the card of {card.name} says pool='{card.pool}', but encode() returned no cls vector"
        )
    return tokens.cls.float()
