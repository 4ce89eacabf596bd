"""Objectives of others, put together from the same parts; each returns the settings for an encoder.

Losses are as in the papers, not divided by the constant predictor's. What our parts do otherwise than the
released code stands in each docstring. Optimisers, schedules and data are not part of an objective.
"""

from __future__ import annotations

from twlv.nn.vit import VitConfig
from twlv.pretrain.objective.config import ObjectiveConfig, PredictorConfig, Reading, Use
from twlv.pretrain.objective.masks import LONG_RANGE, SHORT_RANGE, Random, Tube
from twlv.pretrain.objective.targets.ema_teacher import EmaTeacher
from twlv.pretrain.objective.targets.global_ import Global
from twlv.pretrain.objective.targets.hog import Hog
from twlv.pretrain.objective.targets.image_teacher import ImageTeacher
from twlv.pretrain.objective.targets.pixels import Pixels
from twlv.pretrain.objective.targets.video_teacher import VideoTeacher


def videomae(encoder: VitConfig, *, visible_share: float = 0.1) -> ObjectiveConfig:
    """VideoMAE (arXiv 2203.12602): normalised pixels at all masked tokens of one tube mask, squared error.

    Decoder of 4 blocks and half the encoder's width. The map into the decoder has a bias here.
    """
    return ObjectiveConfig(
        encoder=encoder,
        masks=(Tube(),),
        visible_share=visible_share,
        predictors=(_decoder(encoder.width // 2, depth=4),),
        uses=(Use(target=Pixels()),),
        normalise=False,
    )


def maskfeat(encoder: VitConfig, *, visible_share: float = 0.1) -> ObjectiveConfig:
    """MaskFeat (arXiv 2112.09133): HOG of masked tokens, squared error.

    MaskFeat encodes mask tokens in place and hides 40 % in cubes; here the encoder sees visible tokens only,
    with a decoder of one block, and hides 90 % in tubes.
    """
    return ObjectiveConfig(
        encoder=encoder,
        masks=(Tube(),),
        visible_share=visible_share,
        predictors=(_decoder(encoder.width // 2, depth=1),),
        uses=(Use(target=Hog()),),
        normalise=False,
    )


def vjepa(encoder: VitConfig, *, visible_share: float = 0.1) -> ObjectiveConfig:
    """V-JEPA (arXiv 2404.08471): the normalised output of a moving average, absolute error, two block masks.

    12 blocks of width 384, a mask token for each mask. V-JEPA cuts visible and masked tokens to the batch's
    least number; here V is fixed, drawn at random, and all other tokens are predicted, those outside the
    blocks too.
    """
    return ObjectiveConfig(
        encoder=encoder,
        masks=(SHORT_RANGE, LONG_RANGE),
        visible_share=visible_share,
        predictors=(_decoder(min(384, encoder.width), depth=12, mask_tokens_per_mask=True),),
        uses=(Use(target=EmaTeacher(momentum=(0.998, 1.0), metric="l1")),),
        normalise=False,
    )


def umt(encoder: VitConfig, *, teacher: str, layers: int = 6, visible_share: float = 0.2) -> ObjectiveConfig:
    """UMT's first stage (arXiv 2303.16058): visible tokens of the last ``layers`` blocks against an image
    teacher, each through a linear map and a norm; the mean over layers of 2 - 2 cos.

    UMT pairs its layers with as many of the teacher's and draws what is visible by the teacher's attention; a
    backbone by name answers with its last tokens, which all layers are compared with, and the draw is uniform.
    """
    depth = encoder.depth
    return ObjectiveConfig(
        encoder=encoder,
        masks=(Random(),),
        visible_share=visible_share,
        predictors=(),
        uses=tuple(
            Use(
                target=ImageTeacher(teacher=teacher, steps=None, layer_norm=False),
                name=f"layer_{block}",
                weight=1 / layers,
                place="visible",
                reads=Reading(block=block),
                head="linear_norm",
            )
            for block in range(depth - layers + 1, depth + 1)
        ),
        normalise=False,
    )


def mvd(
    encoder: VitConfig, *, image_teacher: str, video_teacher: str, visible_share: float = 0.1
) -> ObjectiveConfig:
    """MVD (arXiv 2212.04500): two decoders of 2 blocks and the encoder's width, one for an image teacher's
    tokens, one for a video teacher's; smooth absolute error, weights 1 : 1, targets as they are.
    """
    return ObjectiveConfig(
        encoder=encoder,
        masks=(Tube(),),
        visible_share=visible_share,
        predictors=tuple(_decoder(encoder.width, depth=2, name=name) for name in ("image", "video")),
        uses=(
            Use(
                target=ImageTeacher(
                    teacher=image_teacher, steps=None, layer_norm=False, metric="smooth_l1", name="image"
                ),
                predictor="image",
            ),
            Use(
                target=VideoTeacher(teacher=video_teacher, blocks=None, layer_norm=False, name="video"),
                predictor="video",
            ),
        ),
        normalise=False,
    )


def data2vec(
    encoder: VitConfig, *, blocks: int = 10, masks: int = 4, visible_share: float = 0.2
) -> ObjectiveConfig:
    """data2vec 2.0 (arXiv 2212.07525): the mean of a moving average's last blocks, each normalised per channel
    over the tokens, then per token; squared error; several masks share one run of the teacher.

    Its decoder is convolutional; here it is one block of the encoder's width.
    """
    target = EmaTeacher(
        momentum=(0.9998, 0.99999), blocks=min(blocks, encoder.depth), block_norm="instance", metric="mse"
    )
    return ObjectiveConfig(
        encoder=encoder,
        masks=(Random(),) * masks,
        visible_share=visible_share,
        predictors=(_decoder(encoder.width, depth=1),),
        uses=(Use(target=target),),
        normalise=False,
    )


def videoprism(encoder: VitConfig, *, teacher: str, visible_share: float = 0.35) -> ObjectiveConfig:
    """VideoPrism's second stage (arXiv 2402.13217): all tokens of a frozen first stage, from shuffled visible
    ones, and its vector of the clip, from 4 blocks and an attentive pooler; 1 - cos each, equal weights.

    The decoder has 4 blocks of width 512. The weights are one half because our cosine distance is 2 - 2 cos.
    """
    return ObjectiveConfig(
        encoder=encoder,
        masks=(Random(),),
        visible_share=visible_share,
        predictors=(_decoder(min(512, encoder.width), depth=4, all_tokens=True),),
        uses=(
            Use(
                target=VideoTeacher(
                    teacher=teacher, blocks=None, layer_norm=False, metric="cosine", name="tokens"
                ),
                weight=0.5,
            ),
            Use(
                target=Global(teacher=teacher),
                weight=0.5,
                place="pooled",
                pool="attentive",
                pool_blocks=4,
            ),
        ),
        normalise=False,
    )


def _decoder(
    width: int,
    *,
    depth: int,
    name: str = "shared",
    mask_tokens_per_mask: bool = False,
    all_tokens: bool = False,
) -> PredictorConfig:
    """Every masked token is asked for (or every token, from shuffled ones); heads of 64 channels, or one."""
    return PredictorConfig(
        name=name,
        width=width,
        depth=depth,
        num_heads=max(1, width // 64),
        query_share=1.0,
        queries="all" if all_tokens else "masked",
        mask_tokens="per_mask" if mask_tokens_per_mask else "one",
        shuffle_visible=all_tokens,
    )
