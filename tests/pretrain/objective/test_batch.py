"""A batch: named samples, cut into micro-batches, odd ones refused."""

from __future__ import annotations

import pytest
import torch

from twlv.errors import UsageError
from twlv.pretrain.batch import Batch

FRAMES = torch.arange(4, dtype=torch.uint8).reshape(4, 1, 1, 1, 1).expand(4, 6, 3, 8, 8)
IMAGES = torch.arange(2, dtype=torch.uint8).reshape(2, 1, 1, 1).expand(2, 3, 8, 8)


def test_micro_batches_in_order() -> None:
    motion = torch.arange(4.0).reshape(4, 1, 1, 1, 1).expand(4, 5, 2, 8, 8)
    whole = Batch(frames=FRAMES, images=IMAGES, displacement=motion, ids=tuple("abcd"), image_ids=("x", "y"))
    first, second = whole.split(2)
    assert (first.ids, second.ids) == (("a", "b"), ("c", "d"))
    assert (first.image_ids, second.image_ids) == (("x",), ("y",))
    assert second.frames[:, 0, 0, 0, 0].tolist() == [2, 3]
    assert second.images is not None
    assert second.images[0, 0, 0, 0] == 1
    assert second.displacement is not None
    assert second.displacement[:, 0, 0, 0, 0].tolist() == [2, 3]
    moved = second.to("cpu")
    assert torch.equal(moved.frames, second.frames)
    assert (len(moved), moved.num_images, moved.image_ids) == (2, 1, ("y",))
    with pytest.raises(UsageError, match="4 clips and 2 images cannot be cut into 4"):
        whole.split(4)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"frames": FRAMES.float()}, "frames must be uint8"),
        ({"frames": FRAMES[:, :, :1]}, "frames must be uint8"),
        ({"frames": FRAMES[0]}, "frames must be uint8"),
        ({"ids": ("a",)}, "4 frames but 1 ids"),
        ({"images": IMAGES}, "2 images but 0 ids"),
        ({"images": IMAGES[:, None], "image_ids": ("x", "y")}, "images must be uint8"),
        ({"displacement": torch.zeros(4, 6, 2, 8, 8)}, "displacement must be"),
    ],
)
def test_odd_batches_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Batch(**{"frames": FRAMES, "ids": tuple("abcd"), **changes})
