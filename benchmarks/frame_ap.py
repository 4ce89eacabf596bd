"""Frame AP of a file of detections as large as those of AVA's validation split.

    python benchmarks/frame_ap.py            write both files, then read and score them in a process of its own
    python benchmarks/frame_ap.py --small    a few seconds

57,408 key frames of 64 videos, 60 detections each (3,444,480 rows), of 60 actions; 210,506 annotated rows.
Reading the files is part of the measurement, as it is in the official script, which takes 85.6 s of CPU on the
same numbers of rows. Aims: under 10 s of CPU and 2 GB of memory.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from small import parse
from twlv.data.boxes.classes import AVA_NOT_EVALUATED
from twlv.data.boxes.rows import read_box_rows
from twlv.data.boxes.score import score_boxes
from twlv.metrics.frame_boxes import RULES

ACTIONS = [number for number in range(1, 81) if number not in AVA_NOT_EVALUATED]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    args = parse(parser)
    if args.one:
        measure(args.one)
        return
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), videos=2 if args.small else 64, seconds=50 if args.small else 897)
        subprocess.run([sys.executable, __file__, "--one", folder], check=True)


def measure(folder: Path) -> None:
    started = time.process_time()
    detections, truth = (read_box_rows(folder / name) for name in ("found.csv", "true.csv"))
    read = time.process_time() - started
    actions = {number: str(number) for number in ACTIONS}
    report = score_boxes(detections, truth, actions=actions, rules=RULES["official"])
    whole = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"{len(detections):,} detections, {len(truth):,} annotated rows, {report.num_frames:,} frames: "
        f"read {read:.2f} s, scored {whole - read:.2f} s, together {whole:.2f} s of CPU, peak {peak:.2f} GB, "
        f"frame mAP {report.scores.mean_ap:.6f}"
    )


def write(folder: Path, *, videos: int, seconds: int) -> None:
    """Made-up people, and detections around them and elsewhere, one video after another."""
    rng = np.random.default_rng(0)
    with (folder / "true.csv").open("w") as true, (folder / "found.csv").open("w") as found:
        for video in range(videos):
            for second in range(902, 902 + seconds):
                people = 1 + rng.poisson(0.75)
                corner = rng.random((people, 2)) * 0.6
                boxes = np.concatenate([corner, corner + 0.1 + 0.3 * rng.random((people, 2))], axis=1)
                for person, box in enumerate(boxes):
                    for action in rng.choice(ACTIONS, 1 + rng.poisson(1.11), replace=False):
                        true.write(f"v{video:010},{second:04},{_text(box, 3)},{action},{person}\n")
                which = rng.integers(0, people, 60)
                guesses = boxes[which] + rng.normal(0, 0.03, (60, 4))
                guesses[30:] = rng.random((30, 4)) * 0.4 + np.array([0, 0, 0.5, 0.5])
                actions, scores = rng.choice(ACTIONS, 60), rng.random(60)
                found.writelines(
                    f"v{video:010},{second:04},{_text(box, 6)},{action},{score:.8f}\n"
                    for box, action, score in zip(guesses, actions, scores, strict=True)
                )


def _text(box: np.ndarray, digits: int) -> str:
    return ",".join(f"{value:.{digits}f}" for value in box)


if __name__ == "__main__":
    main()
