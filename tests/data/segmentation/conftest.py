"""A small folder of labels in the form of MS-TCN's, and a way to write predictions for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

VIDEOS = {
    "S1_Tea_C1": "take take pour pour background",
    "S1_Pie_C1": "background take pour pour",
    "S2_Tea_C1": "pour pour background take take take",
    "S2_Pie_C1": "take background pour",
}
"""Labels of every frame."""


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """mapping, groundTruth, and two splits by person."""
    halves = {
        person: [f"{video}.txt" for video in VIDEOS if video.startswith(person)] for person in ("S1", "S2")
    }
    write(
        tmp_path / "truth",
        {
            "mapping.txt": "0 take\n1 pour\n2 background\n",
            **{f"groundTruth/{video}.txt": "\n".join(text.split()) + "\n" for video, text in VIDEOS.items()},
            "splits/train.split1.bundle": "\n".join(halves["S2"]) + "\n",
            "splits/test.split1.bundle": "\n".join(halves["S1"]) + "\n",
            "splits/train.split2.bundle": "\n".join(halves["S1"]) + "\n",
            "splits/test.split2.bundle": "\n".join(halves["S2"]) + "\n",
        },
    )
    return tmp_path / "truth"


@pytest.fixture
def predictions(tmp_path: Path) -> Callable[..., Path]:
    """Writes a prediction a video: the truth, unless other labels are given by ``VIDEO=labels``."""

    def build(**other: str) -> Path:
        labels = {**VIDEOS, **other}
        write(
            tmp_path / "predicted", {f"{v}.txt": "\n".join(text.split()) + "\n" for v, text in labels.items()}
        )
        return tmp_path / "predicted"

    return build
