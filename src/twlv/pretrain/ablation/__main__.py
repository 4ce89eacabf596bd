"""``python -m twlv.pretrain.ablation run | table``: make the runs that are missing; write the table."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

_RESULTS = Path("docs/results/pretrain")


def main(arguments: list[str] | None = None) -> int:
    """0 when all is made, 1 with one line when something failed."""
    from twlv.errors import TwlvError

    options = _parser().parse_args(arguments)
    try:
        return _table(options) if options.action == "table" else _run(options)
    except TwlvError as error:
        sys.stderr.write(f"ablation: {error}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m twlv.pretrain.ablation")
    parser.add_argument("action", choices=("run", "table"))
    parser.add_argument("--results", type=Path, default=_RESULTS, help="folder of the results and the table")
    parser.add_argument("--work", type=Path, default=Path("runs/ablation"), help="folder of the runs")
    parser.add_argument("--variants", nargs="*", default=[], help="names, in order; none: all")
    parser.add_argument("--seeds", nargs="*", type=int, default=[0])
    parser.add_argument("--steps", type=int, default=700)
    parser.add_argument("--clips", type=int, default=64, help="clips of a step")
    parser.add_argument("--pool", type=int, default=2_048, help="rendered clips that are shown again and again")
    parser.add_argument(
        "--real", nargs="*", default=[], metavar="NAME=MANIFEST[@COLUMN=VALUE]",
        help="real clips to read out as well (splits train and val)",
    )  # fmt: skip
    return parser


def _run(options: argparse.Namespace) -> int:
    from twlv.pretrain.ablation.micro import Budget
    from twlv.pretrain.ablation.probes import ProbeSizes
    from twlv.pretrain.ablation.real import RealSet
    from twlv.pretrain.ablation.run import Places, run
    from twlv.pretrain.ablation.variants import variant, variants

    budget = Budget(steps=options.steps, num_clips=options.clips, pool=options.pool)
    places = Places(results=options.results, work=options.work)
    real = tuple(RealSet.parse(words) for words in options.real)
    chosen = [variant(name) for name in options.variants or variants()]
    for seed in options.seeds:
        for one in chosen:
            made = run(one, seed=seed, budget=budget, sizes=ProbeSizes(), places=places, real=real)
            sys.stdout.write(f"{made}\n")
            sys.stdout.flush()
    return 0


def _table(options: argparse.Namespace) -> int:
    from twlv.files import write_atomic
    from twlv.pretrain.ablation.table import table

    write_atomic(options.results / "README.md", table(options.results))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
