"""Ids of videos: which may name files, and the short names that follow from them."""

from __future__ import annotations

import hashlib

from twlv.errors import StoreError

MAX_ID_CHARACTERS = 1024


def check_id(video_id: str) -> str:
    """The id itself, or StoreError: ids are relative posix names, so that they can become file names."""
    bad = ""
    if not video_id:
        bad = "is empty"
    elif len(video_id) > MAX_ID_CHARACTERS:
        bad = f"has {len(video_id)} characters (at most {MAX_ID_CHARACTERS})"
    elif "\0" in video_id:
        bad = "holds a NUL character"
    elif "\\" in video_id:
        bad = "holds a backslash"
    elif video_id.startswith("/") or video_id[1:3] == ":/":
        bad = "is an absolute path"
    elif ".." in video_id.split("/"):
        bad = "holds a '..' part"
    elif any("\ud800" <= character <= "\udfff" for character in video_id):
        bad = "is not valid unicode"
    if bad:
        raise StoreError(f"video id {video_id[:80]!r} {bad}; use a relative name such as 'train/clip_01'")
    return video_id


def digest(text: str) -> str:
    """16 hex digits of the sha256 of a text, for file names."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
