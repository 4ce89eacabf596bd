"""The decoder: from the patch tokens of a clip to a box and class logits for every (time, query).

Axis letters: L layers, B clips, T' H' W' token grid, N = H'W', D width of a token, T times of queries,
S queries, C width, K classes.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from twlv.errors import FeatureError
from twlv.heads.stal.config import DecoderConfig
from twlv.heads.stal.dropout import Noise
from twlv.heads.stal.layer import DecoderLayer
from twlv.heads.stal.positions import sine_grid
from twlv.heads.stal.targets import Tubelets
from twlv.nn.init import empty_linear, initialise


class Memory(nn.Module):
    """Frozen tokens brought to the width of the decoder, as keys and values with their positions."""

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.config = config
        times, height, width = config.grid
        self.project = empty_linear(config.input_width, config.width)
        self.norm = nn.LayerNorm(config.width) if config.memory_norm else nn.Identity()
        self.time = nn.Parameter(torch.empty(times, config.width))
        sine = sine_grid(height, width, config.width).flatten(0, 1)
        self.learned = nn.Parameter(torch.empty_like(sine)) if config.positions == "learned" else None
        self.sine: Tensor
        self.register_buffer("sine", sine, persistent=False)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens (B, T', H', W', D) to keys and values (B, T', N, C); FeatureError for another grid."""
        wanted = (*self.config.grid, self.config.input_width)
        if tokens.ndim != 5 or tuple(tokens.shape[1:]) != wanted:
            raise FeatureError(f"tokens must be (B, {', '.join(map(str, wanted))}), got {tuple(tokens.shape)}")
        found = self.norm(self.project(tokens.flatten(2, 3)))
        place = self.sine if self.learned is None else self.learned
        keys = found + (self.time[:, None] + place)
        return keys, keys if self.config.value_positions else found


class BoxHead(nn.Module):
    """Linear layers with ReLU between them, to four numbers."""

    def __init__(self, width: int, num_layers: int) -> None:
        super().__init__()
        sizes = [width] * num_layers + [4]
        self.layers = nn.ModuleList(empty_linear(a, b) for a, b in pairwise(sizes))

    def forward(self, x: Tensor) -> Tensor:
        """(..., C) to boxes (..., 4): cx, cy, w, h in [0, 1]."""
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return torch.sigmoid(self.layers[-1](x))


class Decoder(nn.Module):
    """Queries through the layers; heads that all layers share. Weights follow from ``seed`` alone."""

    def __init__(self, config: DecoderConfig, *, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        self.memory = Memory(config)
        self.spatial = nn.Parameter(torch.empty(config.num_queries, config.width))
        self.temporal = nn.Parameter(torch.empty(config.num_times, config.width))
        self.layers = nn.ModuleList(DecoderLayer(config) for _ in range(config.num_layers))
        self.last_norm = nn.LayerNorm(config.width) if config.norm == "before" else nn.Identity()
        self.boxes = BoxHead(config.width, config.box_layers)
        self.classes = empty_linear(config.width, config.num_classes)
        self._start(seed)

    def _start(self, seed: int) -> None:
        """Matrices Xavier-uniform, biases 0, those of the classes the logit of the prior; tables normal."""
        initialise(self, seed=seed)
        generator = torch.Generator().manual_seed(seed)
        tables = [self.spatial, self.temporal, self.memory.time]
        tables += [] if self.memory.learned is None else [self.memory.learned]
        with torch.no_grad():
            for table in tables:
                table.normal_(generator=generator)
            self.classes.bias.fill_(-math.log((1 - self.config.prior) / self.config.prior))

    def forward(self, tokens: Tensor, noise: Noise | None = None) -> Tubelets:
        """Tokens (B, T', H', W', D), float32, to what every layer says of them. ``noise`` only in training.

        Raises:
            FeatureError: another grid or width than that of the settings.
        """
        keys, values = self.memory(tokens)
        code = self.temporal[:, None] + self.spatial
        x = code.expand(len(tokens), *code.shape)  # zeros would be normed: a gradient 300 times too long
        found = []
        for layer in self.layers:
            x = layer(x, code, keys, values, noise)
            found.append(self.last_norm(x))
        each = torch.stack(found)
        return Tubelets(boxes=self.boxes(each), logits=self.classes(each))
