"""Annotation files: found by their official names, read as text, and named in every error."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twlv.data.rows import Row, decode_text
from twlv.errors import InputError, ManifestError


@dataclass(frozen=True, kw_only=True, eq=False)
class TextFile:
    """A text file without byte order mark; lines end with a newline alone, whatever they ended with on disk."""

    path: Path
    text: str = field(repr=False)
    sha256: str = ""

    def error(self, line: int, message: str) -> ManifestError:
        """An error that names this file and the line (0: the whole file)."""
        return ManifestError(f"{self.path}{f', line {line}' if line else ''}: {message}")

    def lines(self) -> Iterator[tuple[int, str]]:
        """Lines that are not blank, stripped, with their numbers from 1."""
        for number, line in enumerate(self.text.split("\n"), 1):
            if line.strip():
                yield number, line.strip()

    def rows(self, needed: Sequence[str], *, delimiter: str = ",") -> Iterator[Row]:
        """Rows of a CSV file with a header by column name. ManifestError names the line that is not one."""
        reader = csv.reader(io.StringIO(self.text, newline=""), delimiter=delimiter, strict=True)
        columns: list[str] = []
        try:
            for fields in reader:
                if not any(text.strip() for text in fields):
                    continue
                if not columns:
                    columns = [name.strip() for name in fields]
                    self._check_columns(columns, needed)
                elif len(fields) != len(columns):
                    seen = f"{len(fields)} fields, but the header has {len(columns)}"
                    raise self.error(reader.line_num, f"{seen}; quote a field that holds a '{delimiter}'")
                else:
                    values = {name: text.strip() for name, text in zip(columns, fields, strict=True)}
                    yield Row(line=reader.line_num, values=values)
        except csv.Error as error:
            raise self.error(reader.line_num, f"not CSV: {error}") from error

    def _check_columns(self, columns: Sequence[str], needed: Sequence[str]) -> None:
        absent = [name for name in needed if name not in columns]
        if absent:
            raise self.error(1, f"no column {', '.join(absent)}; seen: {', '.join(columns)}"[:300])

    def json(self) -> Any:
        """The JSON value of the whole file."""
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError) as error:
            raise self.error(0, f"not JSON ({error})") from error

    def json_objects(self, needed: Sequence[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """The objects of a JSON list with their place in it, counted from 1; each must have ``needed``."""
        value = self.json()
        if not isinstance(value, list):
            raise self.error(0, f"a JSON list of objects is needed, this is {type(value).__name__}")
        for place, item in enumerate(value, 1):
            absent = [name for name in needed if not isinstance(item, dict) or name not in item]
            if absent:
                seen = f"entry {place} has no {', '.join(absent)}: {item!r:.80}"
                raise self.error(0, seen)
            yield place, item


class Annotations:
    """The folder (or the one file) of a data set's annotations; remembers what was read, for the hash.

    ``places`` are folders below it that are searched after the folder itself.
    """

    def __init__(self, given: Path, *, places: Iterable[str] = (), fetch: str = "") -> None:
        if not given.exists():
            raise InputError(f"annotations {given}: no such file or folder; {fetch}")
        self.given = given
        self.notes: list[str] = []
        self.single = _read(given) if given.is_file() else None
        self._folder = given if given.is_dir() else given.parent
        self._places = [self._folder, *(self._folder / place for place in places)]
        self._fetch = fetch
        self._read: dict[Path, TextFile] = {given: self.single} if self.single else {}

    def find(self, *names: str, counted: bool = True) -> TextFile | None:
        """The first file of these names, or None. Nothing else is looked at where one file was given.

        ``counted`` False: it does not count in the hash, because no label or span depends on it.
        """
        if self.single:
            return self.single if self.single.path.name in names else None
        for place in self._places:
            for name in names:
                path = place / name
                if path.is_file():
                    return self._open(path, counted=counted)
        return None

    def need(self, *names: str) -> TextFile:
        """As ``find``; InputError says what was looked for, what is there, and where to get it."""
        found = self.find(*names)
        if found is None:
            raise InputError(self._absent(names))
        return found

    def path(self, *names: str) -> Path | None:
        """As ``find`` for a file that is not text; its bytes count in the hash."""
        for place in self._places:
            for path in (place / name for name in names):
                if path.is_file():
                    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
                    self._read.setdefault(path, TextFile(path=path, text="", sha256=sha256))
                    return path
        return None

    def matching(self, pattern: str) -> list[TextFile]:
        """All files of a pattern (``*_split1.txt``) in the first place that has any, sorted by name."""
        for place in self._places:
            paths = sorted(place.glob(pattern), key=lambda path: path.name)
            if paths:
                return [self._open(path) for path in paths]
        raise InputError(self._absent([pattern]))

    def by_split(self, names: Mapping[str, Sequence[str]], wanted: Sequence[str]) -> list[tuple[str, TextFile]]:
        """Split -> its file for the wanted splits; an absent one is noted, InputError if all are."""
        found = [(split, self.find(*names.get(split, ()))) for split in wanted]
        absent = [split for split, file in found if file is None]
        if len(absent) == len(found):
            raise InputError(self._absent([name for split in wanted for name in names.get(split, ())]))
        for split in absent:
            self.notes.append(f"{split}: no annotation file, looked for {_listed(names.get(split, ()))}")
        return [(split, file) for split, file in found if file is not None]

    def _open(self, path: Path, *, counted: bool = True) -> TextFile:
        file = self._read.get(path) or _read(path)
        if counted:
            self._read[path] = file
        return file

    @property
    def sha256(self) -> str:
        """Hash of the one file that was read, or of the names and hashes of all of them."""
        read = sorted((file.path.name, file.sha256) for file in self._read.values())
        if len(read) == 1:
            return read[0][1]
        text = "".join(f"{digest}  {name}\n" for name, digest in read)
        return hashlib.sha256(text.encode()).hexdigest()

    def _absent(self, names: Sequence[str]) -> str:
        there = sorted(path.name for path in self._folder.iterdir())[:5]
        seen = f"it holds {', '.join(there)}{', ...' if len(there) == 5 else ''}" if there else "it is empty"
        hint = ""
        if any(path.suffix == ".pkl" for path in self._folder.iterdir()):
            hint = " (.pkl files are not opened: they can run code)"
        return f"{self.given}: no {_listed(names)} here; {seen}{hint}; {self._fetch}"


def _listed(names: Sequence[str]) -> str:
    return " or ".join(names[:4]) + (f" or one of {len(names) - 4} more" if len(names) > 4 else "")


def _read(path: Path) -> TextFile:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    text = decode_text(path, content).replace("\r\n", "\n").replace("\r", "\n")
    return TextFile(path=path, text=text, sha256=hashlib.sha256(content).hexdigest())
