"""The transformers of the published formats a second time: plain torch on the original tensors' own names.

Written from the formulas of the papers and specifications, sharing nothing with the code under test.
Axes: B batch, C colours, T frames, N tokens, D width.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch.nn import functional

Tensors = Mapping[str, torch.Tensor]


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A tiny architecture; ``tubelet`` and ``patch`` as in the original, pictures of 32 px."""

    width: int = 48
    depth: int = 2
    heads: int = 3
    hidden: int = 96
    frames: int = 4
    tubelet: int = 2
    patch: int = 16
    size: int = 32

    @property
    def grid(self) -> tuple[int, int, int]:
        return self.frames // self.tubelet, self.size // self.patch, self.size // self.patch


def random_tensors(shapes: Mapping[str, tuple[int, ...]], seed: int = 3) -> dict[str, torch.Tensor]:
    """Values of the size of trained ones, norms around 1."""
    generator = torch.Generator().manual_seed(seed)
    made = {}
    for name, shape in shapes.items():
        values = torch.randn(shape, generator=generator) * (0.3 if len(shape) == 1 else 0.15)
        one = name.endswith(("norm.weight", "norm1.weight", "norm2.weight", "gamma")) or "_norm.weight" in name
        made[name] = values + 1 if one or (".norm1_" in name and name.endswith("weight")) else values
    return made


def block_shapes(prefix: str, s: Shape, *, bias: str) -> dict[str, tuple[int, ...]]:
    """Names and shapes of one block as timm's descendants write it; ``bias`` is ``qv``, ``qkv`` or ``none``."""
    d = s.width
    shapes = {
        "norm1.weight": (d,),
        "attn.qkv.weight": (3 * d, d),
        "attn.proj.weight": (d, d),
        "attn.proj.bias": (d,),
        "norm2.weight": (d,),
        "mlp.fc1.weight": (s.hidden, d),
        "mlp.fc1.bias": (s.hidden,),
        "mlp.fc2.weight": (d, s.hidden),
        "mlp.fc2.bias": (d,),
    }
    more: dict[str, dict[str, tuple[int, ...]]] = {
        "qv": {"attn.q_bias": (d,), "attn.v_bias": (d,), "norm1.bias": (d,), "norm2.bias": (d,)},
        "qkv": {"attn.qkv.bias": (3 * d,), "norm1.bias": (d,), "norm2.bias": (d,)},
        "none": {"attn.q_norm.weight": (d,), "attn.k_norm.weight": (d,), "ls1.gamma": (d,), "ls2.gamma": (d,)},
    }
    return {f"{prefix}{name}": shape for name, shape in {**shapes, **more[bias]}.items()}


def encoder_shapes(
    prefix: str, s: Shape, *, bias: str, patch: str = "patch_embed.proj"
) -> dict[str, tuple[int, ...]]:
    """Patch convolution and blocks under a prefix."""
    shapes: dict[str, tuple[int, ...]] = {
        f"{prefix}{patch}.weight": (s.width, 3, s.tubelet, s.patch, s.patch),
        f"{prefix}{patch}.bias": (s.width,),
    }
    for index in range(s.depth):
        shapes |= block_shapes(f"{prefix}blocks.{index}.", s, bias=bias)
    return shapes


def norm_shapes(name: str, width: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


# ---------------------------------------------------------------- forward


def patches(w: Tensors, video: torch.Tensor, name: str = "patch_embed.proj") -> torch.Tensor:
    """Video (B, C, T, H, W) to tokens (B, N, D) by the strided convolution itself."""
    weight = w[f"{name}.weight"]
    found = functional.conv3d(video, weight, w[f"{name}.bias"], stride=weight.shape[2:])
    return found.flatten(2).transpose(1, 2)


def layer_norm(w: Tensors, name: str, x: torch.Tensor, eps: float = 1e-6) -> torch.Tensor:
    return functional.layer_norm(x, x.shape[-1:], w[f"{name}.weight"], w[f"{name}.bias"], eps)


def rms_norm(w: Tensors, name: str, x: torch.Tensor) -> torch.Tensor:
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * w[f"{name}.weight"]


def attention(w: Tensors, at: str, x: torch.Tensor, heads: int) -> torch.Tensor:
    """One head at a time."""
    d = x.shape[-1]
    bias = w.get(f"{at}qkv.bias")
    if f"{at}q_bias" in w:
        bias = torch.cat([w[f"{at}q_bias"], torch.zeros(d), w[f"{at}v_bias"]])
    q, k, v = functional.linear(x, w[f"{at}qkv.weight"], bias).split(d, dim=-1)
    if f"{at}q_norm.weight" in w:
        q, k = rms_norm(w, f"{at}q_norm", q), rms_norm(w, f"{at}k_norm", k)
    size = d // heads
    read = []
    for head in range(heads):
        part = slice(head * size, (head + 1) * size)
        scores = q[..., part] @ k[..., part].transpose(1, 2) / math.sqrt(size)
        read.append(scores.softmax(-1) @ v[..., part])
    return functional.linear(torch.cat(read, dim=-1), w[f"{at}proj.weight"], w[f"{at}proj.bias"])


def block(w: Tensors, at: str, x: torch.Tensor, heads: int, gelu: str = "none") -> torch.Tensor:
    norm = layer_norm if f"{at}norm1.bias" in w else rms_norm
    added = attention(w, f"{at}attn.", norm(w, f"{at}norm1", x), heads)
    x = x + added * w.get(f"{at}ls1.gamma", torch.ones(()))
    hidden = functional.linear(norm(w, f"{at}norm2", x), w[f"{at}mlp.fc1.weight"], w[f"{at}mlp.fc1.bias"])
    thought = functional.linear(
        functional.gelu(hidden, approximate=gelu), w[f"{at}mlp.fc2.weight"], w[f"{at}mlp.fc2.bias"]
    )
    return x + thought * w.get(f"{at}ls2.gamma", torch.ones(()))


def blocks(w: Tensors, prefix: str, x: torch.Tensor, s: Shape, gelu: str = "none") -> torch.Tensor:
    for index in range(s.depth):
        x = block(w, f"{prefix}blocks.{index}.", x, s.heads, gelu)
    return x


# ---------------------------------------------------------------- position tables, by their formulas in loops


def flat_positions(count: int, width: int) -> torch.Tensor:
    rows = []
    for n in range(count):
        angles = [n / 10000 ** (2 * (j // 2) / width) for j in range(width)]
        rows.append([math.cos(a) if j % 2 else math.sin(a) for j, a in enumerate(angles)])
    return torch.tensor(rows)


def _sines(value: int, width: int) -> list[float]:
    angles = [value / 10000 ** (2 * j / width) for j in range(width // 2)]
    return [*map(math.sin, angles), *map(math.cos, angles)]


def thirds_positions(grid: tuple[int, int, int], width: int) -> torch.Tensor:
    """V-JEPA: time, row, column, each ``2 ceil(D / 6)`` wide, cut to D."""
    third = 2 * math.ceil(width / 6)
    places = [(t, y, x) for t in range(grid[0]) for y in range(grid[1]) for x in range(grid[2])]
    return torch.tensor([[v for axis in place for v in _sines(axis, third)][:width] for place in places])


def quarter_positions(grid: tuple[int, int, int], width: int) -> torch.Tensor:
    """MVD: time, column, row."""
    places = [(t, y, x) for t in range(grid[0]) for y in range(grid[1]) for x in range(grid[2])]
    space = 3 * width // 8
    return torch.tensor([_sines(t, width // 4) + _sines(x, space) + _sines(y, space) for t, y, x in places])


def stretched_in_time(table: torch.Tensor, steps: int, to: int) -> torch.Tensor:
    """(steps * P, D) to (to * P, D), linear between centres of steps, held beyond the outermost."""
    by_step = table.reshape(steps, -1, table.shape[-1])
    rows = []
    for index in range(to):
        place = min(max((index + 0.5) * steps / to - 0.5, 0.0), steps - 1.0)
        low = min(int(place), steps - 2) if steps > 1 else 0
        share = place - low
        rows.append(by_step[low] * (1 - share) + by_step[min(low + 1, steps - 1)] * share)
    return torch.cat(rows)
