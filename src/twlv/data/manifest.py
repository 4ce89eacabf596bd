"""A manifest file to a ``Dataset``: the general way to bring one's own videos.

    video_id,path,label,split,start_seconds,end_seconds,group,fps      CSV with a header
    {"path": "a.mp4", "label": "serve", "split": "train"}              JSON lines, the same names
    a.mp4 3                                                            list file: path and label

Only ``path`` is needed. Further columns are kept for ``where``. See ``rows`` for what is tolerated (BOM,
CRLF, comments, blanks and commas in paths) and ``labels`` for the order of classes.
"""

from __future__ import annotations

import difflib
import hashlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from twlv.data.labels import read_classes, to_targets
from twlv.data.paths import id_of, resolve, span_suffix
from twlv.data.rows import ALIASES, Row, Table, is_video_name, parse
from twlv.errors import InputError, ManifestError, UnknownName
from twlv.types import Dataset, DatasetCard, Sample, Span, Target

SPLITS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}
"""Split names that are understood, and what they are called here."""

KINDS = ("appearance", "motion")


def read_manifest(
    path: str | Path,
    *,
    root: str | Path | None = None,
    where: Mapping[str, str] | None = None,
    classes: Sequence[str] | str | Path | None = None,
) -> Dataset:
    """Read a manifest. Paths are relative to ``root``, or to the manifest's folder.

    ``where`` keeps the rows whose columns have these values (``{"task": "tennis_stroke"}``) and is
    recorded in ``card.selection``. ``classes`` is an official class list (names in index order, or a text
    file of them). A file that is not on disk is no error: its id goes to ``missing``.

    ManifestError says file, line, what was seen and what to do; UnknownName for a column or value of
    ``where`` that is not there.
    """
    path = Path(path)
    content = _read(path)
    table = parse(path, content)
    _check_columns(table)
    rows = _select(table, where or {})
    targets, names = to_targets(table, rows, read_classes(classes))
    base = Path(root) if root is not None else path.parent
    reader = _Reader(table, base)
    samples = tuple(reader.sample(row, target) for row, target in zip(rows, targets, strict=True))
    card = DatasetCard(
        name=path.stem,
        classes=names,
        annotation_sha256=hashlib.sha256(content).hexdigest(),
        kind=_kind(rows),
        selection=",".join(f"{column}={value}" for column, value in sorted((where or {}).items())),
    )
    return Dataset(card=card, samples=samples, missing=frozenset(reader.missing))


class _Reader:
    """Rows to samples; remembers the ids seen, and those whose file is not on disk."""

    def __init__(self, table: Table, root: Path) -> None:
        self.table = table
        self.root = root
        self.missing: set[str] = set()
        self._lines: dict[str, int] = {}
        stem = table.path.stem.lower()
        self._split = SPLITS.get(stem, "") if "split" not in table.columns else ""

    def sample(self, row: Row, target: Target) -> Sample:
        """The sample of one row; ManifestError names its line."""
        written = row.values.get("path", "")
        if not written:
            raise self.table.error(row.line, "the path is empty")
        try:
            file = resolve(written, self.root)
        except InputError as error:
            raise self.table.error(row.line, str(error)) from error
        span = self._span(row)
        video_id = self._id(row, written, span)
        is_folder = file.is_dir()
        if not is_folder and not file.exists():
            self.missing.add(video_id)
        return Sample(
            video_id=video_id,
            path=str(file),
            split=self._split_of(row),
            target=target,
            span=span,
            group=row.values.get("group", ""),
            fps=self._fps(row, video_id, is_folder=is_folder),
        )

    def _id(self, row: Row, written: str, span: Span | None) -> str:
        video_id = row.values.get("video_id", "")
        if not video_id:
            suffix = span_suffix(span.start_seconds, span.end_seconds) if span else ""
            video_id = id_of(written, self.root) + suffix
        elif id_of(video_id) != video_id:
            raise self.table.error(
                row.line, f"video_id '{video_id}' is no relative name; use for instance '{id_of(video_id)}'"
            )
        if not video_id:
            raise self.table.error(row.line, f"path '{written}' names no file; give a video file")
        if video_id in self._lines:
            raise self.table.error(
                row.line,
                f"video_id '{video_id}' stands in line {self._lines[video_id]} already; "
                "give every row its own video_id",
            )
        self._lines[video_id] = row.line
        return video_id

    def _span(self, row: Row) -> Span | None:
        texts = [row.values.get(name, "") for name in ("start_seconds", "end_seconds")]
        if not any(texts):
            return None
        if not all(texts):
            raise self.table.error(row.line, "one of start_seconds and end_seconds is empty; give both or none")
        start, end = (self._number(row, name) for name in ("start_seconds", "end_seconds"))
        if not 0 <= start < end:
            raise self.table.error(row.line, f"span [{start:g}, {end:g}) s; it needs 0 <= start < end")
        return Span(start_seconds=start, end_seconds=end)

    def _fps(self, row: Row, video_id: str, *, is_folder: bool) -> float | None:
        """The declared rate of a folder of frames. A file has timestamps, whatever the column says."""
        folder_like = is_folder or (video_id in self.missing and not is_video_name(row.values["path"]))
        if not folder_like or not row.values.get("fps"):
            if is_folder:
                raise self.table.error(
                    row.line, "the path is a folder of frames; give its rate in a column fps"
                )
            return None
        fps = self._number(row, "fps")
        if fps <= 0:
            raise self.table.error(row.line, f"fps is {fps:g}; it needs a positive number")
        return fps

    def _number(self, row: Row, name: str) -> float:
        text = row.values[name]
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise self.table.error(row.line, f"{name} is '{text}'; give a number of seconds or frames a second")
        return value

    def _split_of(self, row: Row) -> str:
        text = row.values.get("split", "")
        if not text:
            return self._split
        if text.lower() not in SPLITS:
            raise self.table.error(
                row.line, f"unknown split '{text}'; use train, val or test (or leave it empty)"
            )
        return SPLITS[text.lower()]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ManifestError(f"{path}: no such file; give a manifest (CSV or JSON lines)") from error
    except OSError as error:
        raise ManifestError(f"{path}: cannot be read ({error.strerror})") from error


def _check_columns(table: Table) -> None:
    if not table.rows:
        raise ManifestError(f"{table.path}: a header but no rows")
    for needed in ("path", "label", "split"):
        if needed in table.columns:
            continue
        near = [name for name in table.columns if name.lower() in ALIASES[needed]]
        near += difflib.get_close_matches(needed, table.columns, n=1, cutoff=0.75)
        if near or needed == "path":
            hint = f"did you mean '{near[0]}'? rename it" if near else "add it"
            raise ManifestError(
                f"{table.path}: no column '{needed}' (seen: {', '.join(table.columns)}); {hint}, "
                "the columns are video_id,path,label,split[,start_seconds,end_seconds,group,fps]"
            )


def _select(table: Table, where: Mapping[str, str]) -> Sequence[Row]:
    rows: Sequence[Row] = table.rows
    for column, value in where.items():
        if column not in table.columns:
            raise UnknownName(f"column of {table.path}", column, table.columns)
        known = {row.values.get(column, "") for row in table.rows}
        if value not in known:
            near = (
                known if len(known) <= 30 else difflib.get_close_matches(value, known, n=5) or sorted(known)[:5]
            )
            raise UnknownName(f"value of column '{column}' in {table.path}", value, near)
        rows = [row for row in rows if row.values.get(column, "") == value]
    if not rows:
        chosen = ", ".join(f"{column}={value}" for column, value in where.items())
        raise ManifestError(f"{table.path}: no row has {chosen} together; loosen the selection")
    return rows


def _kind(rows: Sequence[Row]) -> str:
    kinds = {row.values.get("kind", "") for row in rows}
    kind = kinds.pop() if len(kinds) == 1 else ""
    return kind if kind in KINDS else ""
