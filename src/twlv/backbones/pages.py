"""The tables in ``docs/backbones``, written from the table of backbones. Imports no torch.

A page holds ``<!-- models: FAMILY ... -->`` and ``<!-- end -->``; what stands between them is generated:
``python -m twlv.backbones.pages docs/backbones/*.md`` writes it anew.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from twlv.backbones.entries_absent import ABSENT, Absent
from twlv.backbones.entry import Entry
from twlv.backbones.table import TABLE
from twlv.errors import InputError
from twlv.files import write_atomic

_BLOCK = re.compile(r"(<!-- models: (?P<families>[\w ]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_COLOURS = {
    (0.485, 0.456, 0.406): "ImageNet's",
    (0.5, 0.5, 0.5): "0.5 / 0.5",
    (0.45, 0.45, 0.45): "0.45 / 0.225",
    (0.48145466, 0.4578275, 0.40821073): "CLIP's",
    (0.0, 0.0, 0.0): "none: pixels in [0, 1]",
}


def fill(text: str) -> str:
    """A page's text with every marked block generated anew.

    Raises:
        InputError: a block names a family that the table does not have.
    """
    return _BLOCK.sub(lambda found: f"{found[1]}\n{_block(found['families'].split())}\n\n{found[3]}", text)


def families() -> tuple[str, ...]:
    """Every first word of a name of the table, in its order."""
    return tuple(dict.fromkeys(entry.family for entry in TABLE.values()))


def main(paths: Sequence[str]) -> None:
    """Fill the pages in place."""
    for path in map(Path, paths):
        write_atomic(path, fill(path.read_text(encoding="utf-8")))


def _block(names: Sequence[str]) -> str:
    if names == ["absent"]:
        return absent_table()
    unknown = sorted(set(names) - set(families()))
    if unknown:
        raise InputError(f"no family {', '.join(unknown)}; known: {', '.join(families())}, absent")
    entries = [entry for entry in TABLE.values() if entry.family in names]
    return f"{architectures_table(entries)}\n\n{weights_table(entries)}".rstrip()


def architectures_table(entries: Sequence[Entry]) -> str:
    """One row for each architecture: what goes in, what comes out, and what is inside."""
    seen = {entry.card.name.partition(".")[0]: entry for entry in entries}
    rows = [
        "| architecture | parameters | reads | patch | tokens (T', H', W') x width | positions | pixels |",
        "|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*rows, *(_architecture(name, entry) for name, entry in seen.items())])


def _architecture(name: str, entry: Entry) -> str:
    card = entry.card
    (t, p, q), size = card.patch, card.image_size_px
    steps = "each frame" if card.modality == "image" else str(card.num_frames // t)
    count = "one frame at a time" if card.modality == "image" else f"{card.num_frames} frames"
    if card.modality == "video":
        count += ", others too" if card.flexible_frames else " only"
    position = str(card.details.get("position", ""))
    if "other_grids" in card.details and position != "learned":
        position += f"; other grids: {card.details['other_grids']}"
    colours = _COLOURS.get(card.mean, ", ".join(f"{value:.3f}" for value in card.mean))
    return (
        f"| `{name}` | {card.num_params / 1e6:.1f} M | {count}, {size} px | {t} x {p} x {q} "
        f"| {steps}, {size // p}, {size // q} x {card.dim} | {position} | {colours} |"
    )


def weights_table(entries: Sequence[Entry]) -> str:
    """One row for each set of weights, or nothing if there are none to fetch."""
    fetched = [entry for entry in entries if entry.origin]
    if not fetched:
        return ""
    rows = [
        "| weights | trained on | read by its authors | pooled by its authors, by us | licence | from |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join([*rows, *map(_weights, fetched)])


def _weights(entry: Entry) -> str:
    card, origin = entry.card, entry.origin
    place = str(origin)
    if origin and origin.repository:
        place = f"[{origin.repository}](https://huggingface.co/{origin.repository})"
        place += f", `{origin.files[-1]}`" if origin.format else ""
    elif place.startswith("https:"):
        place = f"[{place.rpartition('/')[2]}]({place})"
    return (
        f"| `{card.name}` | {', '.join(card.pretrained_on)} | {entry.sampling or 'each frame'} "
        f"| {entry.authors_pool or 'not said'}, {card.pool} | {card.licence} | {place} |"
    )


def absent_table() -> str:
    """The models that are not here: why not, and what it would take."""
    rows = [
        "| model | parameters (M) | weights | licence | why it is not here | what it would take |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join([*rows, *map(_absent, ABSENT)])


def _absent(line: Absent) -> str:
    cells = (line.millions, line.weights_at, line.licence, line.why_not, line.needed)
    return f"| `{line.name}` | {' | '.join(cells)} |"


if __name__ == "__main__":
    main(sys.argv[1:])
