"""A frozen dataclass of options as a command line: flags, help, YAML in (``--config``) and out.

argparse splits the words, ``fields.build`` types them. A field's name is its flag
(``clip_seconds`` is ``--clip-seconds``); the rest stands in its ``metadata``, see ``flag``.
"""

from __future__ import annotations

import argparse
import dataclasses
import difflib
import inspect
import shlex
import typing
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import NoneType
from typing import Any, NoReturn, TypeVar

from twlv.cli.fields import build
from twlv.errors import InputError, UsageError

T = TypeVar("T")
_MISSING: Any = dataclasses.MISSING


def flag(text: str, *, metavar: str | None = None, positional: str | None = None) -> dict[str, Any]:
    """The ``metadata`` of a dataclass field: its line of help, and how its value is called there.

    ``positional`` makes it an argument without a flag; its value is argparse's nargs: ``"1"``, ``"*"`` or
    ``"+"``. A field of type ``tuple[str, ...]`` with a flag is repeatable.
    """
    return {"help": text, "metavar": metavar, "positional": positional}


def parse(cls: type[T], words: Sequence[str], *, prog: str, description: str) -> T:
    """Options from the words after the verb. Raises UsageError; ``--help``, ``--print_config`` exit with 0."""
    parser = _parser(cls, prog, description)
    given = vars(parser.parse_args(list(words)))
    config, print_config = given.pop("config", None), given.pop("print_config", False)
    from_file = _folding(cls, "from_file")(read_config(Path(config)) if config else {}, given)
    for name in _required(cls):  # --print_config writes null for what was not given
        if from_file.get(name, 0) is None:
            del from_file[name]
    values = {**from_file, **given}
    if print_config:
        print(config_yaml(cls, values), end="")
        raise SystemExit(0)
    return build(cls, values, shown=_shown(cls))


def read_config(path: Path) -> dict[str, Any]:
    """A YAML mapping of option names (``clip_seconds`` or ``clip-seconds``) to values."""
    import yaml

    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"--config {path}: {error.strerror or error}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"--config {path}: is not YAML: {error}") from error
    if loaded is None:
        return {}
    if not isinstance(loaded, dict) or not all(isinstance(key, str) for key in loaded):
        raise InputError(f"--config {path}: expected lines 'name: value', got {type(loaded).__name__}")
    return {key.replace("-", "_"): value for key, value in loaded.items()}


def config_yaml(cls: type[Any], values: Mapping[str, Any]) -> str:
    """The whole configuration as YAML, typed as it would run. A required option that is not given is null."""
    import yaml

    required = _required(cls)
    if all(name in values for name in required):
        resolved = dataclasses.asdict(build(cls, values, shown=_shown(cls)))
    else:
        resolved = {
            f.name: values.get(f.name, None if f.name in required else f.default)
            for f in dataclasses.fields(cls)
        }
    resolved = _folding(cls, "to_file")(resolved)
    plain = {name: _plain(value) for name, value in resolved.items()}
    return str(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True))


def _folding(cls: type[Any], name: str) -> Callable[..., dict[str, Any]]:
    """How options become (``to_file``) or come from (``from_file``) a configuration; by default as they are."""
    return getattr(cls, name, lambda values, *_: dict(values))


def command_line(command: str, options: Any) -> str:
    """The command that gives these options, ready for a shell; what has its default is left out."""
    words, flags = command.split(), []
    for field in dataclasses.fields(options):
        value = getattr(options, field.name)
        if field.metadata["positional"]:
            words += [str(item) for item in (value if isinstance(value, tuple) else [value])]
        elif value != field.default:
            flags += _flag_words(field.name, value)
    return shlex.join(["twlv", *words, *flags])


def _flag_words(name: str, value: Any) -> list[str]:
    if isinstance(value, bool):
        return [flag_of(name) if value else "--no-" + name.replace("_", "-")]
    items = value if isinstance(value, tuple) else [value]
    return [word for item in items for word in (flag_of(name), str(item))]


def _required(cls: type[Any]) -> list[str]:
    return [field.name for field in dataclasses.fields(cls) if field.default is _MISSING]


def _plain(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


# ---------------------------------------------------------------- the parser


class _Parser(argparse.ArgumentParser):
    """argparse that raises our errors, with the nearest option."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; type: {self.prog} --help")

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse's; options and positionals may alternate, and what follows ``--`` is no option."""
        words = list(args)
        end = words.index("--") if "--" in words else len(words)
        known, rest = self.parse_known_intermixed_args(words[:end], namespace)
        if rest:
            self._refuse(rest[0])
        positional = next((a for a in self._actions if not a.option_strings), None)
        for word in words[end + 1 :]:
            before = getattr(known, positional.dest, None) if positional else word
            if positional is None or (before and positional.nargs == "?"):
                self.error(f"unexpected argument '{word}'")
            setattr(known, positional.dest, word if positional.nargs == "?" else [*(before or ()), word])
        return known

    def _refuse(self, word: str) -> NoReturn:
        name = word.split("=", maxsplit=1)[0]
        if not name.startswith("-"):
            self.error(f"unexpected argument '{word}'")
        flags = [text for action in self._actions for text in action.option_strings if text.startswith("--")]
        near = difflib.get_close_matches(name, flags, n=3, cutoff=0.5)
        self.error(f"unknown option '{name}'" + (f"; did you mean {', '.join(near)}?" if near else ""))


class _Help(argparse.HelpFormatter):
    """Wider, and with metavars as given."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30, width=110)


def flag_of(name: str) -> str:
    """How a field is typed: ``clip_seconds`` is ``--clip-seconds``."""
    return "--" + name.replace("_", "-")


def _shown(cls: type[Any]) -> Callable[[str], str]:
    """How messages call a field: ``--clip-seconds``, or ``INPUT`` for a positional."""
    positional = {f.name: _metavar_of(f) for f in dataclasses.fields(cls) if f.metadata["positional"]}
    return lambda name: positional.get(name, flag_of(name))


def _metavar_of(field: dataclasses.Field[Any]) -> str:
    return str(field.metadata["metavar"] or field.name.upper())


def _parser(cls: type[Any], prog: str, description: str) -> _Parser:
    parser = _Parser(
        prog=prog, description=description, formatter_class=_Help, allow_abbrev=False,
        argument_default=argparse.SUPPRESS,
    )  # fmt: skip
    hints = typing.get_type_hints(cls)
    own = inspect.get_annotations(cls)  # what a command adds to the shared options comes first
    for field in sorted(dataclasses.fields(cls), key=lambda field: field.name not in own):
        _add(parser, field, hints[field.name])
    parser.add_argument("--config", metavar="FILE", help="YAML file of options; the command line wins over it")
    parser.add_argument(
        "--print_config", action="store_true", help="print the whole configuration as YAML, and exit"
    )
    return parser


def _add(parser: _Parser, field: dataclasses.Field[Any], hint: Any) -> None:
    meta = field.metadata
    text = meta["help"].replace("%", "%%") + _default_text(field)
    nargs = meta["positional"]
    if nargs:
        metavar = _metavar_of(field)
        # A required positional may also stand in the YAML file, so argparse itself asks for none.
        parser.add_argument(
            field.name, nargs={"1": "?", "+": "*"}.get(nargs, nargs), metavar=metavar, help=text
        )
    elif hint is bool:
        parser.add_argument(
            flag_of(field.name), dest=field.name, action=argparse.BooleanOptionalAction, help=text
        )
    else:
        repeat = {"action": "append"} if typing.get_origin(hint) is tuple else {}
        metavar = meta["metavar"] or _metavar(hint)
        parser.add_argument(flag_of(field.name), dest=field.name, metavar=metavar, help=text, **repeat)  # type: ignore[arg-type]


def _default_text(field: dataclasses.Field[Any]) -> str:
    if field.default is _MISSING:
        return " (required)"
    if field.default in (None, (), False, "") and not (field.default == 0 and field.default is not False):
        return ""
    return f" (default {field.default})".replace("%", "%%")


def _metavar(hint: Any) -> str:
    args = [arg for arg in typing.get_args(hint) if arg is not NoneType]
    if typing.get_origin(hint) is typing.Literal:
        return "{" + ",".join(str(arg) for arg in args) + "}"
    if len(args) == 1:
        return _metavar(args[0])
    return {int: "N", float: "X", Path: "PATH"}.get(hint, "TEXT")
