"""The linear probe beside the report authors' script.

    python benchmarks/linear_probe.py                      ours: the authors' recipe, then the grid of 20 points
    python benchmarks/linear_probe.py --small              seconds instead of minutes
    python benchmarks/linear_probe.py --authors CHECKOUT   also CHECKOUT/linear_probing/main.py, unmodified

The default signal saturates (99 %); use --signal 0.2 to compare accuracies. CPU seconds include all threads and
child processes.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from synthetic_embeddings import SMALL, ArrayFeatures, Cost, Size, make, timed, write_authors_layout
from twlv.tasks import LinearProbe


def main() -> None:
    args = arguments()
    size = replace(SMALL if args.small else Size(), signal=args.signal)
    train, test = make("uniform", "train", size), make("uniform", "val", size)
    epochs = args.epochs or (12 if args.small else 150)
    probes = {
        f"authors' recipe, {epochs} epochs": LinearProbe(recipe="authors", epochs=epochs, device=args.device),
        "grid": LinearProbe(device=args.device, epochs=4 if args.small else None),
    }
    if args.grid_only:
        del probes[f"authors' recipe, {epochs} epochs"]
    warm_up(args.device)
    costs: dict[str, Cost] = {}
    for name, probe in probes.items():
        outcome, costs[name] = timed(lambda: probe.run(train, test))  # noqa: B023 - called at once
        shown = ", ".join(f"{key} {score.value:.3f}" for key, score in outcome.scores.items())
        print(f"ours, {name}, {len(probe.points)} points: {costs[name]}\n  {shown}")
        point = (outcome.details["learning_rate"], outcome.details["weight_decay"])
        print(f"  learning rate and weight decay {point}")
    if args.authors:
        accuracy, theirs = timed(authors(args.authors, train, test, epochs))
        print(
            f"authors, {epochs} epochs, 1 point: {theirs}\n  top-1 {accuracy} (last incomplete batch dropped)"
        )
        for name, cost in costs.items():
            print(f"  {theirs.cpu_seconds / cost.cpu_seconds:.2f} times the CPU of ours, {name}")


def warm_up(device: str) -> None:
    tiny = replace(SMALL, train=500, test=400)
    LinearProbe(device=device, epochs=1).run(make("uniform", "train", tiny), make("uniform", "val", tiny))


def authors(checkout: Path, train: ArrayFeatures, test: ArrayFeatures, epochs: int):
    folder = Path(tempfile.mkdtemp(prefix="probe-"))
    for features in (train, test):
        write_authors_layout(features, folder)
    command = [sys.executable, "main.py", "--embeddings_dir", str(folder), "--cuda", "no"]
    command += ["--epochs", str(epochs), "--val_interval", str(epochs)]

    def work() -> str:
        done = subprocess.run(
            command, cwd=checkout / "linear_probing", capture_output=True, text=True, check=True
        )
        return re.findall(r"Accuracy: ([\d.]+)", done.stdout + done.stderr)[-1]

    return work


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="seconds: 3,000 x 256 instead of 20,000 x 1,024")
    parser.add_argument("--authors", type=Path, help="a checkout of the report authors' repository")
    parser.add_argument("--epochs", type=int, help="of the authors' recipe and script (default 150)")
    parser.add_argument("--signal", type=float, default=0.32, help="how far apart classes are")
    parser.add_argument("--grid-only", action="store_true")
    parser.add_argument("--device", default="auto")
    return parser.parse_args()


if __name__ == "__main__":
    main()
