"""Recipes for one machine. [I] is what we infer, [M] what was measured."""

from __future__ import annotations

from dataclasses import replace

from twlv.nn.vit import VitConfig, sized
from twlv.pretrain.data.settings import DataSettings, SourceSettings
from twlv.pretrain.data.source import ClipForm
from twlv.pretrain.objective.config import ObjectiveConfig, PredictorConfig
from twlv.pretrain.objective.masks import Tube
from twlv.pretrain.objective.targets.displacement import Displacement
from twlv.pretrain.recipes.parts import (
    MOTION,
    MOTION_HALF,
    PIXELS,
    backbone_of,
    diversified,
    halves,
    stage_0,
)
from twlv.pretrain.train.config import TrainConfig
from twlv.pretrain.train.recipe import Recipe

IMAGE_TEACHER = "efficientnet_lite0.imagenet"
STREAM = SourceSettings(kind="synthetic", name="synthetic", flip=0.0)


def twlv1_vit_s_one_gpu() -> Recipe:
    """ViT-S/16, 22 M, 16 frames of 112 px, on rendered clips; more sources with ``--set``, see the guide.

    Hardware: one GPU of 24 to 80 GB and 16 cores that render [I]. Hours: 15 to 40, by the GPU and by what the
    cores render [I; not measured]. First ``twlv1_vit_s_one_gpu_stage_0``. Expected: motion of objects and rough
    appearance; little of real scenes as long as the clips are rendered [I].
    """
    encoder = sized("s", image_size_px=112)
    return Recipe(
        name="twlv1_vit_s_one_gpu",
        objective=ObjectiveConfig(
            encoder=encoder,
            uses=diversified(
                image_teacher=IMAGE_TEACHER, video_teacher=backbone_of("twlv1_vit_s_one_gpu_stage_0")
            ),
            predictors=(PredictorConfig(width=192, depth=4, num_heads=3),),
        ),
        data=DataSettings(
            clips=(replace(STREAM, pool=20_000),),
            num_clips=256,
            form=ClipForm(num_frames=16, size_px=112),
            workers=14,
            ahead=4,
        ),
        train=TrainConfig(
            steps=50_000,
            lr=5e-4,
            schedule="cosine",
            warmup_steps=2_500,
            ema=0.9995,
            micro_clips=128,
            log_every=20,
            checkpoint_every=1_000,
            monitor_every=1_000,
            best="motion_direction_auc",
        ),
        notes="run twlv1_vit_s_one_gpu_stage_0 first; 20,000 rendered clips are kept in 12 GB of memory",
    )


def twlv1_vit_s_one_gpu_stage_0() -> Recipe:
    """The video teacher of ``twlv1_vit_s_one_gpu``: pixels and motion only [I].

    Hardware as there. Hours: 2 to 6 [I; not measured]. Expected: motion readable, appearance weak [I].
    """
    return stage_0(twlv1_vit_s_one_gpu(), steps=10_000)


def twlv1_tiny_cpu() -> Recipe:
    """A small encoder (6 blocks of 192, 2.8 M) on rendered clips of 8 x 96 px: motion and appearance, each in
    one half of the channels.

    Hardware: 2 cores, 6 GB [I]. Hours: under 1 of one core [M]. Expected: direction and order of time readable
    nearly always, looks well above pixels alone; see ``docs/models/twlv1_tiny.md`` for what was measured [M].
    """
    return Recipe(
        name="twlv1_tiny_cpu",
        objective=ObjectiveConfig(
            encoder=VitConfig(
                width=192,
                depth=6,
                num_heads=3,
                mlp_width=768,
                patch=(2, 12, 12),
                num_frames=8,
                image_size_px=96,
            ),
            uses=halves(Displacement(source="best", downsample=2), IMAGE_TEACHER, steps=2),
            masks=(Tube(),),
            visible_share=0.25,
            predictors=(PredictorConfig(width=96, depth=2, num_heads=3, reads=MOTION_HALF),),
        ),
        data=DataSettings(
            clips=(replace(STREAM, pool=3_000),),
            num_clips=64,
            form=ClipForm(num_frames=8, size_px=96, flow_every_px=4),
        ),
        train=TrainConfig(
            steps=3_000,
            optimizer="muon",
            lr=2e-3,
            schedule="cosine",
            warmup_steps=100,
            precision="bfloat16",
            log_every=20,
            checkpoint_every=250,
            monitor_every=500,
        ),
        notes="3,000 rendered clips are kept in 660 MB of memory, what the teacher says of them in 2 GB",
    )


def smoke() -> Recipe:
    """Whether everything works: a few steps of a toy encoder, with monitors, checkpoints, picture and export.

    Hardware: any. Hours: 1/100. Expected: losses that fall, a backbone that loads; nothing of use is learnt.
    """
    return Recipe(
        name="smoke",
        objective=ObjectiveConfig(
            encoder=VitConfig(
                width=32, depth=2, num_heads=2, mlp_width=64, patch=(2, 8, 8), num_frames=8, image_size_px=32
            ),
            uses=(PIXELS, MOTION),
            predictors=(PredictorConfig(width=16, depth=1, num_heads=2),),
        ),
        data=DataSettings(clips=(STREAM,), num_clips=8, form=ClipForm(num_frames=8, size_px=32)),
        train=TrainConfig(
            steps=20,
            lr=3e-3,
            warmup_steps=2,
            ema=0.9,
            micro_clips=4,
            log_every=5,
            checkpoint_every=10,
            monitor_every=10,
            monitor_clips=32,
            best="motion_direction_auc",
        ),
    )
