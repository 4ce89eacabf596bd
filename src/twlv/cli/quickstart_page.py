"""The quickstart's page: results, and a map of each backbone's embeddings with thumbnails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twlv.results import Result

LABELS = "appearance"
SET = "recognition-both"
PERPLEXITY = 20.0
MOST_THUMBNAILS = 200


def write_page(
    results: Sequence[Result], out: Path, manifests: Mapping[str, Path], backbones: Sequence[str]
) -> None:
    """Write ``report.html`` with the maps, and ``report.md``."""
    from twlv.cli import report
    from twlv.files import write_atomic

    maps = [_map(out / "stores" / SET / name, out / "maps" / f"{name}.png", manifests) for name in backbones]
    for name in ("report.html", "report.md"):
        shown = maps if name.endswith(".html") else []
        text = report.render(results, out / name, paper=False, mix=False, points=shown)
        write_atomic(out / name, text)


def _map(store: Path, figure: Path, manifests: Mapping[str, Path]) -> Path:
    """A t-SNE of the videos with the labels of their looks; returns its side file."""
    from twlv import data
    from twlv.cli.thumbnails import thumbnails
    from twlv.store import Store
    from twlv.viz import Settings, map_picture, read_points

    labelled = data.dataset(manifests[LABELS])
    points = read_points(Store.open(store), labelled)
    small, _ = thumbnails(labelled, points.ids, MOST_THUMBNAILS)
    picture = map_picture(
        points, "tsne", settings=Settings(perplexity=PERPLEXITY), extra={"thumbnails": dict(small)}
    )
    return picture.save(figure)
