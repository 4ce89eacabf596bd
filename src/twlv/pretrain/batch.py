"""What the data hands to the objective. Axes: B clips, I images, T frames, C colours, H W pixels."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from twlv.errors import UsageError


@dataclass(frozen=True, kw_only=True, eq=False)
class Batch:
    """Clips, and perhaps images, of one step.

    ``frames`` uint8 (B, T, C, H, W). ``images`` uint8 (I, C, H, W) or None. ``displacement`` float32
    (B, T - 1, 2, h, w) or None: where what a pixel shows goes from frame t to t + 1, x and y, in pixels of the
    clip, exact; a clip without truth is NaN throughout. ``ids`` (B) and ``image_ids`` (I) name the samples:
    every draw of the objective (masks, queries, dropped paths) follows from seed, step and these names, so
    samples of one step must be named apart (several crops of one file too), and it does not matter which
    process or micro-batch a sample lands in.

    Raises:
        UsageError: another type, shape or number of names.
    """

    frames: torch.Tensor
    images: torch.Tensor | None = None
    displacement: torch.Tensor | None = None
    ids: tuple[str, ...]
    image_ids: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check("frames", self.frames, 5, len(self.ids))
        if self.images is not None:
            _check("images", self.images, 4, len(self.image_ids))
        shown = self.frames.shape
        if self.displacement is not None and tuple(self.displacement.shape[:3]) != (shown[0], shown[1] - 1, 2):
            raise UsageError(
                f"displacement must be (B, T - 1, 2, h, w) = ({shown[0]}, {shown[1] - 1}, 2, h, w), "
                f"got {tuple(self.displacement.shape)}"
            )

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def num_images(self) -> int:
        """I, 0 without images."""
        return len(self.image_ids)

    def to(self, device: torch.device | str) -> Batch:
        """The same batch on another device."""
        return Batch(
            frames=self.frames.to(device, non_blocking=True),
            images=None if self.images is None else self.images.to(device, non_blocking=True),
            displacement=None if self.displacement is None else self.displacement.to(device, non_blocking=True),
            ids=self.ids,
            image_ids=self.image_ids,
        )

    def split(self, parts: int) -> tuple[Batch, ...]:
        """Micro-batches: ``parts`` of equally many clips and equally many images, in order.

        Raises:
            UsageError: B or I is no multiple of ``parts``.
        """
        if parts < 1 or len(self) % parts or self.num_images % parts:
            raise UsageError(
                f"{len(self)} clips and {self.num_images} images cannot be cut into {parts} equal micro-batches"
            )
        clips, images = len(self) // parts, self.num_images // parts
        return tuple(
            self._rows(slice(n * clips, (n + 1) * clips), slice(n * images, (n + 1) * images))
            for n in range(parts)
        )

    def _rows(self, clips: slice, images: slice) -> Batch:
        return Batch(
            frames=self.frames[clips],
            images=None if self.images is None else self.images[images],
            displacement=None if self.displacement is None else self.displacement[clips],
            ids=self.ids[clips],
            image_ids=self.image_ids[images],
        )


def _check(name: str, pictures: torch.Tensor, axes: int, names: int) -> None:
    if pictures.dtype != torch.uint8 or pictures.ndim != axes or pictures.shape[-3] != 3:
        shape = "(B, T, 3, H, W)" if axes == 5 else "(I, 3, H, W)"
        raise UsageError(f"{name} must be uint8 {shape}, got {pictures.dtype} {tuple(pictures.shape)}")
    if len(pictures) != names:
        raise UsageError(f"{len(pictures)} {name} but {names} ids; every sample has a name")
