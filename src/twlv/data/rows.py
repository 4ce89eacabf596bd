"""Manifest files as rows of texts with their line numbers: CSV, JSON lines, and headerless list files.

What a row means (labels, paths, spans) is decided in ``manifest``; here only the three ways of writing
them down are told apart and undone.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from twlv.errors import ManifestError

COLUMNS = ("video_id", "path", "label", "split", "start_seconds", "end_seconds", "group", "fps")
"""Columns with a meaning; all others are kept for ``where``."""

JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")
MANIFEST_SUFFIXES = (".csv", ".tsv", ".txt", *JSON_SUFFIXES)
"""Endings of annotation files; a file of any other ending that is given by its path is read as one, too."""

_SUFFIXES = """
mp4 m4v mov qt webm mkv avi mpg mpeg m2v ts mts m2ts vob wmv asf flv f4v 3gp 3g2 ogv ogg y4m h264 264 h265 265
hevc ivf mjpeg mjpg mxf dv gif apng rm rmvb divx m4a
"""
VIDEO_SUFFIXES = frozenset(f".{name}" for name in _SUFFIXES.split())

SEPARATORS = ("::", ",", "\t", " ")
"""Of list files, tried in this order. The last field of a line is the label, the rest is the path."""

_INTEGER = re.compile(r"[+-]?\d+")
_SUFFIX = re.compile(r"\.[A-Za-z][A-Za-z0-9]{1,4}$|\.3gp$|\.3g2$|\.26[45]$")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row: where it stands (1-based line of the file) and its texts by column, stripped."""

    line: int
    values: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Table:
    """All rows of a file and its columns in order."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def error(self, line: int, message: str) -> ManifestError:
        """An error that names this file and the line."""
        return ManifestError(f"{self.path}, line {line}: {message}")


def parse(path: Path, content: bytes) -> Table:
    """Tell the three kinds apart and read one; ManifestError names the file, the line and what was seen."""
    text = decode_text(path, content)
    lines = [(n, line) for n, line in enumerate(_lines(text), 1) if line.strip() and not _is_comment(line)]
    if not lines:
        raise ManifestError(f"{path}: no rows; a manifest has a header line such as path,label,split and rows")
    first = lines[0][1].strip()
    if path.suffix.lower() in JSON_SUFFIXES or first.startswith("{"):
        return _json_lines(path, lines)
    delimiter = _header_delimiter(first)
    if delimiter == " ":
        return _list_file(path, lines[1:], tuple(first.lower().replace("::", " ").split()))
    if delimiter:
        return _csv(path, text, lines[0][0], delimiter)
    return _list_file(path, lines, ("path", "label"))


def is_video_name(name: str) -> bool:
    """Whether the ending is that of a video file."""
    return Path(name).suffix.lower() in VIDEO_SUFFIXES


def decode_text(path: Path, content: bytes) -> str:
    """UTF-8 text without its byte order mark; ManifestError names the line of what is not text."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ManifestError(f"{path}: this is UTF-16; save it as UTF-8 (in a spreadsheet: 'CSV UTF-8')")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        seen = f"byte 0x{content[error.start]:02x} is not UTF-8"
        raise ManifestError(f"{path}, line {line}: {seen}; save the file as UTF-8") from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise ManifestError(f"{path}, line {line}: a NUL character; this is not a text file")
    return text


def _lines(text: str) -> list[str]:
    """Lines by newline alone: names may hold other line separators of Unicode."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _is_comment(line: str) -> bool:
    """``# text``; but names of real data sets begin with the sign too (``#20_Rhythm_clap.avi 1``)."""
    line = line.lstrip()
    names_video = any(is_video_name(field) for field in re.split(r"::|[,\t ]", line))
    return line.startswith("#") and (line[1:2] in ("", " ", "\t", "#") or not names_video)


# ---------------------------------------------------------------- CSV


def _header_delimiter(line: str) -> str:
    """The delimiter of a header line, a blank for a list file's header, or nothing: then it is data."""
    known = {*COLUMNS, *(alias for names in ALIASES.values() for alias in names)}
    for delimiter in (",", "\t", ";"):
        fields = {field.strip().strip('"').lower() for field in line.split(delimiter)}
        if len(fields & known) >= (1 if fields & {"path", "video_id"} else 2):
            return delimiter
    fields = set(line.lower().replace("::", " ").split())
    return " " if fields <= known and "path" in fields else ""


ALIASES = {
    "path": ("file", "filename", "file_name", "filepath", "file_path", "video", "video_path", "clip", "name"),
    "label": ("labels", "class", "class_name", "category", "action", "target", "annotation"),
    "split": ("subset", "set", "fold", "partition"),
    "video_id": ("id", "vid", "videoid", "video_name", "youtube_id"),
}
"""What others call our columns: used in suggestions only, never read in silence."""


def _csv(path: Path, text: str, header_line: int, delimiter: str) -> Table:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: tuple[str, ...] = ()
    rows: list[Row] = []
    before = 0
    try:
        for fields in reader:
            line, before = before + 1, reader.line_num
            if line < header_line or not any(field.strip() for field in fields):
                continue
            if not columns:
                columns = _columns(path, line, fields)
            elif len(fields) == len(columns):
                values = {name: field.strip() for name, field in zip(columns, fields, strict=True)}
                rows.append(Row(line=line, values=values))
            elif columns == ("path", "label") and len(fields) > 2:  # commas in a path, unquoted
                values = {"path": delimiter.join(fields[:-1]).strip(), "label": fields[-1].strip()}
                rows.append(Row(line=line, values=values))
            elif not fields[0].lstrip().startswith("#"):
                hint = (
                    f"quote a field that holds a '{delimiter}'"
                    if len(fields) > len(columns)
                    else "fill the row"
                )
                raise ManifestError(
                    f"{path}, line {line}: {len(fields)} fields, but the header has {len(columns)}; {hint}"
                )
    except csv.Error as error:
        raise ManifestError(f"{path}, line {reader.line_num}: not CSV: {error}") from error
    return Table(path=path, columns=columns, rows=tuple(rows))


def _columns(path: Path, line: int, fields: list[str]) -> tuple[str, ...]:
    names = [field.strip() for field in fields]
    columns = tuple(name.lower() if name.lower() in COLUMNS else name for name in names)
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise ManifestError(f"{path}, line {line}: the column '{twice[0]}' stands twice in the header")
    return columns


# ---------------------------------------------------------------- JSON lines


def _json_lines(path: Path, lines: list[tuple[int, str]]) -> Table:
    columns: dict[str, None] = {}
    rows = []
    for line, text in lines:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ManifestError(f"{path}, line {line}: not JSON ({error}); write one object a line") from error
        if not isinstance(value, dict):
            raise ManifestError(f"{path}, line {line}: one object a line is needed; seen {text[:60]!r}")
        values = {str(name): _text(path, line, str(name), item) for name, item in value.items()}
        columns.update(dict.fromkeys(values))
        rows.append(Row(line=line, values=values))
    return Table(path=path, columns=tuple(columns), rows=tuple(rows))


def _text(path: Path, line: int, name: str, value: object) -> str:
    """A JSON value as the text it would have in a CSV; structures only in columns without a meaning."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool) or not isinstance(value, int | float):
        if name in COLUMNS:
            raise ManifestError(f"{path}, line {line}: '{name}' is {value!r:.60}; give a text or a number")
        return json.dumps(value, sort_keys=True)
    return repr(value)


# ---------------------------------------------------------------- list files


def _list_file(path: Path, lines: list[tuple[int, str]], columns: tuple[str, ...]) -> Table:
    """``path label`` lines. The separator is the one with which every line makes sense."""
    if columns != ("path", "label"):
        raise ManifestError(
            f"{path}, line 1: a list file holds 'path label'; use commas for {' '.join(columns)}"
        )
    texts = [line.strip() for _, line in lines]
    for separator in SEPARATORS:
        pairs = [_split_last(text, separator) for text in texts]
        if all(_is_named_file(where) and not _is_named_file(label) and label for where, label in pairs):
            return _list_table(path, lines, pairs)
    if all(_is_named_file(text) for text in texts):
        return _list_table(path, lines, [(text, "") for text in texts])
    for separator in SEPARATORS:
        pairs = [_split_last(text, separator) for text in texts]
        if all(where and _INTEGER.fullmatch(label) for where, label in pairs):
            _refuse_frame_lists(path, lines[0][0], pairs, separator)
            return _list_table(path, lines, pairs)
    number, text = _odd_line(lines)
    raise ManifestError(
        f"{path}, line {number}: neither 'path label' (blank, comma, tab or ::) nor a header was found; "
        f"seen {text.strip()[:80]!r}; write a header line: path,label,split"
    )


def _split_last(text: str, separator: str) -> tuple[str, str]:
    where, _, label = text.rpartition(separator)
    return where.strip().strip('"'), label.strip()


def _is_named_file(name: str) -> bool:
    return is_video_name(name) or bool(_SUFFIX.search(name))


def _refuse_frame_lists(path: Path, line: int, pairs: list[tuple[str, str]], separator: str) -> None:
    if all(_INTEGER.fullmatch(_split_last(where, separator)[1]) for where, _ in pairs):
        raise ManifestError(
            f"{path}, line {line}: three fields (path, number of frames, label): a list of frame folders; "
            "write a manifest with the columns path,label,fps"
        )


def _odd_line(lines: list[tuple[int, str]]) -> tuple[int, str]:
    """The line that keeps the most plausible separator from working."""

    def odd(separator: str) -> Iterator[tuple[int, str]]:
        for number, text in lines:
            where, label = _split_last(text, separator)
            if not (_is_named_file(where) and label):
                yield number, text

    return min((list(odd(separator)) for separator in SEPARATORS), key=len)[0]


def _list_table(path: Path, lines: list[tuple[int, str]], pairs: list[tuple[str, str]]) -> Table:
    rows = tuple(
        Row(line=number, values={"path": where, "label": label})
        for (number, _), (where, label) in zip(lines, pairs, strict=True)
    )
    return Table(path=path, columns=("path", "label"), rows=rows)
