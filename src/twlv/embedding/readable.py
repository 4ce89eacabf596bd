"""Which samples of a data set can be read, found by reading them: no encoding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from twlv.contracts import Clip
from twlv.embedding.extract import default_workers, read_checked
from twlv.embedding.prefetch import prefetch
from twlv.embedding.reading import Reading, read_sample
from twlv.errors import VideoError
from twlv.types import Dataset, Sample


def unreadable(data: Dataset, reading: Reading, *, workers: int | None = None) -> Mapping[str, str]:
    """Id -> reason of every sample whose clips cannot be decoded to the end."""
    reasons: dict[str, str] = {}
    read = partial(_decoded, reading=reading)
    count = default_workers() if workers is None else workers
    for sample, clips in prefetch(data.samples, read, workers=count):
        try:
            seen = sum(1 for _ in clips)
        except VideoError as error:
            reasons[sample.video_id] = f"{error.reason}: {error.seen}"
            continue
        if not seen:
            reasons[sample.video_id] = "no_frames: the plan gave no clip"
    return reasons


def _decoded(sample: Sample, reading: Reading) -> Iterator[Clip]:
    return read_checked(sample, partial(read_sample, reading=reading))
