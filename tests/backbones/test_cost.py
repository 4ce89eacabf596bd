"""Operations of a clip, against a count by hand."""

from __future__ import annotations

from twlv.backbones import load
from twlv.backbones.cost import gflop_per_clip


def test_a_vision_transformer_is_counted_as_by_hand() -> None:
    """Patch embedding, and in each block four products of width D x D and two of D x 4D."""
    model = load("twlv1_vit_t.random")
    card = model.card
    tokens, width, depth = 8 * 14 * 14, card.dim, 12
    patch = 3 * 2 * 16 * 16
    layers = tokens * (patch * width + depth * (4 * width**2 + 8 * width**2))
    attention = depth * 2 * tokens**2 * width
    assert abs(gflop_per_clip(model) * 1e9 / (2 * (layers + attention)) - 1) < 0.01


def test_half_the_frames_are_less_than_half_the_work() -> None:
    model = load("twlv1_vit_t.random")
    assert gflop_per_clip(model, 8) < gflop_per_clip(model, 16) / 2


def test_a_backbone_that_takes_no_such_clip_has_no_count() -> None:
    class Refuses:
        card = load("gradient_flow.fixed").card

        def encode(self, frames):
            raise ValueError("not this size")

    assert gflop_per_clip(Refuses()) is None
