from __future__ import annotations

import csv
from pathlib import Path

import av
import numpy as np
import pytest

from twlv.data.synth import make_set, settings_for


def decoded(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


@pytest.mark.parametrize("container", ["mp4", "webm"])
def test_both_files_of_a_pair_hold_the_same_pictures_in_opposite_order(container: str, tmp_path: Path) -> None:
    settings = settings_for(
        "reversal",
        num_train=8,
        num_val=4,
        size_px=48,
        difficulty="hard",
        format=container,  # type: ignore[arg-type]
    )
    manifests = make_set(tmp_path, settings)
    with manifests["manifest_reversal"].open() as file:
        rows = list(csv.DictReader(file))
    pairs: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        pairs.setdefault(row["group"], []).append(row)
    assert len(pairs) == 6
    for first, second in pairs.values():
        assert {first["label"], second["label"]} == {"up", "down"}
        assert first["split"] == second["split"]
        there, back = (decoded(tmp_path / row["path"]) for row in (first, second))
        assert (there == back[::-1]).all()
        assert (there != back).any()


def test_the_forward_manifest_lists_the_upward_clips_alone(tmp_path: Path) -> None:
    manifests = make_set(tmp_path, settings_for("reversal", num_train=12, num_val=6, size_px=16))
    with manifests["manifest_forward"].open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 9
    assert {row["label"] for row in rows} == {"up", "up-left", "up-right"}
    assert len({row["group"] for row in rows}) == 9
    assert manifests["manifest"].read_bytes() == manifests["manifest_reversal"].read_bytes()
