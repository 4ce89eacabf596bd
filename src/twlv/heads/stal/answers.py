"""What a trained decoder says of key frames: one box for each query, and a probability for each class.

No suppression, no threshold: average precision looks at ranks, and a threshold can only lose people.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch

from twlv.heads.stal.boxes import to_xyxy
from twlv.heads.stal.decoder import Decoder
from twlv.heads.stal.frames import KeyFrames
from twlv.heads.stal.train import tokens_of
from twlv.types import DoubleArray, FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Answers:
    """Of F key frames: ``xyxy`` (F, S, 4) corners in shares of the picture, ``scores`` (F, S, K) in (0, 1)."""

    xyxy: DoubleArray
    scores: FloatArray


@torch.no_grad()
def answer(decoder: Decoder, frames: KeyFrames, *, batch_size: int = 16) -> Answers:
    """Boxes and probabilities at the key frame, clipped to the picture; a box may lose its area by that."""
    config, device = decoder.config, next(decoder.parameters()).device
    xyxy = np.empty((len(frames), config.num_queries, 4))
    scores = np.empty((len(frames), config.num_queries, config.num_classes), np.float32)
    visits = frames.visit(np.arange(len(frames)))
    for start in range(0, len(frames), batch_size):
        group = list(islice(visits, batch_size))
        found = decoder(tokens_of(group, device))
        part = slice(start, start + len(group))
        boxes = to_xyxy(found.boxes[-1, :, config.key_step].double())
        xyxy[part] = boxes.clamp(0, 1).cpu().numpy()
        scores[part] = found.logits[-1, :, config.key_step].sigmoid().cpu().numpy()
    return Answers(xyxy=xyxy, scores=scores)
