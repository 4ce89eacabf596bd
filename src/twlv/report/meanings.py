"""What each number means, in one line: what is counted, which way is better, and what guessing would give."""

from __future__ import annotations

from collections.abc import Mapping

from twlv.report.text import PERCENT_UNITS

METRICS = {
    "coverage": "test videos whose embeddings could be used",
    "top1": "videos whose first answer is the true class",
    "top5": "videos whose true class is among the first five answers",
    "mean_per_class": "the top-1 of every class by itself, averaged over classes",
    "map": "mean over classes of average precision, how well the videos that have a class are ranked by it",
    "accuracy": "frames with the true label",
    "edit": "likeness of the predicted and true order of segments (100 minus the normalised edit distance)",
    "mf1": "mean of the segment F1 at overlaps 0.10, 0.25 and 0.50",
    "auc": "area under the ROC curve; 0.5 is chance",
}
"""Metric (the part of a score's name behind the task) -> what it is."""

MOTION_DIRECTION = {
    "auc": "how surely held-out LDA tells reversed from forward videos; opposite classes in one set cancel",
    "paired_accuracy": "videos whose reversed version has the higher decision value",
    "accuracy": "forward and reversed versions on the right side of the decision",
    "afc": "held-out videos whose two versions are put in the right order (two-alternative forced choice)",
    "d_prime": "distance of forward and reversed decision values in standard deviations; luck gives above 0",
    "auc_pairs": "how surely the direction a video appears to have is told, the mean over opposite classes",
}
"""The same for the motion-direction test; chance, and what a backbone blind to time gets, is 0.5."""

_PATTERNS = {
    "recall_": "annotated segments that the surest detections find, as many for each as the number says",
    "map_": "mean average precision of segments at temporal overlap",
    "f1_": "segment F1 at overlap",
    "fap_": "frame average precision of boxes at overlap",
    "top": "videos whose true class is among the first answers, as many as the number says",
}


def meaning(score: str, *, unit: str, higher_is_better: bool, classes: Mapping[str, int]) -> str:
    """One sentence on a score; ``classes`` gives the number of classes by data set, for the level of chance."""
    metric, decoded = _plain(score.rpartition("/")[2])
    task = score.rpartition("/")[0]
    what = _of_direction(metric) if task == "motion_direction" else METRICS.get(metric) or _by_pattern(metric)
    what = what or "no description is known for this score"
    what += decoded
    parts = [
        f"{what}, in {unit}" if unit else what,
        "higher is better" if higher_is_better else "lower is better",
    ]
    chance = {name: _chance(metric, count, unit) for name, count in classes.items() if count > 0}
    shown = [f"{name} {value}" for name, value in chance.items() if value]
    if shown:
        parts.append(f"chance is {_chance_rule(metric)}: {', '.join(shown)}")
    return "; ".join(parts)


def _plain(metric: str) -> tuple[str, str]:
    """The metric without the suffix of scores on decoded videos only, and what that suffix says."""
    if metric.endswith("_decoded"):
        return metric.removesuffix("_decoded"), ", among the videos that could be embedded"
    return metric, ""


def _of_direction(metric: str) -> str:
    one, pair, other = metric.removeprefix("auc_").partition("_vs_")
    told = f"how surely '{one}' is told from '{other}' by the direction a video appears to have"
    what = told if pair else MOTION_DIRECTION.get(metric, "")
    return f"{what}; 0.5 is chance" if what and metric != "d_prime" else what


def _by_pattern(metric: str) -> str:
    for prefix, what in _PATTERNS.items():
        if metric.startswith(prefix):
            level = metric.removeprefix(prefix)
            if prefix == "top":
                return what if level.isdigit() else ""
            if level == "avg":
                return f"{what}, averaged over overlaps"
            return f"{what} {int(level) / 100:.2f}" if level.isdigit() else ""
    return ""


def _chance_rule(metric: str) -> str:
    rank = metric.removeprefix("top")
    return f"{rank}/C" if rank.isdigit() and rank != "1" else "1/C"


def _chance(metric: str, classes: int, unit: str) -> str:
    """The score of guessing among C classes: 1/C (top-k: k/C); empty where that is not how guessing works."""
    rank = metric.removeprefix("top")
    if not rank.isdigit() and "mean" not in metric:
        return ""
    fraction = min(int(rank) if rank.isdigit() else 1, classes) / classes
    if unit not in PERCENT_UNITS:
        return f"{fraction:.2g}"
    return f"{100 * fraction:.{0 if fraction >= 0.1 else 2}f} %"
