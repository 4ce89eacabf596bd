"""The settings of an objective. Which levers share one encoder between targets is said here, per use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from twlv.errors import UsageError
from twlv.nn.vit import VitConfig
from twlv.pretrain.objective.masks import Mask, MultiBlock, Tube
from twlv.pretrain.objective.targets.target import Target

Place: TypeAlias = Literal["queries", "visible", "pooled"]
_MEAN = (0.485, 0.456, 0.406)
_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Which part of the encoder is read: the tokens after block ``block`` (1, 2, ...; None: the end, after the
    final norm), and of their channels the share [start, end) of the width (None: all).
    """

    block: int | None = None
    channels: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.block is not None and self.block < 1:
            raise UsageError(f"blocks are counted from 1, got {self.block}")
        if self.channels is not None and not 0 <= self.channels[0] < self.channels[1] <= 1:
            raise UsageError(f"channels are a share [start, end) of the width, got {self.channels}")


@dataclass(frozen=True, kw_only=True)
class PredictorConfig:
    """A light transformer that fills in tokens from the visible ones.

    ``queries`` ``masked`` asks for the share ``query_share`` of the masked tokens, at random; ``all`` for
    that share of all tokens (VideoPrism). ``mask_tokens``: one learnt query per mask of the objective
    (V-JEPA), or one for all. ``shuffle_visible`` gives the visible tokens each other's positions, so that
    none can be copied (VideoPrism).
    """

    name: str = "shared"
    width: int = 384
    depth: int = 4
    num_heads: int = 6
    mlp_ratio: float = 4.0
    query_share: float = 0.25
    queries: Literal["masked", "all"] = "masked"
    mask_tokens: Literal["one", "per_mask"] = "one"
    shuffle_visible: bool = False
    reads: Reading = Reading()

    def __post_init__(self) -> None:
        if not 0 < self.query_share <= 1:
            raise UsageError(f"query_share is in (0, 1], got {self.query_share}")
        if self.width % self.num_heads:
            raise UsageError(f"predictor width {self.width} is not a multiple of num_heads {self.num_heads}")


@dataclass(frozen=True, kw_only=True)
class Use:
    """One target, what it counts, and how it reads the encoder.

    ``place``: ``queries`` is read from the predictor named ``predictor``; ``visible`` from the encoder's
    visible tokens, as ``reads`` says, through a norm and a linear head; ``pooled`` from their mean.
    ``weight`` counts from ``start_step`` on, rises over ``ramp_steps``, and ends at ``end_step`` (falling over
    ``ramp_steps`` before it). ``image_weight`` is that of images beside clips (0 whatever it says for targets
    that a single image has not).
    ``gradient_scale`` multiplies what flows back into what is read, not into the head: 0 makes the head a probe
    (stop-gradient). ``balance`` ``gradient`` makes that gradient's root-mean-square (running, per process) the
    same for all such uses before weight and scale. ``masks`` are the numbers of the masks that it is read from
    (None: all), ``token_share`` a random share of the tokens. ``head`` is a linear map, with a norm before
    or after it, or with one hidden layer; ``pool`` is for the place ``pooled``, an attentive one
    after ``pool_blocks`` blocks of its own.
    """

    target: Target
    name: str = ""
    weight: float = 1.0
    place: Place = "queries"
    predictor: str = "shared"
    reads: Reading = Reading()
    start_step: int = 0
    end_step: int | None = None
    ramp_steps: int = 0
    image_weight: float = 1.0
    gradient_scale: float = 1.0
    balance: Literal["none", "gradient"] = "none"
    masks: tuple[int, ...] | None = None
    token_share: float = 1.0
    head: Literal["linear", "norm_linear", "linear_norm", "mlp"] = "linear"
    pool: Literal["mean", "attentive"] = "mean"
    pool_blocks: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.token_share <= 1:
            raise UsageError(f"token_share is in (0, 1], got {self.token_share}")
        if self.target.pooled != (self.place == "pooled"):
            raise UsageError(f"target {self.target.name} cannot be read at the place '{self.place}'")
        if self.weight < 0 or self.ramp_steps < 0:
            raise UsageError(f"weight {self.weight} and ramp_steps {self.ramp_steps} must be 0 or more")

    @property
    def label(self) -> str:
        """``name``, or the target's own with its place where that is not the queries."""
        own = self.target.name if self.place == "queries" else f"{self.target.name}_{self.place}"
        return self.name or own

    def weight_at(self, step: int) -> float:
        """What it counts at a step, from 0."""
        ramp = max(1, self.ramp_steps)
        rising = (step - self.start_step + (1 if self.ramp_steps == 0 else 0)) / ramp
        falling = (self.end_step - step) / ramp if self.end_step is not None else 1.0
        return self.weight * min(1.0, max(0.0, min(rising, falling)))


@dataclass(frozen=True, kw_only=True)
class ImageConfig:
    """How images join: the share of tokens that is visible, and the place in time that an image takes.

    ``time`` ``random`` draws one of the T' steps per image (else one step would be special), ``middle`` takes
    the middle. ``packed`` puts several images into one row as long as a clip's, so that both run as one batch.
    """

    visible_share: float = 0.25
    time: Literal["random", "middle"] = "random"
    packed: bool = True


@dataclass(frozen=True, kw_only=True)
class ObjectiveConfig:
    """A whole objective. The masks, shares and weights that are defaults here are ours (TWLV-I gives none).

    ``visible_share`` fixes V = T' * round(share * H' * W') for every mask, exactly. ``place_weights`` draws
    what is visible with a weight per place: ``motion`` more where the picture changes, ``saliency`` more
    where the image backbone ``place_teacher``, at ``place_steps`` steps and ``place_input_px`` (as an
    ``ImageTeacher`` has them), sees something unlike the rest of the frame. ``normalise`` divides every loss
    by that of the best constant predictor (a running mean with ``constant_decay``); without it the losses are
    those of the papers. ``mean`` and ``std`` apply to pixels in [0, 1]. ``drop_path`` rises linearly with
    depth to this rate. ``recompute`` keeps no activations of the blocks (less memory, a third more time).
    """

    encoder: VitConfig
    uses: tuple[Use, ...]
    masks: tuple[Mask, ...] = (Tube(), MultiBlock())
    visible_share: float = 0.15
    predictors: tuple[PredictorConfig, ...] = (PredictorConfig(),)
    images: ImageConfig = ImageConfig()
    place_weights: Literal["none", "motion", "saliency"] = "none"
    place_teacher: str = ""
    place_steps: int | None = 4
    place_input_px: int | None = None
    normalise: bool = True
    constant_decay: float = 0.99
    drop_path: float = 0.0
    recompute: bool = False
    mean: tuple[float, float, float] = _MEAN
    std: tuple[float, float, float] = _STD
    seed: int = 0

    def __post_init__(self) -> None:
        labels = [use.label for use in self.uses]
        names = [predictor.name for predictor in self.predictors]
        if not labels or not self.masks:
            raise UsageError("an objective needs at least one target and one mask")
        if len(set(labels)) < len(labels) or len(set(names)) < len(names):
            raise UsageError(f"names must differ: targets {labels}, predictors {names}; set name=")
        for use in self.uses:
            self._check(use, names)
        if (self.place_weights == "saliency") != bool(self.place_teacher):
            raise UsageError("place_teacher is for place_weights='saliency', which needs one")
        if self.encoder.class_token or self.encoder.position == "learned":
            raise UsageError("an encoder with a class token or learned positions cannot be pretrained here")
        if not 0 < self.visible_share < 1 or not 0 < self.images.visible_share < 1:
            raise UsageError("visible_share lies between 0 and 1, both excluded")

    def _check(self, use: Use, names: list[str]) -> None:
        if use.place == "queries" and use.predictor not in names:
            raise UsageError(f"{use.label} reads the predictor '{use.predictor}'; there are {', '.join(names)}")
        if use.masks is not None and not set(use.masks) <= set(range(len(self.masks))):
            raise UsageError(f"{use.label} reads masks {use.masks}; there are {len(self.masks)}, from 0")
        reads = [use.reads, *(p.reads for p in self.predictors)]
        if any(reading.block is not None and reading.block > self.encoder.depth for reading in reads):
            raise UsageError(f"the encoder has {self.encoder.depth} blocks; {use.label} reads beyond them")

    @property
    def num_visible(self) -> int:
        """V of every clip and mask."""
        t, h, w = self.encoder.grid
        return t * max(1, round(self.visible_share * h * w))

    @property
    def num_visible_of_image(self) -> int:
        """Visible tokens of an image."""
        _, h, w = self.encoder.grid
        return max(1, round(self.images.visible_share * h * w))
