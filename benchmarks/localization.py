"""Temporal localization beside the released code: a training step, suppression of segments, and mAP.

    python benchmarks/localization.py                         ours, and plain loops for mAP and suppression
    python benchmarks/localization.py --small                 a few seconds
    python benchmarks/localization.py --reference CHECKOUT    also the step of ActionFormer's release
    python benchmarks/localization.py --part step|nms|map     one part alone

All CPU seconds, one thread, ours and the other in turn in one process. The step is forward, backward,
clipping, AdamW and running mean at the report's size (width 1024 in, 256 inside). ``thumos14`` takes pairs of
videos of the lengths that its 200 training videos have (deciles); ``thumos14-long`` two videos that fill the
window, where there is no padding to save; ``activitynet`` 16 videos of 180 steps. With ``nms_1d_cpu`` (the
release's compiled extension) on the path, suppression is measured beside it, else beside a loop over
segments. mAP is measured beside a loop over detections with the same result; the released evaluators add to
it the cost of pandas.

Aims: a step 1.3 times, mAP 20 times faster than the released code (10.8 and 184 CPU seconds were measured on
THUMOS14's and ActivityNet's 42,400 and 985,200 detections), suppression of 11,000 segments within 1.5 of it.
"""

from __future__ import annotations

import argparse
import importlib.machinery
import importlib.util
import resource
import sys
import time
import types
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from small import parse
from twlv.heads.actionformer import fit
from twlv.heads.actionformer.config import ActionFormerConfig, activitynet, thumos14
from twlv.heads.actionformer.suppression import SuppressionSettings, suppress
from twlv.metrics.temporal_ap import ACTIVITYNET_THRESHOLDS, THUMOS14_THRESHOLDS, detection_scores
from twlv.metrics.temporal_segments import Segments
from twlv.nn.precision import fast_float32

WIDTH = 1024
PAIRS = ((229, 1449), (2304, 613), (1028, 386), (850, 2304), (1276, 1734))
"""Deciles of 0.95 times the steps of THUMOS14's training videos, at most 2,304, two by two."""


def main() -> None:
    args = arguments()
    torch.set_num_threads(1)
    if args.part in (None, "step"):
        steps(args)
    if args.part in (None, "nms"):
        suppression(args.segments)
    if args.part in (None, "map"):
        mean_ap(212 if not args.small else 20, 20, 200, THUMOS14_THRESHOLDS, "THUMOS14's size")
        mean_ap(4926 if not args.small else 50, 200, 200, ACTIVITYNET_THRESHOLDS, "ActivityNet's size")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"peak memory of the process {peak:.2f} GB")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", type=Path, help="checkout of happyharrycn/actionformer_release")
    parser.add_argument("--part", choices=("step", "nms", "map"))
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--segments", type=int, default=11_000)
    return parse(parser, rounds=1, segments=300)


def cpu(work: Callable[[], Any]) -> tuple[Any, float]:
    before = time.process_time()
    found = work()
    return found, time.process_time() - before


# ---------------------------------------------------------------- a training step


def steps(args: argparse.Namespace) -> None:
    cases: dict[str, list[list[int]]] = {
        "thumos14": [list(pair) for pair in PAIRS],
        "thumos14-long": [[2304, 2304]],
        "activitynet": [[180] * 16],
    }
    if args.small:
        cases = {"thumos14": [[64, 96]], "activitynet": [[180, 180]]}
    for name, batches in cases.items():
        shown = [f"{name:<14}"]
        programs = {"ours": our_step(name)}
        if args.reference:
            programs["reference"] = released_step(args.reference, name)
        spent: dict[str, list[float]] = {program: [] for program in programs}
        for round_ in range(args.rounds + 1):  # the first warms up
            for program, step in programs.items():
                each = [cpu(partial(step, items(batch, name)))[1] for batch in batches]
                spent[program] += [sum(each) / len(each)] if round_ or args.small else []
        best = {program: min(each) for program, each in spent.items()}
        shown += [f"{program} {seconds:.2f} CPU s a step" for program, seconds in best.items()]
        if "reference" in best:
            shown.append(f"{best['reference'] / best['ours']:.2f} times")
        print("  ".join(shown), flush=True)


def classes_of(name: str) -> int:
    return 20 if name.startswith("thumos") else 1


def items(lengths: list[int], name: str) -> list[fit.Item]:
    generator = torch.Generator().manual_seed(sum(lengths))
    return [
        (
            torch.randn(length, WIDTH, generator=generator),
            torch.sort(torch.rand(15, 2, generator=generator) * length, dim=1).values,
            torch.randint(0, classes_of(name), (15,), generator=generator),
        )
        for length in lengths
    ]


def our_step(name: str) -> Callable[[list[fit.Item]], Any]:
    made: Callable[..., ActionFormerConfig] = thumos14 if name.startswith("thumos") else activitynet
    config = made(input_width=WIDTH, num_classes=classes_of(name))
    recipe = fit.FitRecipe(network=config, epochs=1, warmup_epochs=0, batch_size=2, learning_rate=1e-4)
    device = torch.device("cpu")
    training = fit._begin(recipe, 0, device)
    training.model.train()

    def step(batch: list[fit.Item]) -> None:
        with fast_float32(device):  # as the task does
            fit.update(training, batch, recipe, rate=1e-4, device=device)

    return step


def released_step(checkout: Path, name: str) -> Callable[[list[fit.Item]], Any]:
    """The release with the report's settings, on the CPU."""
    _without_extras(checkout)
    from libs.core import load_config  # type: ignore[import-not-found]
    from libs.modeling import make_meta_arch  # type: ignore[import-not-found]
    from libs.utils import ModelEma, make_optimizer  # type: ignore[import-not-found]

    file = "thumos_i3d.yaml" if name.startswith("thumos") else "anet_tsp.yaml"
    config = load_config(str(checkout / "configs" / file))
    config["model"] |= {
        "input_dim": WIDTH, "embd_dim": 256, "fpn_dim": 256, "head_dim": 256, "use_abs_pe": False,
        "num_classes": classes_of(name),
    }  # fmt: skip
    config["model"]["train_cfg"]["label_smoothing"] = 0.1
    model = make_meta_arch(config["model_name"], **config["model"]).train()
    optimizer, mean = make_optimizer(model, config["opt"]), ModelEma(model)

    def step(batch: list[fit.Item]) -> None:
        videos = [
            {"video_id": str(i), "feats": rows.T, "segments": segments, "labels": labels, "fps": 30.0,
             "duration": len(rows) / 8, "feat_stride": 4, "feat_num_frames": 16}
            for i, (rows, segments, labels) in enumerate(batch)
        ]  # fmt: skip
        optimizer.zero_grad(set_to_none=True)
        model(videos)["final_loss"].backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        mean.update(model)

    return step


def _without_extras(checkout: Path) -> None:
    """The release imports packages that a step does not use: empty stand-ins where they are absent."""
    if str(checkout) not in sys.path:
        sys.path.insert(0, str(checkout))
    wanted = ["pandas", "joblib", "h5py", "tensorboard", "nms_1d_cpu"]
    absent = [name for name in wanted if importlib.util.find_spec(name) is None]
    for name in (*absent, *(["torch.utils.tensorboard"] if "tensorboard" in absent else [])):
        stand_in = types.ModuleType(name)
        stand_in.__spec__ = importlib.machinery.ModuleSpec(name, None)
        stand_in.__getattr__ = lambda _: object  # type: ignore[method-assign]
        sys.modules[name] = stand_in


# ---------------------------------------------------------------- suppression


def suppression(count: int) -> None:
    rng = np.random.default_rng(0)
    start = rng.uniform(0, 2000, count)
    segments = np.stack([start, start + rng.gamma(2.0, 20.0, count)], axis=1).astype(np.float32)
    scores = rng.random(count).astype(np.float32) ** 4
    for name, by_class, most in (("over all", False, 200), ("by class", True, 200)):
        labels = rng.integers(0, 20 if by_class else 1, count)
        settings = SuppressionSettings(by_class=by_class, most=most)
        ours = min(cpu(lambda s=settings, k=labels: suppress(segments, scores, k, s))[1] for _ in range(5))
        other, seconds = released_soft(segments, scores, labels)
        print(
            f"suppression of {count} segments, {name}: ours {ours:.4f}, {other} {seconds:.4f} CPU s "
            f"({ours / seconds:.2f} of it)",
            flush=True,
        )


def released_soft(segments: np.ndarray, scores: np.ndarray, labels: np.ndarray) -> tuple[str, float]:
    """Soft suppression class by class by the compiled extension, or by a loop over segments."""
    groups = [labels == label for label in np.unique(labels)]
    try:
        import nms_1d_cpu  # type: ignore[import-not-found]

        compiled = nms_1d_cpu.softnms
    except (ImportError, AttributeError, TypeError):
        return "a loop", min(cpu(lambda: [soft_loop(segments[g], scores[g]) for g in groups])[1] for _ in "1")

    def run() -> None:
        for group in groups:
            left, points = torch.from_numpy(segments[group]), torch.from_numpy(scores[group])
            compiled(left, points, left.new_empty((len(left), 3)), 0.1, 0.5, 0.001, 2)

    return "C++", min(cpu(run)[1] for _ in range(5))


def soft_loop(segments: np.ndarray, scores: np.ndarray, most: int = 200) -> list[tuple[float, int]]:
    """Plain Python on lists, one pair at a time, as far as ``most`` picks."""
    rows = [
        (float(a), float(b), float(s), i) for i, ((a, b), s) in enumerate(zip(segments, scores, strict=True))
    ]
    picked = []
    while rows and len(picked) < most:
        best = max(rows, key=lambda row: row[2])
        picked.append((best[2], best[3]))
        kept = []
        for start, end, score, index in rows:
            if index == best[3]:
                continue
            shared = max(0.0, min(end, best[1]) - max(start, best[0]))
            overlap = shared / (end - start + best[1] - best[0] - shared + 2e-6)
            less = score * (float(np.exp(-overlap * overlap / 0.5)) if shared else 1.0)
            if less >= 0.001:
                kept.append((start, end, less, index))
        rows = kept
    return picked


# ---------------------------------------------------------------- mAP


def mean_ap(videos: int, classes: int, detections: int, thresholds: tuple[float, ...], name: str) -> None:
    found, truth = drawn(videos, classes, detections)
    scores, ours = cpu(lambda: detection_scores(found, truth, thresholds=thresholds))
    loop, seconds = cpu(lambda: loop_map(found, truth, thresholds))
    print(
        f"mAP of {len(found)} detections, {name}: ours {ours:.2f}, a loop {seconds:.2f} CPU s "
        f"({seconds / ours:.1f} times), difference {abs(loop - scores.average):.1e}",
        flush=True,
    )


def drawn(videos: int, classes: int, detections: int) -> tuple[Segments, Segments]:
    """About four segments of two classes in a video; half of the detections lie near one."""
    rng = np.random.default_rng(0)
    per = 16 if classes == 20 else 2
    video = np.repeat(np.arange(videos), per)
    start = rng.uniform(0, 100, len(video))
    kind = np.repeat(rng.integers(0, classes, videos), per)
    kind[:classes] = np.arange(classes)[: len(kind)]
    truth = Segments(video=video, label=kind, start=start, end=start + rng.uniform(1, 20, len(video)))
    rows = np.repeat(np.arange(videos), detections)
    near = rows * per + rng.integers(0, per, len(rows))
    shift = rng.normal(0, 2.0, (2, len(rows))) * np.where(rng.random(len(rows)) < 0.5, 1, 10)
    begin = truth.start[near] + shift[0]
    found = Segments(
        video=rows,
        label=np.where(rng.random(len(rows)) < 0.8, kind[near], rng.integers(0, classes, len(rows))),
        start=begin,
        end=np.maximum(truth.end[near] + shift[1], begin + 0.1),
        score=rng.permutation(len(rows)).astype(np.float64),
    )
    return found, truth


def loop_map(found: Segments, truth: Segments, thresholds: tuple[float, ...]) -> float:
    """As the evaluators do: each detection by itself, from the surest on, at each threshold."""
    assert found.score is not None
    by_place: dict[tuple[int, int], list[int]] = {}
    for row in range(len(truth)):
        by_place.setdefault((int(truth.video[row]), int(truth.label[row])), []).append(row)
    values = []
    for label in np.unique(truth.label):
        own = np.flatnonzero(found.label == label)
        own = own[np.argsort(-found.score[own], kind="stable")]
        locked = [set() for _ in thresholds]
        hits = np.zeros((len(thresholds), len(own)), dtype=bool)
        for place, row in enumerate(own):
            near = by_place.get((int(found.video[row]), int(label)), [])
            if not near:
                continue
            shared = np.clip(
                np.minimum(found.end[row], truth.end[near]) - np.maximum(found.start[row], truth.start[near]),
                0,
                None,
            )
            union = found.end[row] - found.start[row] + truth.end[near] - truth.start[near] - shared
            overlap = shared / union
            for level, threshold in enumerate(thresholds):
                for index in np.argsort(-overlap):
                    if overlap[index] < threshold:
                        break
                    if near[index] not in locked[level]:
                        locked[level].add(near[index])
                        hits[level, place] = True
                        break
        total = int((truth.label == label).sum())
        for hit in hits:
            places = np.flatnonzero(hit)
            precision = np.arange(1, len(places) + 1) / (places + 1)
            values.append(np.maximum.accumulate(precision[::-1]).sum() / total if len(places) else 0.0)
    return float(np.mean(values))


if __name__ == "__main__":
    main()
