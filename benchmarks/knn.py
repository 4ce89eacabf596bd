"""kNN beside a bare matrix product with topk, and beside the report authors' script.

    python benchmarks/knn.py                          ours and bare, 20,000 training videos
    python benchmarks/knn.py --small                  a few seconds
    python benchmarks/knn.py --repeats 7              each seven times in turn; smallest, middle, ratios
    python benchmarks/knn.py --authors CHECKOUT       also CHECKOUT/knn/main.py, unmodified, on the same vectors

``bare`` is float32 ``queries @ bank.T`` and ``topk(200)`` on vectors that are ready: no reading, no votes.
``search`` is our exact search on the same ready vectors. ``ours`` is the whole task on vectors in memory:
gathering, checks, search, votes, scores with their intervals. CPU seconds include all threads and children.
Aim: ours within 1.3 of bare. A ratio is the middle one of those of single rounds, in which the programs run one
after the other; on a machine that others use the ratio of CPU seconds is the one to look at.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import numpy as np
import torch

from synthetic_embeddings import SMALL, ArrayFeatures, Cost, Kind, Size, make, timed, write_authors_layout
from twlv.heads import nearest, to_unit
from twlv.tasks import KNN

VARIANTS: dict[str, tuple[Kind, str]] = {
    "uniform": ("uniform", "video"),
    "video": ("multi-clip", "video"),
    "clip": ("multi-clip", "clip"),
}


def main() -> None:
    args = arguments()
    size = SMALL if args.small else Size()
    for variant in args.variants:
        kind, rows = VARIANTS[variant]
        train, test = make(kind, "train", size), make(kind, "val", size)
        task = KNN(bank=rows, query=rows, device=args.device)
        task.run(make(kind, "train", SMALL), make(kind, "val", SMALL))  # imports and warm-up
        outcome, _ = timed(lambda: task.run(train, test))  # noqa: B023 - called at once
        print(
            f"{variant}: top-1 {outcome.scores['knn/top1'].value:.3f}, {outcome.details['bank_rows']} bank rows"
        )
        works = {
            "ours": lambda: task.run(train, test),  # noqa: B023
            "search": our_search(train, test, rows, args.device),
            "bare": bare_search(train, test, rows, args.device),
        }
        rounds = [{name: timed(work)[1] for name, work in works.items()} for _ in range(args.repeats)]
        for name in works:
            print_costs(name, [one[name] for one in rounds], [one["bare"] for one in rounds])
        if args.authors:
            ours = min((one["ours"] for one in rounds), key=lambda cost: cost.cpu_seconds)
            accuracy, theirs = timed(authors(args.authors, train, test, rows))
            print(
                f"  authors {theirs}   {theirs.cpu_seconds / ours.cpu_seconds:5.2f} times ours in CPU; "
                f"top-1 {accuracy} (their last incomplete batch dropped)"
            )


def print_costs(name: str, costs: list[Cost], bare: list[Cost]) -> None:
    cpu = [cost.cpu_seconds for cost in costs]
    wall = [cost.wall_seconds for cost in costs]
    of_cpu = median(one.cpu_seconds / other.cpu_seconds for one, other in zip(costs, bare, strict=True))
    of_wall = median(one.wall_seconds / other.wall_seconds for one, other in zip(costs, bare, strict=True))
    print(
        f"  {name:7} CPU s least {min(cpu):6.2f} median {median(cpu):6.2f}   wall s least {min(wall):6.2f} "
        f"median {median(wall):6.2f}   {of_cpu:5.2f} of bare's CPU, {of_wall:5.2f} of its wall",
        flush=True,
    )


def bare_search(train: ArrayFeatures, test: ArrayFeatures, rows: str, device: str):
    where = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device)
    bank, queries = (unit(features, rows).to(where) for features in (train, test))

    def work() -> None:
        for start in range(0, len(queries), 512):
            (queries[start : start + 512] @ bank.T).topk(200, dim=1)
        if where.type == "cuda":
            torch.cuda.synchronize()

    return work


def our_search(train: ArrayFeatures, test: ArrayFeatures, rows: str, device: str):
    bank, queries = (unit(features, rows).numpy() for features in (train, test))
    for vectors in (bank, queries):
        to_unit(vectors)
    return lambda: nearest(bank, queries, 200, device=device)


def unit(features: ArrayFeatures, rows: str) -> torch.Tensor:
    arrays = features.vectors if rows == "clip" else [v.mean(0, keepdims=True) for v in features.vectors]
    return torch.nn.functional.normalize(torch.from_numpy(np.concatenate(arrays)))


def authors(checkout: Path, train: ArrayFeatures, test: ArrayFeatures, rows: str):
    folder = Path(tempfile.mkdtemp(prefix="knn-"))
    for features in (train, test):
        write_authors_layout(features, folder)
    command = [sys.executable, "main.py", "--embeddings_dir", str(folder), "--cuda", "no"]
    command += ["--train_embed_type", rows, "--val_embed_type", rows]

    def work() -> str:
        done = subprocess.run(command, cwd=checkout / "knn", capture_output=True, text=True, check=True)
        return re.findall(r"Accuracy: ([\d.]+)", done.stdout + done.stderr)[-1]

    return work


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="seconds: 3,000 x 256 instead of 20,000 x 1,024")
    parser.add_argument("--authors", type=Path, help="a checkout of the report authors' repository")
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS), choices=list(VARIANTS))
    parser.add_argument("--device", default="auto")
    parser.add_argument("--repeats", type=int, default=1, help="rounds of ours, search and bare")
    return parser.parse_args()


if __name__ == "__main__":
    main()
