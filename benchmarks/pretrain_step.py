"""CPU seconds per clip of a training step (forward and backward), against dearer ways to the same losses.

    python benchmarks/pretrain_step.py                          # ViT-S, three targets; and ViT-B, pixels only
    python benchmarks/pretrain_step.py --part targets --size s
    python benchmarks/pretrain_step.py --small                  # seconds

``targets``: one predictor on a quarter of the masked tokens for three targets, two masks per clip, against a
decoder of the same size for each target on all masked tokens. Both see the same clips, masks and encoder;
target values are computed in both. ``pixels``: our encoder, predictor and pixel loss against
``VideoMAEForPreTraining`` of transformers with its defaults, one tube mask of 0.9; once with as many queries
as it decodes, once with a quarter.

The time is CPU time of the process over all threads, the least of ``--repeat`` rounds in which all ways take
turns. No optimiser step is in it. The ratio is what to look at.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch
from transformers import VideoMAEConfig, VideoMAEForPreTraining

from small import parse
from twlv.nn import fast_float32, sized
from twlv.pretrain.batch import Batch
from twlv.pretrain.objective.config import ObjectiveConfig, PredictorConfig, Use
from twlv.pretrain.objective.masks import Tube
from twlv.pretrain.objective.objective import Objective
from twlv.pretrain.objective.published import videomae
from twlv.pretrain.objective.targets.displacement import Displacement
from twlv.pretrain.objective.targets.hog import Hog
from twlv.pretrain.objective.targets.pixels import Pixels
from twlv.video.synthetic import pretrain_batch

TARGETS = (Pixels(), Displacement(), Hog())


def main() -> None:
    options = _options()
    torch.set_num_threads(options.threads)
    clips = pretrain_batch(0, 0, batch=options.batch, num_frames=options.frames, size_px=options.image_size)
    batch = Batch(frames=clips, ids=tuple(map(str, range(options.batch))))
    if options.part in ("targets", "both"):
        _targets(batch, options)
    if options.part in ("pixels", "both"):
        _pixels(batch, options)


def _targets(batch: Batch, options: argparse.Namespace) -> None:
    encoder = sized(options.size, num_frames=options.frames, image_size_px=options.image_size)
    shared = ObjectiveConfig(
        encoder=encoder,
        uses=tuple(Use(target=target) for target in TARGETS),
        predictors=(_decoder("shared", options, share=0.25),),
    )
    apart = ObjectiveConfig(
        encoder=encoder,
        uses=tuple(Use(target=target, predictor=target.name) for target in TARGETS),
        predictors=tuple(_decoder(target.name, options, share=1.0) for target in TARGETS),
    )
    one = Objective(shared)
    print(f"ViT-{options.size}, {options.frames} x {options.image_size} px, V = {shared.num_visible}, 2 masks")
    seconds = _alternate(
        {
            "one predictor, 1/4 of the queries": _step(one, batch),
            "three decoders": _step(Objective(apart), batch),
        },
        options.repeat,
    )
    _show(seconds, len(batch), base="three decoders")
    losses = one(batch, seed=0, step=0)
    total = sum(losses.seconds.values())
    print(f"  target values: {losses.seconds['targets'] / total:.0%} of the shared forward pass; masks "
          f"{losses.seconds['masks'] / total:.1%}")  # fmt: skip


def _pixels(batch: Batch, options: argparse.Namespace) -> None:
    size = options.pixels_size
    encoder = sized(size, num_frames=options.frames, image_size_px=options.image_size, position="sincos_flat")
    theirs = VideoMAEForPreTraining(
        VideoMAEConfig(
            hidden_size=encoder.width,
            num_hidden_layers=encoder.depth,
            num_attention_heads=encoder.num_heads,
            intermediate_size=encoder.mlp_width,
            num_frames=options.frames,
            image_size=options.image_size,
        )
    ).train()
    same = videomae(encoder)
    decoder = PredictorConfig(width=384, depth=4, num_heads=6, query_share=1.0)  # as VideoMAEConfig has it
    quarter = PredictorConfig(width=384, depth=4, num_heads=6, query_share=0.25)
    ours = {
        name: Objective(
            ObjectiveConfig(
                encoder=encoder, uses=same.uses, masks=(Tube(),), visible_share=0.1, predictors=(predictor,)
            )
        )
        for name, predictor in (("ours, all queries", decoder), ("ours, 1/4 of the queries", quarter))
    }
    print(
        f"ViT-{size}, pixels only, {options.frames} x {options.image_size} px, V = {same.num_visible}, 1 mask"
    )
    ways = {name: _step(objective, batch) for name, objective in ours.items()}
    seconds = _alternate({"transformers": _their_step(theirs, batch, same), **ways}, options.repeat)
    _show(seconds, len(batch), base="transformers")


def _decoder(name: str, options: argparse.Namespace, *, share: float) -> PredictorConfig:
    width = options.decoder_width
    return PredictorConfig(name=name, width=width, depth=4, num_heads=max(1, width // 64), query_share=share)


def _step(objective: Objective, batch: Batch) -> Callable[[], None]:
    objective.train()

    def run() -> None:
        objective.zero_grad(set_to_none=True)
        with fast_float32(torch.device("cpu")):
            objective(batch, seed=0, step=0).total.backward()
        objective.after_step(0, 1)

    return run


def _their_step(model: VideoMAEForPreTraining, batch: Batch, config: ObjectiveConfig) -> Callable[[], None]:
    """The same number of visible tokens; it too gets uint8 frames, and normalises them within the step."""
    mean, std = (torch.tensor(part)[:, None, None] for part in (config.mean, config.std))
    tokens = config.encoder.grid[0] * config.encoder.grid[1] * config.encoder.grid[2]
    places = torch.arange(tokens) % (tokens // config.encoder.grid[0])
    masked = places >= config.num_visible // config.encoder.grid[0]

    def run() -> None:
        model.zero_grad(set_to_none=True)
        frames = (batch.frames.float() / 255 - mean) / std
        model(frames, bool_masked_pos=masked.expand(len(batch), -1)).loss.backward()

    return run


def _alternate(ways: dict[str, Callable[[], None]], repeat: int) -> dict[str, float]:
    least = dict.fromkeys(ways, float("inf"))
    for number in range(repeat + 1):
        for name, run in ways.items():
            began = time.process_time()
            run()
            spent = time.process_time() - began
            if number:  # the first round warms up
                least[name] = min(least[name], spent)
    return least


def _show(seconds: dict[str, float], clips: int, *, base: str) -> None:
    for name, spent in seconds.items():
        print(f"  {name:36s} {1000 * spent / clips:8.0f} CPU-ms per clip   {seconds[base] / spent:5.2f} x")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=("targets", "pixels", "both"), default="both")
    parser.add_argument("--size", default="s", help="of the part targets")
    parser.add_argument("--pixels-size", default="b", help="of the part pixels")
    parser.add_argument("--decoder-width", type=int, default=384)
    parser.add_argument("--frames", type=int, default=16)
    parser.add_argument("--image-size", type=int, default=224)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    return parse(
        parser, size="t", pixels_size="t", decoder_width=128, frames=8, image_size=96, batch=2, repeat=1
    )


if __name__ == "__main__":
    main()
