"""``python -m twlv.pretrain.ship RUN NAME``: what a run has trained, as weights that come with the package.

It writes ``backbones/shipped_weights/NAME``, with a card that names recipe, licence and citation.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

_MOST_BYTES = 25_000_000
"""Of a shipped file: a package is downloaded by everyone."""


def ship(run: Path, name: str, *, licence: str, into: Path | None = None) -> Path:
    """The folder of the shipped weights of the finished run in ``run``.

    Raises:
        WeightsError: the run has no backbone yet.
        UsageError: the weights are larger than a package should be.
    """
    from twlv.backbones.entries_own import TWLV_I
    from twlv.backbones.entries_shipped import FOLDER
    from twlv.backbones.folder import WEIGHTS, load_folder, save
    from twlv.errors import UsageError

    found = load_folder(run / "backbone", device="cpu", dtype="float32")
    size = (run / "backbone" / WEIGHTS).stat().st_size
    if size > _MOST_BYTES:
        raise UsageError(f"{run}: {size:,} bytes of weights; at most {_MOST_BYTES:,} come with the package")
    return save((into or FOLDER) / name, found.told(name=name, licence=licence, citation=TWLV_I))


def main(arguments: list[str] | None = None) -> int:
    """0 when the folder is written."""
    parser = argparse.ArgumentParser(prog="python -m twlv.pretrain.ship")
    parser.add_argument("run", type=Path, help="folder of a finished run")
    parser.add_argument("name", help="ARCHITECTURE.WEIGHTS, as in the table of backbones")
    parser.add_argument("--licence", default="Apache-2.0", help="of the weights; it follows from the data")
    options = parser.parse_args(arguments)
    sys.stdout.write(f"{ship(options.run, options.name, licence=options.licence)}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
