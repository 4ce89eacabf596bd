"""A picture and its side file: coordinates, numbers, every setting, so that it can be read and made again."""

from __future__ import annotations

import importlib.metadata
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from twlv.errors import UsageError
from twlv.files import write_atomic
from twlv.types import DoubleArray, Json
from twlv.version import __version__
from twlv.viz.points import Points
from twlv.viz.style import check_suffix, save

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCHEMA = 1
"""Version of the side file's form."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Picture:
    """``document`` is what the side file holds; its key ``points`` has a list for each column."""

    figure: Figure
    document: Mapping[str, Json]

    def save(self, out: Path) -> Path:
        """Write the picture and, beside it with the ending .json, its side file; returns the latter's path.

        Raises:
            UsageError: the ending is none that a picture can have.
        """
        check_suffix(out)
        out.parent.mkdir(parents=True, exist_ok=True)
        side = out.with_suffix(".json")
        if side.exists() and not _is_ours(side):
            raise UsageError(f"{side} is there and is not the side file of a picture; name another --out")
        save(self.figure, out)
        write_atomic(side, side_text({**self.document, "figure": out.name}))
        return side


def document(kind: str, parts: Mapping[str, Json], *, packages: Sequence[str] = ()) -> dict[str, Json]:
    """The side file's contents: ``parts``, and the versions of what computed and drew them."""
    names = ("numpy", "scipy", "scikit-learn", "matplotlib", *packages)
    versions: dict[str, Json] = {"twlv": __version__, "python": platform.python_version()}
    versions.update({name: importlib.metadata.version(name) for name in names})
    return {"schema": SCHEMA, "kind": kind, **parts, "versions": versions}


def points_json(points: Points, coordinates: DoubleArray) -> dict[str, Json]:
    """The points in columns: ids, label names (null: none), and x, or x and y."""
    labels: list[Json] = [points.classes[label] if label >= 0 else None for label in points.labels]
    columns: dict[str, Json] = {"ids": list(points.ids), "labels": labels}
    for name, values in zip("xy", coordinates.T, strict=False):
        columns[name] = [float(value) for value in values]
    return columns


def side_text(contents: Mapping[str, Json]) -> str:
    """JSON with the settings on lines of their own and the columns of points on one line each."""
    plain = {name: value for name, value in contents.items() if name != "points"}
    text = json.dumps(plain, indent=1, ensure_ascii=False, allow_nan=False)
    columns = contents.get("points")
    if not isinstance(columns, dict):
        return text + "\n"
    lines = ",\n".join(
        f"  {json.dumps(name)}: {json.dumps(values, ensure_ascii=False, allow_nan=False)}"
        for name, values in columns.items()
    )
    return f'{text[:-2]},\n "points": {{\n{lines}\n }}\n}}\n'


def _is_ours(side: Path) -> bool:
    try:
        found = json.loads(side.read_bytes())
    except ValueError:
        return False
    return isinstance(found, dict) and {"schema", "kind", "figure"} <= set(found)
