"""What looks wrong in files of boxes, in plain sentences with counts; nothing is corrected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from twlv.data.boxes.classes import AVA_NOT_EVALUATED, NUM_AVA
from twlv.data.boxes.rows import BoxRows
from twlv.metrics.frame_ap import FrameScores
from twlv.metrics.frame_boxes import FrameRules, Mask

SLACK = 1e-9
"""How far past 0 and 1 a corner may be before it is outside the frame."""
PIXELS = 2.0
"""Corners as large as this are pixels, not fractions."""


def notes_of_truth(truth: BoxRows, actions: Mapping[int, str]) -> list[str]:
    """Of annotated boxes and the list of actions."""
    lines = _corners(truth, "annotated", "they stay in the denominator, and nothing can find them")
    twice = len(truth) - len(
        np.unique(np.column_stack([truth.video, truth.time_us, truth.action, truth.xyxy]), axis=0)
    )
    if twice:
        lines.append(f"{twice} annotated rows repeat box and action of another: each is to be found on its own")
    unlisted = ~np.isin(truth.action, list(actions))
    if unlisted.any():
        ids = sorted({int(action) for action in truth.action[unlisted]})
        lines.append(f"{int(unlisted.sum())} annotated rows of actions that are not evaluated: {_some(ids)}")
    if len(actions) == 80 and set(AVA_NOT_EVALUATED) <= actions.keys():
        lines.append(
            f"80 actions are evaluated; published numbers on AVA are over {NUM_AVA}: give "
            "ava_action_list_v2.2_for_activitynet_2019.pbtxt"
        )
    return lines


def notes_of_detections(detections: BoxRows, truth: BoxRows, silent: int) -> list[str]:
    """Of detections; ``silent`` annotated frames have none."""
    lines = _corners(detections, "detected", "they are left out and are not false")
    if silent:
        lines.append(f"{silent} annotated key frames have no detection")
    ours, theirs = (float(rows.xyxy.max(initial=0)) for rows in (detections, truth))
    if (ours >= PIXELS) != (theirs >= PIXELS) and len(detections):
        lines.append(
            f"corners of detections reach {ours:g}, annotated ones {theirs:g}: one is in pixels, the other in "
            "fractions"
        )
    if (detections.action == 0).any():
        lines.append("detections of action 0: ids of AVA count from 1")
    bare = int(np.isnan(detections.last).sum())
    if bare:
        lines.append(f"{bare} detections without a score count as 1")
    return lines


def notes_of_scores(scores: FrameScores, actions: Mapping[int, str], rules: FrameRules) -> list[str]:
    """Of what did not count under the rules."""
    left = scores.left
    counted = {
        f"{left.other_label} detections of actions that are not evaluated are left out": left.other_label,
        f"{left.elsewhere} detections on frames without annotation are left out": left.elsewhere,
        f"{left.beyond_most} detections beyond the surest {rules.most_rows} of their frame are left out": (
            left.beyond_most
        ),
        f"{left.excluded} detections and {left.truth_excluded} rows of the truth are in excluded frames": (
            left.excluded + left.truth_excluded
        ),
        f"{scores.num_tied} detections share their score with another of their action: the earlier row goes "
        "first, other evaluators order them by chance": scores.num_tied,
    }
    lines = [text for text, applies in counted.items() if applies]
    names = list(actions.values())
    nobody = [names[index] for index in np.flatnonzero(scores.num_truth == 0)]
    if nobody:
        lines.append(f"{len(nobody)} evaluated actions have nobody and no AP: {_some(nobody)}")
    silent = [names[i] for i in np.flatnonzero((scores.num_truth > 0) & (scores.num_detections == 0))]
    if silent:
        effect = "are left out of the mean" if rules.undetected == "left_out" else "have AP 0"
        lines.append(f"{len(silent)} actions were never detected and {effect}: {_some(silent)}")
    return lines


def _corners(rows: BoxRows, what: str, effect: str) -> list[str]:
    low, high = rows.xyxy[:, :2], rows.xyxy[:, 2:]
    flat = np.any(high <= low, axis=1)
    lines = []
    if flat.any():
        lines.append(
            f"{int(flat.sum())} {what} boxes have no area (first: line {_first(rows, flat)}): {effect}"
        )
    outside = np.any((rows.xyxy < -SLACK) | (rows.xyxy > 1 + SLACK), axis=1)
    if outside.any() and float(rows.xyxy.max()) < PIXELS:
        lines.append(
            f"{int(outside.sum())} {what} boxes reach outside the frame (first: line {_first(rows, outside)}): "
            "they are compared as they are, nothing is clipped"
        )
    return lines


def _first(rows: BoxRows, mask: Mask) -> int:
    return int(rows.line[np.argmax(mask)])


def _some(values: list[Any], most: int = 8) -> str:
    shown = ", ".join(map(str, values[:most]))
    return shown + (f" and {len(values) - most} more" if len(values) > most else "")
