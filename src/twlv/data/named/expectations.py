"""What was read against what the card expects: another number of classes is an error, the rest is noted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from twlv.data.named.card import ClassList, NamedSet, class_list_sha256
from twlv.data.named.items import Item
from twlv.errors import InputError


def class_notes(
    card: NamedSet, choice: str, classes: Sequence[str], *, others: Mapping[str, NamedSet]
) -> Iterator[str]:
    """Notes on a class list. InputError if it has not the card's number, naming those of ``others`` that do."""
    known = card.class_list(choice)
    if len(classes) != known.num and known.strict:
        raise InputError(_other_number(card, known, len(classes), others))
    if len(classes) != known.num:
        yield f"{len(classes)} classes, the card expects {known.num} ({known.source})"
    elif known.sha256 and class_list_sha256(classes) != known.sha256:
        yield (
            f"the class list is not the known one ({known.source}): sha256 {class_list_sha256(classes)[:12]} "
            f"instead of {known.sha256[:12]}, so the index or the spelling of some class differs"
        )


def size_notes(card: NamedSet, choice: str, splits: Sequence[str], items: Iterable[Item]) -> Iterator[str]:
    """Splits whose size is none of those that are known: copies differ, so it is no error."""
    sizes = Counter(item.split for item in items)
    for split in splits:
        known = card.expected(split, choice)
        if split in sizes and known and sizes[split] not in {count.num for count in known}:
            others = ", ".join(f"{count.num:,} ({count.source})" for count in known)
            yield f"{split}: {sizes[split]:,} videos are annotated here; known sizes: {others}"


def _other_number(card: NamedSet, known: ClassList, found: int, others: Mapping[str, NamedSet]) -> str:
    same = [name for name, other in others.items() if found in {c.num for c in other.classes.values()}]
    hint = f"did you mean {' or '.join(same)}?" if same else "give the official list with classes=FILE"
    return f"{card.name}: {found} classes in the annotations, but the data set has {known.num}; {hint}"
