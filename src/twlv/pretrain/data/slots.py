"""Which draw fills which slot of a batch, and the batch that becomes of them.

Axis letters: B clips, I images, T frames, C colours, S side of the square.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from twlv.errors import UsageError
from twlv.pretrain.batch import Batch
from twlv.pretrain.data.mixture import Mixture
from twlv.pretrain.data.readers import Job
from twlv.pretrain.data.source import Item, Read

OF_IMAGES = 1 << 32
"""Added to the seed for images, so that they are not stills of the clips beside them."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """The clips, or the images, of a rank's batch: ``count`` of them in ``count / crops`` draws of a mixture.

    ``first_source`` is the number of the mixture's first source among all of the loader.
    """

    mixture: Mixture
    count: int
    seed: int
    first_source: int

    @property
    def draws(self) -> int:
        """Draws of a batch."""
        return self.count // self.mixture.form.crops

    def jobs(self, place: int, workers: int) -> list[tuple[Job, tuple[int, ...]]]:
        """The draws of a batch by source, and for each the slots that it fills.

        ``place`` is the batch's among those of all steps and ranks.
        """
        by_source: dict[int, list[tuple[int, int]]] = {}
        for slot in range(self.draws):
            source, turn = self.mixture.turn(place * self.draws + slot, seed=self.seed)
            by_source.setdefault(source, []).append((turn, slot))
        jobs = []
        for source, pairs in sorted(by_source.items()):
            size = max(1, min(self.mixture.sources[source].chunk, -(-len(pairs) // max(1, workers))))
            for start in range(0, len(pairs), size):
                turns, slots = zip(*pairs[start : start + size], strict=True)
                jobs.append((Job(source=self.first_source + source, turns=turns, seed=self.seed), slots))
        return jobs


def parts(
    clips: Mixture, num_clips: int, images: Mixture | None, num_images: int, *, seed: int, world: int
) -> tuple[Part, ...]:
    """The clips of a rank's batch, and the images if there are any. Raises UsageError."""
    found = [Part(mixture=clips, count=num_clips // world, seed=seed, first_source=0)]
    if images is not None:
        if images.form.num_frames != 1:
            raise UsageError(f"images are clips of 1 frame, got a form of {images.form.num_frames}")
        count, after = num_images // world, len(clips.sources)
        found.append(Part(mixture=images, count=count, seed=seed + OF_IMAGES, first_source=after))
    for what, number, part in zip(("clips", "images"), (num_clips, num_images), found, strict=False):
        crops = part.mixture.form.crops
        if number % (world * crops):
            raise UsageError(
                f"{number} {what} a step are no multiple of {world} ranks x {crops} crops of a draw"
            )
    return tuple(found)


def batch_of(mixture: Mixture, clips: Sequence[Read], images: Sequence[Read]) -> Batch:
    """What was read as one batch, in order. ``mixture`` is that of the clips."""
    items = [item for read in clips for item in read.items]
    stills = [item for read in images for item in read.items]
    return Batch(
        frames=_frames(mixture, items),
        images=torch.cat([item.frames for item in stills]) if stills else None,
        displacement=_displacement(mixture, items),
        ids=tuple(item.item_id for item in items),
        image_ids=tuple(item.item_id for item in stills),
    )


def _frames(mixture: Mixture, items: Sequence[Item]) -> torch.Tensor:
    form = mixture.form
    if not items:
        return torch.empty(0, form.num_frames, 3, form.size_px, form.size_px, dtype=torch.uint8)
    return torch.stack([item.frames for item in items])


def _displacement(mixture: Mixture, items: Sequence[Item]) -> torch.Tensor | None:
    """Displacements (B, T - 1, 2, h, w), NaN for clips without; None where no source gives any."""
    if not mixture.gives_flow:
        return None
    found = torch.full((len(items), *mixture.form.flow_shape), torch.nan)
    for row, item in enumerate(items):
        if item.displacement is not None:
            found[row] = item.displacement
    return found
