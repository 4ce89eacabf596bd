"""``--small`` for every benchmark: sizes that show that it runs, in seconds; ``make bench`` asks for it."""

from __future__ import annotations

import argparse


def parse(parser: argparse.ArgumentParser, **small: object) -> argparse.Namespace:
    """The options of the command line; with ``--small`` the defaults are those of ``small``."""
    shown = ", ".join(f"{name.replace('_', '-')} {value}" for name, value in small.items())
    parser.add_argument("--small", action="store_true", help=f"seconds instead of minutes: {shown}")
    if parser.parse_args().small:
        parser.set_defaults(**small)
    return parser.parse_args()
