"""A user's own backbone: ``module:function``."""

from __future__ import annotations

import importlib
import inspect
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from twlv.errors import TwlvError, UsageError
from twlv.types import BackboneCard

if TYPE_CHECKING:
    from twlv.contracts import Backbone


def load_user(target: str, *, weights: str | Path | None, device: str, dtype: str) -> Backbone:
    """Import the module (also from the working directory), call the function, check what it returns.

    The function is called with those of the keywords ``weights``, ``device`` and ``dtype`` that it takes.

    Raises:
        UsageError: no such module or function; weights given that it does not take; an error of its own
            code; or the result has no ``card`` (a ``BackboneCard``) and ``encode``.
    """
    name, _, attribute = target.partition(":")
    function = getattr(_module(name, target), attribute, None)
    if not callable(function):
        raise UsageError(f"'{target}': module {name} has no function '{attribute}'")
    arguments = _arguments(function, target, weights=weights, device=device, dtype=dtype)
    try:
        backbone = function(**arguments)
    except TwlvError:
        raise
    except Exception as error:
        raise UsageError(f"'{target}' raised {_where(error)}") from error
    if not isinstance(getattr(backbone, "card", None), BackboneCard) or not callable(
        getattr(backbone, "encode", None)
    ):
        raise UsageError(
            f"'{target}' returned a {type(backbone).__name__}; a backbone has 'card', "
            "a twlv.types.BackboneCard, and 'encode(frames) -> twlv.contracts.Tokens'"
        )
    found: Backbone = backbone
    return found


def _where(error: Exception) -> str:
    """An error of somebody else's code in one line, with the place where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"


def _module(name: str, target: str) -> ModuleType:
    here = str(Path.cwd())
    added = here not in sys.path
    if added:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(name)
    except TwlvError:
        raise
    except Exception as error:
        absent = isinstance(error, ModuleNotFoundError) and name.startswith(error.name or "")
        if name and not absent:  # the module is there, its own code or something that it imports fails
            raise UsageError(f"'{target}': the import of {name} raised {_where(error)}") from error
        raise UsageError(f"'{target}': no module '{name}' in {here} or among the installed packages") from error
    finally:
        if added:
            sys.path.remove(here)


def _arguments(
    function: Any, target: str, *, weights: str | Path | None, device: str, dtype: str
) -> dict[str, Any]:
    offered: dict[str, Any] = {"weights": weights, "device": device, "dtype": dtype}
    parameters = inspect.signature(function).parameters
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values()):
        return offered
    if weights is not None and "weights" not in parameters:
        raise UsageError(f"'{target}' takes no weights; leave out weights={str(weights)!r}")
    return {name: value for name, value in offered.items() if name in parameters}
