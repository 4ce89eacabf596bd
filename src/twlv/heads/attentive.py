"""Attentive probes side by side: their parameters in one place, and what they answer.

Axis letters: n videos, G probes, C classes, D width.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch

from twlv.heads.attentive_fold import folded_logits
from twlv.heads.bags import Bags, batches
from twlv.heads.judged import AnyJudged, joined, judged, probabilities_of
from twlv.metrics import Labels
from twlv.nn.attentive_pool import AttentiveClassifier, PoolerConfig, initialise_probe
from twlv.types import DoubleArray, IntArray

_AT_ONCE = 64  # videos whose answers are computed together


@dataclass(frozen=True, kw_only=True, eq=False)
class AttentiveHeads:
    """Trained probes. ``parameters`` are those of ``AttentiveClassifier`` with a leading axis G.

    ``first_loss`` and ``last_loss`` (G,) are means over the first and the last epoch of training.
    """

    parameters: Mapping[str, torch.Tensor]
    config: PoolerConfig
    first_loss: DoubleArray
    last_loss: DoubleArray

    def __len__(self) -> int:
        return len(self.parameters["linear.bias"])

    @property
    def num_classes(self) -> int:
        """C."""
        return self.parameters["linear.bias"].shape[1]

    @property
    def finite(self) -> list[bool]:
        """Whether each probe has only finite parameters, (G,)."""
        flags = [torch.isfinite(value.flatten(1)).all(dim=1) for value in self.parameters.values()]
        return [bool(flag) for flag in torch.stack(flags).all(dim=0)]

    def only(self, heads: IntArray) -> AttentiveHeads:
        """The probes of these numbers, in this order."""
        chosen = torch.from_numpy(heads)
        return AttentiveHeads(
            parameters={name: value[chosen.to(value.device)] for name, value in self.parameters.items()},
            config=self.config,
            first_loss=self.first_loss[heads],
            last_loss=self.last_loss[heads],
        )

    def on(self, device: torch.device) -> AttentiveHeads:
        """The same probes on this device."""
        return replace(self, parameters={name: value.to(device) for name, value in self.parameters.items()})

    def classifier(self, head: int = 0) -> AttentiveClassifier:
        """One probe as a module of its own, in evaluation mode."""
        probe = AttentiveClassifier(self.config, self.num_classes)
        probe.load_state_dict({name: value[head].cpu() for name, value in self.parameters.items()})
        return probe.eval()

    def probabilities(self, bags: Bags, videos: IntArray, *, several: bool = False) -> DoubleArray:
        """Class probabilities (n, G, C): the mean over a video's bags of their softmax, every bag once.

        In float64; ``several`` labels a video: the sigmoid of each class. Logits are never averaged.
        """
        counts = bags.counts[videos]
        owner = np.repeat(np.arange(len(videos)), counts)
        which = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
        total: DoubleArray = np.zeros((len(videos), len(self), self.num_classes))
        device = self.parameters["linear.bias"].device
        runs = batches(bags, videos[owner], which, max(1, len(owner)), epoch=None, device=device)
        for _, parts in runs:
            for part in parts:
                with torch.no_grad():
                    logits = folded_logits(self.parameters, part.tokens, self.config)
                np.add.at(total, owner[part.index], probabilities_of(logits, several=several))
        mean: DoubleArray = total / counts[:, None, None]
        return mean

    def judge(self, bags: Bags, videos: IntArray, labels: Labels) -> AnyJudged:
        """The answers for every video under every probe, against its label or labels."""
        parts = []
        for start in range(0, len(videos), _AT_ONCE):
            rows = slice(start, start + _AT_ONCE)
            probability = self.probabilities(bags, videos[rows], several=labels.ndim == 2)
            parts.append(judged(probability, labels[rows]))
        return joined(parts)


def untrained(
    config: PoolerConfig, num_classes: int, num_heads: int, *, seed: int, device: torch.device
) -> dict[str, torch.Tensor]:
    """Parameters of ``num_heads`` probes that all start alike, so that none depends on how many there are."""
    probe = AttentiveClassifier(config, num_classes)
    initialise_probe(probe, seed=seed)
    return {
        name: value.detach()[None].repeat(num_heads, *[1] * value.ndim).to(device)
        for name, value in probe.named_parameters()
    }


def num_weights(config: PoolerConfig, num_classes: int) -> int:
    """Number of parameters of one probe."""
    with torch.device("meta"):
        probe = AttentiveClassifier(config, num_classes)
    return sum(value.numel() for value in probe.parameters())
