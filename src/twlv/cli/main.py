"""``twlv``: finds the command, runs it, turns what went wrong into one line and an exit code.

Exit codes: 0 done; 2 bad usage or input; 3 done, but coverage is below the asked minimum; 130 interrupted;
1 anything else.
"""

from __future__ import annotations

import errno
import importlib
import os
import sys
import typing
from collections.abc import Sequence
from dataclasses import dataclass

from twlv.errors import TwlvError, UnknownName, UsageError


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command: its words, where its function is, one line of help, and whether a second run resumes it."""

    words: tuple[str, ...]
    target: str  # module:function; the function's ``options`` annotation is the dataclass of its flags
    help: str
    resumes: bool = False


COMMANDS = (
    Command(words=("quickstart",), target="twlv.cli.quickstart:run", resumes=True,
            help="render a small set of videos, embed and evaluate it, write a report"),
    Command(words=("embed",), target="twlv.cli.embed:run", resumes=True,
            help="videos to embeddings in a store"),
    Command(words=("evaluate",), target="twlv.cli.evaluate:run", resumes=True,
            help="run a task (knn, linear-probe, ...) on a data set"),
    Command(words=("pretrain",), target="twlv.cli.pretrain:run",
            help="train an encoder by a recipe, and export it as a backbone"),
    Command(words=("report",), target="twlv.cli.report:run",
            help="results to a table on the terminal, Markdown or one HTML page"),
    Command(words=("score", "temporal-localization"), target="twlv.cli.score:temporal_localization",
            help="anybody's detections of segments against a ground truth"),
    Command(words=("score", "temporal-segmentation"),
            target="twlv.cli.score_segmentation:temporal_segmentation",
            help="anybody's labels of every frame against a ground truth"),
    Command(words=("score", "spatiotemporal-localization"),
            target="twlv.cli.score_boxes:spatiotemporal_localization",
            help="anybody's boxes of people and actions on key frames against a ground truth"),
    Command(words=("visualize",), target="twlv.cli.visualize:run",
            help="a picture of a store's embeddings, or of backbones by appearance and motion"),
    Command(words=("data", "list"), target="twlv.cli.data:list_",
            help="the data sets that have a name"),
    Command(words=("data", "check"), target="twlv.cli.data:check",
            help="decode the first, middle and last frame of every video of a manifest"),
    Command(words=("data", "synth"), target="twlv.cli.data_synth:run", resumes=True,
            help="render a set of videos with exact labels, for any task or for pretraining"),
    Command(words=("store", "info"), target="twlv.cli.store:info",
            help="what a store holds and how it was made"),
    Command(words=("store", "verify"), target="twlv.cli.store:verify",
            help="read a whole store and check it"),
    Command(words=("store", "export"), target="twlv.cli.store:export",
            help="a store in another format"),
    Command(words=("store", "import"), target="twlv.cli.store:import_",
            help="embeddings in the layout of the report's authors to a store"),
    Command(words=("models", "list"), target="twlv.cli.models:list_",
            help="the backbones that have a name"),
    Command(words=("models", "show"), target="twlv.cli.models:show",
            help="the card of a backbone"),
    Command(words=("models", "fetch"), target="twlv.cli.models:fetch", resumes=True,
            help="the weights of a backbone, checked and converted"),
    Command(words=("doctor",), target="twlv.cli.doctor:run",
            help="find the first broken link of the installation, a backbone or a data set"),
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code; ``--help``, ``--version`` and ``--print_config`` return 0."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return _dispatch(words)
    except TwlvError as error:
        print(f"twlv: error: {error}", file=sys.stderr)
        return error.exit_status
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 0
    except KeyboardInterrupt:
        print(f"\ntwlv: interrupted; {_how_to_go_on(words)}", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output has gone (twlv ... | head)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        if error.filename is None:
            raise
        print(f"twlv: error: {error.filename}: {error.strerror}{_remedy(error)}", file=sys.stderr)
        return 2 if error.errno in _BAD_PATH else 1


_BAD_PATH = {
    errno.EACCES, errno.EEXIST, errno.EISDIR, errno.ENAMETOOLONG, errno.ENOENT, errno.ENOTDIR, errno.EPERM,
    errno.EROFS,
}  # fmt: skip
"""Of a path that cannot be used, whoever is at fault; a full disk is another thing."""


def _remedy(error: OSError) -> str:
    return "; name another path" if error.errno in _BAD_PATH else ""


def usage() -> str:
    """The page of ``twlv --help``."""
    lines = [
        "usage: twlv COMMAND [options]",
        "",
        "Videos to embeddings, and what they know of appearance and motion.",
        "",
    ]
    lines += [f"  twlv {' '.join(command.words):<16} {command.help}" for command in COMMANDS]
    lines += ["", "  twlv COMMAND --help     its options", "  twlv --version          the version"]
    return "\n".join(lines)


def _dispatch(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        print(usage())
        return 0 if words else 2
    if words[0] in ("-V", "--version"):
        from twlv import __version__

        print(f"twlv {__version__}")
        return 0
    command = _find(words)
    if command is None:  # a verb with actions, and only --help after it
        print(_actions(words[0]))
        return 0
    from twlv.cli.options import parse

    module, _, name = command.target.partition(":")
    run = getattr(importlib.import_module(module), name)
    options_class = typing.get_type_hints(run)["options"]
    rest = words[len(command.words) :]
    prog = "twlv " + " ".join(command.words)
    status = run(parse(options_class, rest, prog=prog, description=(run.__doc__ or command.help).strip()))
    return int(status)


def _find(words: list[str]) -> Command | None:
    verbs = dict.fromkeys(command.words[0] for command in COMMANDS)
    if words[0].startswith("-"):
        raise UsageError(f"unknown option '{words[0]}' before the command; type: twlv --help")
    if words[0] not in verbs:
        raise UnknownName("command", words[0], verbs, hint="type: twlv --help")
    actions = [command for command in COMMANDS if command.words[0] == words[0]]
    if len(actions[0].words) == 1:
        return actions[0]
    if len(words) == 1:
        raise UsageError(f"'twlv {words[0]}' needs an action\n\n{_actions(words[0])}")
    if words[1] in ("-h", "--help"):
        return None
    for command in actions:
        if command.words[1] == words[1]:
            return command
    raise UnknownName(f"{words[0]} action", words[1], [c.words[1] for c in actions])


def _actions(verb: str) -> str:
    lines = [f"  twlv {' '.join(c.words):<16} {c.help}" for c in COMMANDS if c.words[0] == verb]
    return "\n".join([f"usage: twlv {verb} ACTION [options]", "", *lines])


def _how_to_go_on(words: list[str]) -> str:
    if any(command.resumes and tuple(words[: len(command.words)]) == command.words for command in COMMANDS):
        return "what was finished is kept: type the same command again to resume"
    return "nothing was kept"


if __name__ == "__main__":
    sys.exit(main())
