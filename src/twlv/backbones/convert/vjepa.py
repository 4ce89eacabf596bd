"""V-JEPA: four networks in one file. The target encoder is the one that its authors evaluate.

Their code takes the context encoder in silence where the target encoder is absent; here that is an error.
"""

from __future__ import annotations

from collections import Counter

from twlv.backbones.convert.read import Tree
from twlv.backbones.convert.tensors import State, branch, checked_table, renamed, without_wrapper
from twlv.nn.vit import VitConfig

BRANCH = "target_encoder"


def convert(tree: Tree, config: VitConfig, *, source: str) -> tuple[State, Counter[str]]:
    """Our tensors, and what else the file holds: every other branch counts as one."""
    tensors = without_wrapper(
        branch(tree, (BRANCH,), source=source), "module.backbone.", "backbone.", "module."
    )
    kept = checked_table(tensors, "pos_embed", config, source=source)
    return renamed(kept), Counter(str(key) for key in tree if key != BRANCH)
