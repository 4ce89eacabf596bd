"""``twlv.dataset``: a name or a manifest file to a ``Dataset``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from twlv.data.boxes.folder import is_box_file, is_box_folder, open_boxes
from twlv.data.manifest import read_manifest
from twlv.data.named.build import build
from twlv.data.named.options import parse
from twlv.data.named.table import TABLE
from twlv.data.rows import MANIFEST_SUFFIXES
from twlv.data.segmentation.dataset import is_label_folder, open_labels
from twlv.data.segmentation.table import is_segment_table
from twlv.data.segments.choice import Choice
from twlv.data.segments.dataset import is_segments_file, read_segments_dataset
from twlv.errors import UnknownName, UsageError
from twlv.types import Dataset


def dataset(
    name_or_manifest: str | Path,
    *,
    root: str | Path | None = None,
    annotations: str | Path | None = None,
    where: Mapping[str, str] | None = None,
    classes: Sequence[str] | str | Path | None = None,
    **options: object,
) -> Dataset:
    """The data set of a manifest file, or of a name of ``twlv data list``.

    A manifest takes ``root``, ``where`` and ``classes`` (see ``read_manifest``). A name takes ``root`` (the
    folder of the videos), ``annotations`` (the folder of the official annotation files; either defaults to
    the other), ``classes`` (a class list instead of the official one), ``splits`` (those to read), ``fps``
    (the rate of folders of frames) and the option that is the set's own: ``split`` 1 to 3 of ucf101 and
    hmdb51, ``variant`` verb, noun or action of epickitchens100.
    Annotations of segments (ActivityNet's or THUMOS14's JSON) take ``root``, ``variant`` (official or filtered)
    and files of ids, ``only`` and ``without`` (see ``data.segments.choice``).
    A folder of frame labels (MS-TCN's ``mapping.txt``, ``groundTruth``, ``splits``) takes ``root``, ``split``
    (the number of one; default: all) and ``label_fps`` (known of 50Salads, GTEA and Breakfast); a table of
    segments (``path,start_s,end_s,action``) takes ``root``, ``classes`` and ``label_fps``.
    Boxes in AVA's form (a folder of ``train.csv``, ``val.csv``, ``actions.pbtxt``, or one CSV) take ``root``,
    ``classes`` (the list of actions) and ``starts_at``, the timestamp of a file's first frame in seconds.

    Raises:
        UnknownName: no such name or file (with the nearest manifests beside it), or no such option.
        UsageError: a folder, or an argument that a manifest or a name does not take.
        InputError: annotations that cannot be used; says which file and line.
    """
    card = TABLE.get(str(name_or_manifest))
    if card is not None:
        if where:
            raise UsageError(
                f"where is for a manifest; {card.name} takes splits and options, see: twlv data list"
            )
        chosen = parse(card, options)
        return build(card, root=root, annotations=annotations, classes=classes, options=chosen)
    path = Path(name_or_manifest)
    if path.is_file() and is_segments_file(path):
        return _segments(path, root, {"annotations": annotations, "classes": classes, "where": where}, options)
    if is_box_folder(path) or is_box_file(path):
        own = {"annotations": annotations, "where": where or None, **options}
        return open_boxes(path, root=root, classes=classes, options=own)
    if is_label_folder(path) or is_segment_table(path):
        own = {"annotations": annotations, "where": where, **options}
        return open_labels(path, root=root, classes=classes, options=own)
    given = [name for name, value in {"annotations": annotations, **options}.items() if value is not None]
    if given and path.exists():
        raise UsageError(f"{', '.join(given)}: for a data set by name (twlv data list), not for {path}")
    if path.is_dir():
        raise UsageError(
            f"{path} is a folder; give a manifest (CSV or JSON lines), or embed it with: twlv embed"
        )
    if path.exists():
        return read_manifest(path, root=root, where=where, classes=classes)
    known = [*TABLE, *_manifests_near(path)]
    hint = "(a manifest is a CSV file with the columns video_id,path,label,split)"
    raise UnknownName("data set or manifest file", str(name_or_manifest), known, hint=hint)


def _segments(
    path: Path, root: str | Path | None, refused: Mapping[str, object], options: Mapping[str, object]
) -> Dataset:
    """The data set of an annotation file of segments. UsageError for an argument that it does not take."""
    known = ("variant", "only", "without")
    given = {name: value for name, value in options.items() if value is not None}
    wrong = [*(name for name, value in refused.items() if value), *(given.keys() - set(known))]
    if wrong:
        raise UsageError(f"{', '.join(wrong)}: {path} is an annotation file of segments; it takes root, "
                         f"{', '.join(known)}")  # fmt: skip
    variant = given.get("variant", "official")
    if variant not in ("official", "filtered"):
        raise UsageError(f"variant of annotated segments is official or filtered, got '{variant}'")
    lists = {name: Path(str(given[name])) for name in ("only", "without") if name in given}
    chosen = Choice(variant="filtered" if variant == "filtered" else "official", **lists)
    return read_segments_dataset(path, root=None if root is None else Path(root), choice=chosen)


def _manifests_near(path: Path) -> list[str]:
    folder = path.parent
    if not folder.is_dir():
        return []
    return [str(file) for file in folder.iterdir() if file.suffix.lower() in MANIFEST_SUFFIXES]
