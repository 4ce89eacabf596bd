"""What a check of a data set found, as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from twlv.files import write_atomic
from twlv.types import Json

SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class CheckReport:
    """``broken`` and ``missing`` are of video ids; ``counts`` split -> class name -> samples, ``samples``
    split -> samples (with several labels a video they are fewer than the counts add up to).

    ``leaks`` are groups that a split cuts (group -> splits), ``identical`` sets of ids whose files have
    the same bytes, ``notes`` sentences on what is allowed but often a mistake.
    """

    name: str
    num_samples: int
    num_files: int
    broken: Mapping[str, str]
    missing: tuple[str, ...]
    counts: Mapping[str, Mapping[str, int]]
    leaks: Mapping[str, tuple[str, ...]]
    identical: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    samples: Mapping[str, int] = field(default_factory=dict)

    @property
    def failed(self) -> dict[str, str]:
        """Every video that cannot be used, with its reason: the missing ones and the broken ones."""
        return {**dict.fromkeys(self.missing, "not_found: annotated, but no such file"), **self.broken}

    @property
    def num_readable(self) -> int:
        """Samples whose file is there and decodes."""
        return self.num_samples - len(self.failed)

    def to_json(self) -> dict[str, Json]:
        """A JSON-able document of all fields and the counts that follow from them."""
        return {
            "name": self.name,
            "num_samples": self.num_samples,
            "num_files": self.num_files,
            "num_readable": self.num_readable,
            "broken": dict(self.broken),
            "missing": list(self.missing),
            "counts": {split: dict(classes) for split, classes in self.counts.items()},
            "leaks": {group: list(splits) for group, splits in self.leaks.items()},
            "identical": [list(ids) for ids in self.identical],
            "notes": list(self.notes),
            "samples": dict(self.samples),
        }

    def save(self, path: str | Path) -> Path:
        """Write the JSON document atomically; the path written."""
        path = Path(path)
        write_atomic(path, json.dumps(self.to_json(), indent=1, ensure_ascii=False) + "\n")
        return path

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        readable = f"{self.num_readable} of {self.num_samples} samples readable"
        yield f"{self.name}: {readable} ({self.num_files} files)"
        for split, classes in self.counts.items():
            labels = {name: count for name, count in classes.items() if name}
            spread = f", {min(labels.values())} to {max(labels.values())} a class" if labels else ""
            number = self.samples.get(split, sum(classes.values()))
            yield f"  {split or '(no split)'}: {number} samples, {len(labels)} classes{spread}"
        yield from _section("missing", [(video_id, "not on disk") for video_id in self.missing])
        yield from _section("broken", list(self.broken.items()))
        leaks = [(group, "in " + ", ".join(splits)) for group, splits in self.leaks.items()]
        yield from _section("groups cut by a split", leaks)
        yield from _section("identical files", [(ids[0], "= " + ", ".join(ids[1:])) for ids in self.identical])
        yield from (f"  note: {note}" for note in self.notes)


def _section(title: str, items: list[tuple[str, str]]) -> Iterator[str]:
    if items:
        yield f"  {title}: {len(items)}"
        yield from (f"    {name}: {seen}" for name, seen in items[:SHOWN])
        if len(items) > SHOWN:
            yield f"    ... and {len(items) - SHOWN} more"
