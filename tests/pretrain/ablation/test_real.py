"""Real clips in an ablation: a manifest's rows, read once, fitted on train and scored on val."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from twlv.errors import InputError, UsageError
from twlv.pretrain.ablation.micro import Budget
from twlv.pretrain.ablation.probes import ProbeSizes
from twlv.pretrain.ablation.real import RealSet, real_clips
from twlv.pretrain.ablation.run import Places, run
from twlv.pretrain.ablation.table import table
from twlv.pretrain.ablation.variants import variant
from twlv.video import write_video

BUDGET = Budget(steps=1, num_clips=2, pool=2, width=32, depth=1, num_frames=4, size_px=16)
SIZES = ProbeSizes(fit=48, selection=24, reported=24)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bright and dark videos, two of a group; a row of another kind has no class that belongs here."""
    folder = tmp_path_factory.mktemp("real")
    rows = ["video_id,path,label,split,group,kind"]
    for number in range(12):
        bright = number % 2
        level = 200 * bright + 5 * (number // 2)
        write_video(folder / f"{number}.mp4", torch.full((6, 3, 32, 48), level, dtype=torch.uint8), fps=6.0)
        split = "train" if number < 8 else "val"
        rows.append(f"v{number},{number}.mp4,{'bright' if bright else 'dark'},{split},g{number // 2},light")
    rows.append("other,0.mp4,,train,g0,none")
    path = folder / "manifest.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_clips_have_the_asked_form_and_rows_of_a_group_stay_together(manifest: Path) -> None:
    found = real_clips(RealSet(name="light", manifest=manifest, where=("kind", "light")), "val", 4, 16)
    assert found.frames.shape == (4, 4, 3, 16, 16)
    assert found.frames.dtype == torch.uint8
    np.testing.assert_array_equal(found.groups, [0, 0, 1, 1])
    np.testing.assert_array_equal(found.labels[:2], found.labels[2:])
    brightness = found.frames.float().mean(dim=(1, 2, 3, 4))
    assert (brightness[[1, 3]] > 150).all()
    assert (brightness[[0, 2]] < 100).all()


def test_a_run_reads_real_clips_out_beside_the_rendered_ones(manifest: Path, tmp_path: Path) -> None:
    light = RealSet(name="light", manifest=manifest, where=("kind", "light"))
    places = Places(results=tmp_path / "results", work=tmp_path / "work")
    plain = run(variant("none"), seed=0, budget=BUDGET, sizes=SIZES, places=places)
    made = run(variant("none"), seed=0, budget=BUDGET, sizes=SIZES, places=places, real=(light,))
    assert made != plain
    found = json.loads(made.read_text())["real_scores"]["light"]
    assert found["chance"] == 0.5
    assert found["ridge"]["accuracy"] == 1.0
    assert found["ridge"]["n"] == 2
    text = table(places.results)
    assert "| variant | seeds | light ridge | light knn |" in text
    assert text.count("### real clips") == 1
    low, high = found["ridge"]["ci95"]
    assert f"| none | 1 | 1.000 [{low:.3f}, {high:.3f}] |" in text
    assert text.endswith("| chance |  | 0.500 | 0.500 |\n")


def test_what_cannot_be_read_out_is_told(manifest: Path) -> None:
    with pytest.raises(InputError, match="other has no class"):
        real_clips(RealSet(name="x", manifest=manifest, where=("kind", "none")), "train", 4, 16)
    with pytest.raises(InputError, match="no samples of split 'test'"):
        real_clips(RealSet(name="x", manifest=manifest, where=("kind", "light")), "test", 4, 16)


def test_words_name_a_set_a_manifest_and_a_choice_of_rows() -> None:
    assert RealSet.parse("fight=m.csv@task=a=b") == RealSet(
        name="fight", manifest=Path("m.csv"), where=("task", "a=b")
    )
    assert RealSet.parse("fight=m.csv") == RealSet(name="fight", manifest=Path("m.csv"))
    for words in ("m.csv", "a=", "=m.csv", "a=m.csv@task", "a=m.csv@=x"):
        with pytest.raises(UsageError, match="NAME=MANIFEST"):
            RealSet.parse(words)
