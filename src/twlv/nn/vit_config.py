"""The settings of the Vision Transformer: one record for every architecture that it can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args, get_origin, get_type_hints

from twlv.errors import UsageError
from twlv.nn.position import Grid, OtherGrids, PositionCode


@dataclass(frozen=True, kw_only=True)
class VitConfig:
    """An architecture. The defaults are TWLV-I's as we infer it (the report gives ViT-B and ViT-L only).

    ``patch`` is the tubelet (t, rows, columns). ``num_frames`` and ``image_size_px`` set the grid that
    the position code is made for; ``other_grids`` says what becomes of it on another one, and
    ``image_positions`` what a single image gets: a video's of one step (``as_video``), those of the first
    step (``first_step``: OmniMAE, UMT), or learned ones of its own (``learned``: InternVideo2's second stage).
    ``final_norm``: ``tokens`` normalises every token; ``pooled`` normalises their mean instead, which
    then is the embedding (fine-tuned VideoMAE); ``none`` does neither. ``final_norm_eps`` None means
    ``norm_eps``. ``norm`` is that of the blocks; a final norm is a layer norm always.

    Four switches make InternVideo2: ``norm="rms_norm"``, ``qk_norm`` (an RMS norm of all queries and of all
    keys of a token, before they are cut into heads), ``layer_scale`` (a learned factor for every channel that
    a branch adds), ``class_token`` (first, with a position of its own).
    ``pool_head`` are weights that make a vector of the whole clip: ``norm`` a layer norm of the tokens' mean
    (UMT's second stage), ``attention`` a pool whose query is their mean, to ``pool_width`` channels by
    ``pool_num_heads`` heads (InternVideo2). Nothing of it is used unless that vector is asked for.
    """

    width: int
    depth: int
    num_heads: int
    mlp_width: int
    patch: tuple[int, int, int] = (2, 16, 16)
    num_frames: int = 16
    image_size_px: int = 224
    position: PositionCode = "sincos_3d"
    other_grids: OtherGrids = "interpolate"
    activation: Literal["gelu", "gelu_tanh"] = "gelu"
    norm: Literal["layer_norm", "rms_norm"] = "layer_norm"
    norm_eps: float = 1e-6
    final_norm_eps: float | None = None
    final_norm: Literal["tokens", "pooled", "none"] = "tokens"
    qkv_bias: bool = True
    qk_norm: bool = False
    layer_scale: bool = False
    class_token: bool = False
    image_positions: Literal["as_video", "first_step", "learned"] = "as_video"
    pool_head: Literal["none", "norm", "attention"] = "none"
    pool_width: int = 0
    pool_num_heads: int = 0

    def __post_init__(self) -> None:
        if self.width % self.num_heads:
            raise UsageError(f"width {self.width} is not a multiple of num_heads {self.num_heads}")
        if self.num_frames % self.patch[0] or any(self.image_size_px % side for side in self.patch[1:]):
            raise UsageError(
                f"{self.num_frames} frames of {self.image_size_px} px cannot be cut into tubelets {self.patch}"
            )
        for field, hint in get_type_hints(VitConfig).items():
            legal = get_args(hint) if get_origin(hint) is Literal else ()
            if legal and getattr(self, field) not in legal:
                raise UsageError(f"{field} '{getattr(self, field)}' is not one of {', '.join(legal)}")
        self._check_positions()
        self._check_pool()

    @property
    def grid(self) -> Grid:
        """(T', H', W') of the clip that the model was made for."""
        t, p, q = self.patch
        return self.num_frames // t, self.image_size_px // p, self.image_size_px // q

    def _check_positions(self) -> None:
        if self.position == "learned" and self.other_grids == "extrapolate":
            raise UsageError("learned positions cannot be counted on: other_grids is interpolate or refuse")
        if self.position != "learned" and self.image_positions == "learned":
            raise UsageError("image_positions 'learned' needs position 'learned'")
        if self.position == "learned" and self.image_positions == "first_step":
            raise UsageError("image_positions 'first_step' is for a position code that is not learned")
        if self.position == "sincos_quarter" and self.width % 16:
            raise UsageError(f"position 'sincos_quarter' needs a width that 16 divides, got {self.width}")

    def _check_pool(self) -> None:
        attends = self.pool_head == "attention"
        if attends != (self.pool_width > 0) or attends != (self.pool_num_heads > 0):
            raise UsageError("pool_width and pool_num_heads belong to pool_head 'attention', and it needs both")
        if attends and self.width % self.pool_num_heads:
            raise UsageError(f"width {self.width} is not a multiple of pool_num_heads {self.pool_num_heads}")
