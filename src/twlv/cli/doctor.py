"""``twlv doctor``: find the first broken link of the installation, a backbone or a data set."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from twlv.cli.options import flag
from twlv.cli.shared import DataOptions, dataset_of
from twlv.errors import UnknownName, UsageError
from twlv.types import classes_in

SHOWN = 20
"""Classes and groups that are listed; of more there is the number."""


@dataclass(frozen=True, kw_only=True)
class DoctorOptions(DataOptions):
    """Flags of ``twlv doctor``."""

    subject: tuple[str, ...] = field(
        default=(),
        metadata=flag(
            "nothing (the installation), 'backbone NAME' or 'dataset NAME'", metavar="SUBJECT", positional="*"
        ),
    )
    weights: str | None = field(default=None, metadata=flag("backbone: weights file or folder", metavar="PATH"))


def run(options: DoctorOptions) -> int:
    """Check the installation, a backbone or a data set. Exit code 1: something is broken, and what mends it."""
    if not options.subject:
        return installation()
    kind, *names = options.subject
    if kind not in ("backbone", "dataset"):
        raise UnknownName("subject", kind, ("backbone", "dataset"))
    if len(names) != 1:
        raise UsageError(f"say which {kind}: twlv doctor {kind} NAME")
    return backbone(names[0], options.weights) if kind == "backbone" else dataset(names[0], options)


def installation() -> int:
    """Try every link from Python to a decoded clip; print each, then the first broken one and its remedy."""
    from twlv.cli.health import findings

    broken = None
    for finding in findings():
        mark = {True: "ok", False: "BROKEN", None: "absent"}[finding.ok]
        print(f"  {mark:<7} {finding.name:<18} {finding.seen}")
        if finding.ok is False and broken is None:
            broken = finding
    if broken is None:
        print("\nThe installation is sound. What is absent is optional.")
        return 0
    print(f"\nFirst broken link: {broken.name}: {broken.seen}\ntype: {broken.remedy}")
    return 1


def backbone(name: str, weights: str | None) -> int:
    """Run the conformance checks on a backbone."""
    from twlv.backbones import load
    from twlv.backbones.check import check_backbone

    report = check_backbone(load(name, weights=weights))
    print(report)
    return 0 if report.passed else 1


def dataset(name: str, options: DataOptions) -> int:
    """Counts by split and class, and what is annotated but not on disk. Opens no video."""
    from twlv.data.check import cut_groups
    from twlv.data.named.card import class_list_sha256

    data = dataset_of(name, options)
    card = data.card
    print(f"{card.name}: {len(data.samples)} samples, {len(card.classes)} classes")
    print(f"  annotation files: sha256 {card.annotation_sha256}")
    print(f"  class list: sha256 {class_list_sha256(card.classes)} (names in index order, without case)")
    for split in data.splits:
        part = data.split(split)
        counts = Counter(card.classes[index] for s in part.samples for index in classes_in(s.target))
        shown = ", ".join(f"{label} {counts.get(label, 0)}" for label in card.classes[:SHOWN])
        print(
            f"  {split or '(no split)'}: {len(part.samples)} samples, {len(part.missing)} not on disk; {shown}"
        )
    for note in data.notes:
        print(f"  note: {note}")
    cut = sorted(cut_groups(data.samples))
    for group in cut[:SHOWN]:
        print(f"  warning: the group '{group}' is in more than one split")
    if len(cut) > SHOWN:
        print(f"  warning: so are {len(cut) - SHOWN} more groups")
    missing = sorted(data.missing)
    if missing:
        print(f"  not on disk: {', '.join(missing[:3])}{', ...' if len(missing) > 3 else ''}; check --root")
    return 3 if missing else 0
