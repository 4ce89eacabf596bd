"""Targets of recognition as arrays: one class of each video, or which ones it has.

Axis letters: n videos, C classes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from twlv.errors import FeatureError
from twlv.metrics import Labels
from twlv.types import ClassLabel, ClassLabels, Sample


def labels_of(samples: Sequence[Sample], classes: Sequence[str] | None) -> Labels:
    """The class index of each sample (n,); or, where all may have several of ``classes``, which ones (n, C).

    Raises:
        FeatureError: a sample without a class label, or with another kind of it; names the video.
    """
    if classes is not None and any(isinstance(sample.target, ClassLabels) for sample in samples):
        return memberships(samples, len(classes))
    return np.array([class_label(sample) for sample in samples], dtype=np.int64)


def memberships(samples: Sequence[Sample], num_classes: int) -> npt.NDArray[np.bool_]:
    """Which of the classes each sample has, (n, C). Errors as ``labels_of``."""
    found = np.zeros((len(samples), num_classes), dtype=bool)
    for row, sample in zip(found, samples, strict=True):
        if not isinstance(sample.target, ClassLabels):
            raise FeatureError(f"video '{sample.video_id}' has not a list of class labels, as others have")
        indices = np.array(sample.target.indices, dtype=np.int64)
        if (bad := indices[(indices < 0) | (indices >= num_classes)]).size:
            known = f"the data set has {num_classes} classes (0 to {num_classes - 1})"
            raise FeatureError(f"video '{sample.video_id}' has label {bad[0]}, but {known}")
        row[indices] = True
    return found


def class_label(sample: Sample) -> int:
    """The class index of a sample; FeatureError, naming the video, if it has none or several."""
    if not isinstance(sample.target, ClassLabel):
        seen = "no class label" if sample.target is None else "several class labels"
        raise FeatureError(f"video '{sample.video_id}' has {seen}; recognition needs one for every video")
    return sample.target.index
