"""What it takes to encode one clip, counted and not timed: it does not depend on the machine."""

from __future__ import annotations

from typing import Any

import torch

from twlv.contracts import Backbone


def gflop_per_clip(model: Backbone, num_frames: int | None = None) -> float | None:
    """Thousand millions of operations to encode a clip of ``num_frames`` (None: the card's) at the card's size.

    Matrix products, convolutions and attention count, a multiplication with its addition as two; the rest is
    small. None where nothing is counted: a backbone that is made of other operations, or that takes no plain
    clip of this size. Runs the backbone once, on zeros.
    """
    from torch.utils.flop_counter import FlopCounterMode

    card = model.card
    size, device = card.image_size_px, torch.device(getattr(model, "device", "cpu"))
    clip = torch.zeros(1, num_frames or card.num_frames, 3, size, size, device=device)
    attention = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
    try:
        with FlopCounterMode(display=False, custom_mapping={attention: _attention_on_a_cpu}) as counter:
            model.encode(clip)
    except (RuntimeError, ValueError):
        return None
    return counter.get_total_flops() / 1e9 or None


def _attention_on_a_cpu(query: Any, key: Any, value: Any, *_: Any, **__: Any) -> int:
    """The operation that torch takes on a CPU, and does not count by itself; shapes of its inputs."""
    from torch.utils.flop_counter import sdpa_flop_count

    return int(sdpa_flop_count(query, key, value))  # type: ignore[no-untyped-call]
