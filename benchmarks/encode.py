"""CPU seconds per clip of a ViT: transformers VideoMAE with its defaults against ours, in one process.

    python benchmarks/encode.py --size b --frames 16 --image-size 224 --repeat 3
    python benchmarks/encode.py --small                                             # seconds

The time is CPU time of the process over all threads, the least of ``--repeat`` runs, so that what other
programs do on the machine counts as little as possible. The bound is all floating point operations of
the encoder at the rate of this machine's bfloat16 matrix product, measured in the same run: the ratio of
two paths differs between machines (a CPU whose bfloat16 product is only twice its float32 one cannot
give more than twice), the share of the bound says what is left to gain on this one.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable

import torch
from transformers import VideoMAEConfig, VideoMAEModel

from small import parse
from twlv.backbones.loaded import LoadedBackbone, loaded
from twlv.backbones.own import KIND, config_json
from twlv.backbones.random_weights import random_card
from twlv.backbones.videomae import convert
from twlv.nn import VitConfig, sized
from twlv.nn.strict import load_strictly


def main() -> None:
    options = _options()
    if options.threads:
        torch.set_num_threads(options.threads)
    config = sized(
        options.size,
        num_frames=options.frames,
        image_size_px=options.image_size,
        position="sincos_flat",
    )
    clip = torch.randn(
        (options.batch, options.frames, 3, options.image_size, options.image_size),
        generator=torch.Generator().manual_seed(0),
    )
    theirs = _videomae(config)
    ours = {dtype: _ours(config, theirs, dtype) for dtype in ("float32", "bfloat16")}
    paths: dict[str, Callable[[], torch.Tensor]] = {
        "transformers VideoMAE, its defaults": lambda: theirs(clip).last_hidden_state,
        "ours, float32": lambda: ours["float32"].encode(clip).patches.flatten(1, 3),
        "ours, bfloat16": lambda: ours["bfloat16"].encode(clip).patches.flatten(1, 3),
    }
    _report(config, paths, options)


def _report(
    config: VitConfig, paths: dict[str, Callable[[], torch.Tensor]], options: argparse.Namespace
) -> None:
    rates = {dtype: product_rate(config, dtype) for dtype in (torch.float32, torch.bfloat16)}
    flop = encoder_flop(config)
    bound = flop / rates[torch.bfloat16]
    seconds, tokens = {}, {}
    with torch.inference_mode():
        for name, run in paths.items():
            seconds[name], tokens[name] = least_cpu_seconds(run, repeat=options.repeat)
            seconds[name] /= options.batch
    reference = next(iter(paths))
    rows = [
        {
            "path": name,
            "cpu_seconds_per_clip": round(value, 4),
            "times_faster": round(seconds[reference] / value, 2),
            "share_of_bfloat16_peak": round(bound / value, 3),
            "least_cosine_of_a_token": round(_cosine(tokens[name], tokens[reference]), 6),
        }
        for name, value in seconds.items()
    ]
    document = {
        "clip": f"{config.num_frames} x {config.image_size_px} x {config.image_size_px}",
        "size": options.size,
        "gflop_per_clip": round(flop / 1e9, 1),
        "gflop_per_cpu_second": {str(dtype): round(rate / 1e9, 1) for dtype, rate in rates.items()},
        "bound_seconds": round(bound, 4),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "cpu": torch.cpu.get_capabilities().get("cpu_name", "unknown"),
        "rows": rows,
    }
    print(json.dumps(document, indent=1))


def encoder_flop(config: VitConfig) -> float:
    """Floating point operations (2 per multiplication and addition) of the matrix products of one clip."""
    tokens = config.grid[0] * config.grid[1] * config.grid[2]
    pixels = 3 * config.patch[0] * config.patch[1] * config.patch[2]
    block = 4 * config.width**2 + 2 * config.width * config.mlp_width + 2 * tokens * config.width
    return 2.0 * tokens * (pixels * config.width + config.depth * block)


def product_rate(config: VitConfig, dtype: torch.dtype) -> float:
    """FLOP per CPU second of the first MLP product of the network, the best of several runs."""
    tokens = config.grid[0] * config.grid[1] * config.grid[2]
    generator = torch.Generator().manual_seed(0)
    left = torch.randn(tokens, config.width, generator=generator).to(dtype)
    right = torch.randn(config.mlp_width, config.width, generator=generator).to(dtype)
    inner = max(1, int(2e10 / (2 * tokens * config.width * config.mlp_width)))

    def run() -> torch.Tensor:
        for _ in range(inner):
            out = torch.nn.functional.linear(left, right)
        return out

    seconds, _ = least_cpu_seconds(run, repeat=5)
    return 2.0 * tokens * config.width * config.mlp_width * inner / seconds


def least_cpu_seconds(run: Callable[[], torch.Tensor], *, repeat: int) -> tuple[float, torch.Tensor]:
    """The least CPU time of a run after one to warm up, and what it returned."""
    out = run()
    times = []
    for _ in range(repeat):
        started = time.process_time()
        out = run()
        times.append(time.process_time() - started)
    return min(times), out


def _videomae(config: VitConfig) -> VideoMAEModel:
    settings = VideoMAEConfig(
        hidden_size=config.width,
        num_hidden_layers=config.depth,
        num_attention_heads=config.num_heads,
        intermediate_size=config.mlp_width,
        patch_size=config.patch[1],
        tubelet_size=config.patch[0],
        num_frames=config.num_frames,
        image_size=config.image_size_px,
        layer_norm_eps=config.norm_eps,
        use_mean_pooling=False,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return VideoMAEModel(settings).eval()


def _ours(config: VitConfig, theirs: VideoMAEModel, dtype: str) -> LoadedBackbone:
    """Our network with their weights, so that the tokens can be compared."""
    shape = config_json(config)
    parts = KIND.assemble(shape)
    load_strictly(parts.module, convert(theirs.state_dict(), depth=config.depth), source="transformers")
    card = random_card("video_transformer", shape)
    return loaded(card=card, kind="video_transformer", config=shape, parts=parts, device="cpu", dtype=dtype)


def _cosine(one: torch.Tensor, other: torch.Tensor) -> float:
    return float(torch.nn.functional.cosine_similarity(one, other, dim=-1).min())


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="b", choices=("t", "s", "b", "l"))
    parser.add_argument("--frames", type=int, default=16)
    parser.add_argument("--image-size", type=int, default=224)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--threads", type=int, default=0, help="0: torch's own choice")
    return parse(parser, size="t", frames=8, image_size=112, repeat=1)


if __name__ == "__main__":
    main()
