"""Traps between the videos and the tasks: what is kept must not be used for something else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import twlv
from twlv.embedding import embed_list
from twlv.types import Dataset, Embedding, MultiClip, Views

MakeDataset = Callable[..., Dataset]


@pytest.mark.parametrize(
    ("card", "settings"),
    [
        ({"weights_sha256": "1" * 64}, {}),
        ({"image_size_px": 64}, {}),
        ({"resize_px": 40}, {}),
        ({"mean": (0.5, 0.5, 0.5)}, {}),
        ({"dtype": "bfloat16"}, {}),
        ({"pool": "cls"}, {}),
        ({}, {"sampling": MultiClip(clip_seconds=0.5)}),
        ({}, {"views": Views(temporal=2)}),
    ],
    ids=str,
)
def test_trap_41_what_another_setting_made_is_not_used(
    backbone: Any,
    make_dataset: MakeDataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    card: dict[str, Any],
    settings: dict[str, Any],
) -> None:
    """The cache of embeddings knows the weights, the size, the preparation, the dtype and the sampling."""
    monkeypatch.setenv("TWLV_CACHE", str(tmp_path / "cache"))
    embedded: list[str] = []

    class Watching:
        def start(self, total: int, done: int) -> None: ...

        def advance(self, video_id: str, failed: str | None) -> None:
            embedded.append(video_id)

        def finish(self) -> None: ...

    def evaluate(**given: Any) -> None:
        embedded.clear()
        twlv.evaluate(backbone, make_dataset(), task=twlv.tasks.KNN(k=1), progress=Watching(), **given)

    evaluate()
    assert len(embedded) == 6
    evaluate()
    assert embedded == []
    encode = backbone.encode  # of any size, and with a class vector, so that every card can be tried
    backbone.encode = lambda frames: replace(encode(frames[..., :32, :32]), cls=frames.mean(dim=(1, 3, 4)))
    backbone.card = replace(backbone.card, **card)
    evaluate(**settings)
    assert len(embedded) == 6


def test_trap_29_a_broken_video_borrows_nothing(backbone: Any, make_dataset: MakeDataset) -> None:
    """Neither a neighbour's vector for the broken one, nor another vector for its neighbours."""
    whole = make_dataset().samples
    broken = make_dataset(extra=("broken", "empty")).samples
    mixed = (broken[6], whole[0], broken[7], *whole[1:])
    found = list(embed_list(backbone, mixed))
    assert [item.video_id for item in found] == [sample.video_id for sample in mixed]
    assert [isinstance(item, Embedding) for item in found] == [False, True, False, *[True] * 5]
    good = [item for item in found if isinstance(item, Embedding)]
    for one, other in zip(good, embed_list(backbone, whole), strict=True):
        assert isinstance(other, Embedding)
        np.testing.assert_array_equal(one.vectors, other.vectors)
