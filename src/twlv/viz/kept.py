"""What pictures of one result share: what the result keeps for them, panels one below the other, a legend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from twlv.errors import UsageError
from twlv.results import Result
from twlv.types import Json
from twlv.viz.style import bare, new_figure, text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_NAMES = 24  # in a legend


def kept(result: Result, key: str, *, task: str) -> list[Any]:
    """The list ``details[key]``. UsageError where there is none, naming the ``task`` that leaves one."""
    found: Any = result.details.get(key)
    if not isinstance(found, list) or not found:
        words = key.replace("_", " ")
        raise UsageError(
            f"this result of {result.task.name} on {result.dataset.name} holds no {words}; {task} leaves some"
        )
    return found


def facts(result: Result) -> dict[str, Json]:
    """What a side file says of the result that is drawn."""
    return {"task": result.task.name, "dataset": result.dataset.name, "backbone": result.backbone.name}


def titled(result: Result, about: str) -> str:
    """The title of a picture where the caller gives none."""
    return f"{result.backbone.name} on {result.dataset.name}: {about}"


def stacked(count: int, *, title: str, panel_inches: float) -> tuple[Figure, list[Axes]]:
    """A figure of ``count`` panels, one below the other, whose time runs to the right in seconds."""
    figure = new_figure(10.0, 0.9 + panel_inches * count)
    panels = list(figure.subplots(count, 1, squeeze=False)[:, 0])
    figure.suptitle(text(title, 110), x=0.01, ha="left", fontsize=12)
    panels[-1].set_xlabel("seconds")
    return figure, panels


def label_panel(axes: Axes, video: Mapping[str, Any], rows: tuple[str, str]) -> None:
    """Length and name of the video, and the words of the upper and the lower of its two rows."""
    axes.set_xlim(0, video["duration_seconds"])
    axes.set_yticks([1.45, 0.45], rows, fontsize=8)
    axes.set_title(text(video["video_id"], 60), loc="left", fontsize=8, pad=2)
    axes.tick_params(axis="x", labelsize=8)
    bare(axes)


def colour_legend(figure: Figure, colours: Mapping[str, str], shown: Iterable[str]) -> None:
    """The colours of the classes that are ``shown``, the first of them where they are many."""
    from matplotlib.patches import Patch

    wanted = set(shown)
    names = [name for name in colours if name in wanted][:_MOST_NAMES]
    handles = [Patch(color=colours[name], label=text(name)) for name in names]
    figure.legend(handles=handles, loc="outside right upper", frameon=False, fontsize=8)
