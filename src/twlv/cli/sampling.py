"""Flags of sampling and views as the records of ``twlv.types``, and those records in YAML as the flags.

The command line has a flag for every field, a configuration file has the record itself, as the Python API
and a store's description write it: ``sampling: {kind: MultiClip, clip_seconds: 2.0}``.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from twlv.cli.options import flag_of
from twlv.codec import to_json
from twlv.errors import UnknownName, UsageError
from twlv.types import Around, MultiClip, Rule, Sampling, Strided, Uniform, Views

if TYPE_CHECKING:
    from twlv.cli.shared import ReadingOptions

KINDS: Mapping[str, type[Uniform] | type[MultiClip] | type[Strided] | type[Around]] = {
    "uniform": Uniform,
    "multiclip": MultiClip,
    "strided": Strided,
    "around": Around,
}
RULES_WITH_STEP = ("vjepa", "videomae_dense_test", "slowfast", "videoglue_linspace", "mmaction2")
RULES_WITHOUT_STEP = ("videomae_ssv2_test", "slowfast_ssv2", "videoglue_segments")
"""The names of ``twlv.video.RULES``, here because a ``--help`` loads no torch."""

RULES = (*RULES_WITH_STEP, *RULES_WITHOUT_STEP)
FIELDS = ("clip_seconds", "stride_seconds", "tail", "frame_step", "num_clips", "num_frames")


def sampling_of(options: ReadingOptions) -> Sampling:
    """The Sampling that the flags describe.

    Raises:
        UnknownName: no sampling and no rule has that name.
        UsageError: a length that is not positive, or a flag of another sampling.
    """
    name = options.sampling or "uniform"
    if name not in KINDS and name not in RULES:
        raise UnknownName("sampling", name, (*KINDS, *RULES))
    given: dict[str, Any] = {field: getattr(options, field) for field in FIELDS}
    given = {field: value for field, value in given.items() if value is not None}
    for field, value in given.items():
        if field != "tail" and value <= 0:
            raise UsageError(f"{flag_of(field)} must be positive, got {value}")
        if name not in _samplings_with(field):
            raise UsageError(
                f"{flag_of(field)} is for --sampling {', '.join(_samplings_with(field))}; this is {name}: "
                "leave the one out, or change the other"
            )
    return KINDS[name](**given) if name in KINDS else Rule(name=name, **given)


def _samplings_with(field: str) -> list[str]:
    kinds = [name for name, kind in KINDS.items() if field in {f.name for f in dataclasses.fields(kind)}]
    if field == "frame_step":
        return [*kinds, *RULES_WITH_STEP]
    return [*kinds, *(RULES if field in {f.name for f in dataclasses.fields(Rule)} else ())]


def views_of(text: str) -> Views:
    """``MxN``: M spatial crops (1 or 3) and N temporal windows, the report's order (section 2.2)."""
    found = re.fullmatch(r"(\d+)x(\d+)", text)
    if not found or int(found[1]) not in (1, 3) or int(found[2]) < 1:
        raise UsageError(
            f"--views takes MxN with M = 1 or 3 spatial crops and N >= 1 temporal windows, got '{text}'; "
            "the report's 3 crops x 4 windows is: --views 3x4"
        )
    spatial: Literal[1, 3] = 3 if int(found[1]) == 3 else 1
    return Views(spatial=spatial, temporal=int(found[2]))


# ---------------------------------------------------------------- records in a configuration file


def records_of(options: ReadingOptions) -> dict[str, Any]:
    """``sampling`` and ``views`` as a configuration file has them; a sampling not asked for is None."""
    asked = any(getattr(options, name) is not None for name in ("sampling", *FIELDS))
    return {
        "sampling": to_json(sampling_of(options), Sampling) if asked else None,
        "views": to_json(views_of(options.views)),
    }


def flags_of(from_file: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The file's values with its records unfolded into flags.

    A sampling named on the command line (``given``) replaces the whole record of the file.

    Raises:
        UnknownName: a field that the records do not have.
        UsageError: a field that stands in the record and beside it.
    """
    values = dict(from_file)
    if isinstance(sampling := values.get("sampling"), Mapping):
        del values["sampling"]
        if "sampling" not in given:
            values |= _flags_of_sampling(sampling, values)
    if isinstance(views := values.get("views"), Mapping):
        _known(views, "views", ("spatial", "temporal"))
        values["views"] = f"{views.get('spatial', 1)}x{views.get('temporal', 1)}"
    return values


def _flags_of_sampling(record: Mapping[str, Any], beside: Mapping[str, Any]) -> dict[str, Any]:
    _known(record, "sampling", ("kind", "name", *FIELDS))
    if twice := [name for name in FIELDS if name in record and beside.get(name) is not None]:
        raise UsageError(f"{', '.join(twice)}: in the sampling and beside it; leave one out")
    kind = str(record.get("kind", "uniform")).lower()
    name = str(record.get("name", kind)) if kind == "rule" else kind
    unused = ("frame_step",) if name in RULES_WITHOUT_STEP else ()  # a Rule's record always has one
    fields = [field for field in FIELDS if field in record and field not in unused]
    return {"sampling": name, **{field: record[field] for field in fields}}


def _known(record: Mapping[Any, Any], what: str, names: tuple[str, ...]) -> None:
    for name in record:
        if name not in names:
            raise UnknownName(f"field of {what}", str(name), names)
