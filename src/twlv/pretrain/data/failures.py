"""What could not be read: counted, listed, and when it is too much."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from twlv.errors import InputError
from twlv.files import write_atomic
from twlv.pretrain.data.source import Failed, Read, Source

SHOWN = 5


@dataclass
class Failures:
    """Counts draws, and those of them that failed. ``most`` is the share that is put up with.

    The share is looked at from ``least_draws`` draws on, and counts from the start of this process, on this
    rank. ``seen`` maps what failed to how often it did.
    """

    most: float = 0.05
    least_draws: int = 200
    draws: int = 0
    failed: int = 0
    seen: dict[Failed, int] = field(default_factory=dict)

    def leave_out(self, source: Source) -> None:
        """List what a source refused before the first draw, with 0 times."""
        for one in source.refused:
            self.seen.setdefault(one, 0)

    def count(self, reads: Sequence[Read]) -> None:
        """Add what was read. InputError if a turn gave nothing, or if too large a share has failed."""
        for read in reads:
            self.draws += len(read.failed) + bool(read.items)
            self.failed += len(read.failed)
            for one in read.failed:
                self.seen[one] = self.seen.get(one, 0) + 1
            if not read.items:
                raise InputError(f"{len(read.failed)} draws one after another failed; {self.summary()}")
        if self.draws >= self.least_draws and self.failed > self.most * self.draws:
            raise InputError(
                f"more than {self.most:.0%} of the draws failed; {self.summary()}; "
                "mend or leave out these files, or allow a larger share (max_failed_share)"
            )

    def summary(self) -> str:
        """One line: how many of how many, and the files that failed most often."""
        if not self.seen:
            return f"0 of {self.draws} draws failed"
        often = sorted(self.seen.items(), key=lambda item: (-item[1], item[0].source, item[0].item_id))
        shown = ", ".join(f"{one.source}/{one.item_id} ({one.reason})" for one, _ in often[:SHOWN])
        more = f", and {len(often) - SHOWN} more" if len(often) > SHOWN else ""
        return f"{self.failed} of {self.draws} draws failed: {shown}{more}"

    def save(self, path: str | Path) -> Path:
        """Write the list as JSON lines (source, id, reason, times), sorted; the path written."""
        rows = sorted(self.seen.items(), key=lambda item: (item[0].source, item[0].item_id, item[0].reason))
        lines = (
            json.dumps(
                {"source": one.source, "id": one.item_id, "reason": one.reason, "times": times},
                ensure_ascii=False,
            )
            for one, times in rows
        )
        write_atomic(Path(path), "".join(f"{line}\n" for line in lines))
        return Path(path)
