"""Every video that failed, with its reason, grouped by reason."""

from __future__ import annotations

from collections.abc import Mapping

from twlv.report.text import clean, escape_markdown, pad, width


def by_reason(failed: Mapping[str, str]) -> dict[str, tuple[tuple[str, str], ...]]:
    """Reason -> (video id, what was seen) by id; the most frequent reason first.

    A reason is one word before a colon (``truncated: 3 of 10 frames``), or a whole text without one. A message
    that names its file first (``a.mp4: truncated: ...``) counts under the word that follows.
    """
    groups: dict[str, list[tuple[str, str]]] = {}
    for video_id in sorted(failed):
        reason, seen = _split(failed[video_id])
        groups.setdefault(reason, []).append((video_id, seen))
    order = sorted(groups, key=lambda reason: (-len(groups[reason]), reason))
    return {reason: tuple(groups[reason]) for reason in order}


def _split(text: str) -> tuple[str, str]:
    parts = [part.strip() for part in clean(text).split(": ")]
    for index, part in enumerate(parts[:-1]):
        if part.replace("_", "").isalpha():
            return part, ": ".join(parts[index + 1 :])
    return ": ".join(parts) or "no reason was given", ""


def failures(failed: Mapping[str, str], *, limit: int | None = None) -> str:
    """The table for a terminal: a heading for every reason with its count, below it the ids.

    ``limit`` shows at most so many ids of a reason and says how many are left out. Empty if nothing failed.
    """
    lines: list[str] = []
    for reason, items in by_reason(failed).items():
        lines.append(f"{reason}: {_videos(len(items))}")
        shown = [(clean(video_id), seen) for video_id, seen in items[:limit]]
        column = max(width(video_id) for video_id, _ in shown) if shown else 0
        lines += [f"  {pad(video_id, column)}  {seen}".rstrip() for video_id, seen in shown]
        if len(shown) < len(items):
            lines.append(f"  and {len(items) - len(shown)} more")
    return "\n".join(lines)


def failures_markdown(failed: Mapping[str, str]) -> str:
    """The same as a Markdown table: reason, video, what was seen. Empty if nothing failed."""
    if not failed:
        return ""
    rows = [
        f"| {escape_markdown(reason)} | {escape_markdown(video_id)} | {escape_markdown(seen)} |"
        for reason, items in by_reason(failed).items()
        for video_id, seen in items
    ]
    return "\n".join(["| reason | video | seen |", "|---|---|---|", *rows])


def _videos(count: int) -> str:
    return "1 video" if count == 1 else f"{count} videos"
