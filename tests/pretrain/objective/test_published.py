"""Objectives of others: the loss is the formula of the paper, computed here a second time, from the pixels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch.nn import functional

from twlv.nn.position import position_table
from twlv.nn.vit import VitConfig
from twlv.pretrain.batch import Batch
from twlv.pretrain.objective import published
from twlv.pretrain.objective.config import ObjectiveConfig
from twlv.pretrain.objective.objective import Objective
from twlv.pretrain.objective.prepare import clip_rows, queries, shuffles

SEED, STEP = 7, 2


class Case:
    """An objective with what its predictors say, computed by the long way."""

    def __init__(self, config: ObjectiveConfig, batch: Batch) -> None:
        clips = Batch(frames=batch.frames, ids=batch.ids)
        self.objective = Objective(config).eval()
        with torch.no_grad():
            for (
                parameter
            ) in self.objective.parameters():  # not as initialised: biases and mask tokens count too
                parameter.add_(0.05 * torch.sin(torch.arange(parameter.numel()).reshape(parameter.shape)))
        self.loss = float(self.objective(clips, seed=SEED, step=STEP).total.detach())
        self.pixels = batch.frames.double().numpy() / 255
        self.rows = clip_rows(config, clips, seed=SEED, step=STEP)
        mean, std = (torch.tensor(part)[:, None, None] for part in (config.mean, config.std))
        self.normalised = (batch.frames / 255 - mean) / std
        everything, _ = self.objective.encoder.embed(self.normalised)
        self.encoded = []
        for mask in self.rows.masks:
            shown = torch.stack([clip[seen] for clip, seen in zip(everything, mask.visible, strict=True)])
            self.encoded.append(self.objective.encoder.encode(shown))

    @torch.no_grad()
    def predictions(self, name: str, label: str) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Per row: predictions (Q, K) and the tokens (Q,) that they are for; rows are mask by mask."""
        predictor = self.objective.predictors[name]
        asked = queries(predictor.config, self.rows, seed=SEED, step=STEP)
        order = shuffles(predictor.config, self.rows, seed=SEED, step=STEP)
        said = []
        for row in range(len(asked)):
            number, clip = divmod(row, len(self.rows.ids))
            tokens = self.encoded[number][clip]
            table = position_table(
                "sincos_3d",
                width=predictor.config.width,
                made_for=(2, 4, 4),
                grid=(2, 4, 4),
                other_grids="refuse",
            )
            inside = predictor.embed(tokens)
            if order is not None:
                inside = inside[order[row]]
            inside = inside + table[self.rows.masks[number].visible[clip]]
            kind = number if len(predictor.mask_tokens) > 1 else 0
            mixed = torch.cat([inside, predictor.mask_tokens[kind] + table[asked[row]]])[None]
            for block in predictor.blocks:
                mixed = block(mixed)
            read = predictor.norm(mixed[0, len(inside) :])
            said.append(self.objective.heads[label].layers(read).double().numpy())
        return said, [row.numpy() for row in asked]


def _tubelet(clip: np.ndarray, token: int) -> np.ndarray:
    """(2, 3, 8, 8) pixels of a token of the 2 x 4 x 4 grid."""
    step, row, column = np.unravel_index(token, (2, 4, 4))
    return clip[2 * step : 2 * step + 2, :, 8 * row : 8 * row + 8, 8 * column : 8 * column + 8]


def _mean_over(case: Case, name: str, label: str, each: Callable[[np.ndarray, int, int], float]) -> float:
    said, places = case.predictions(name, label)
    clips = len(case.rows.ids)
    pairs = [
        each(y, row % clips, int(token))
        for row in range(len(said))
        for y, token in zip(said[row], places[row], strict=True)
    ]
    return float(np.mean(pairs))


def test_videomae(encoder: VitConfig, batch: Batch) -> None:
    case = Case(published.videomae(encoder, visible_share=0.25), batch)

    def squared(said: np.ndarray, clip: int, token: int) -> float:
        colours = _tubelet(case.pixels[clip], token).transpose(1, 0, 2, 3).reshape(3, -1)
        wanted = (colours - colours.mean(1, keepdims=True)) / (colours.std(1, ddof=1, keepdims=True) + 1e-6)
        return float(np.mean((said - wanted.reshape(-1)) ** 2))

    assert case.rows.masks[0].masked.shape == (2, 24)  # all masked tokens are asked for
    assert case.loss == pytest.approx(_mean_over(case, "shared", "pixels", squared), rel=1e-4)


def test_maskfeat(encoder: VitConfig, batch: Batch) -> None:
    case = Case(published.maskfeat(encoder, visible_share=0.25), batch)

    def histogram(picture: np.ndarray, top: int, left: int) -> np.ndarray:
        wide = np.pad(picture, 1, mode="reflect")
        bins = np.zeros(9)
        for y in range(top, top + 8):
            for x in range(left, left + 8):
                across = wide[y + 1, x + 2] - wide[y + 1, x]
                down = wide[y + 2, x + 1] - wide[y, x + 1]
                bins[int(np.floor(np.arctan2(across, down) / np.pi * 9)) % 9] += np.hypot(across, down)
        return bins / np.linalg.norm(bins)

    def squared(said: np.ndarray, clip: int, token: int) -> float:
        step, row, column = np.unravel_index(token, (2, 4, 4))
        frame = case.pixels[clip, 2 * step + 1]
        wanted = np.concatenate([histogram(colour, 8 * row, 8 * column) for colour in frame])
        return float(np.mean((said - wanted) ** 2))

    assert case.loss == pytest.approx(_mean_over(case, "shared", "hog", squared), rel=1e-3)


@torch.no_grad()
def test_vjepa(encoder: VitConfig, batch: Batch) -> None:
    case = Case(published.vjepa(encoder, visible_share=0.25), batch)
    full = case.objective.ema[0].network(case.normalised).flatten(1, 3)
    wanted = (
        (full - full.mean(-1, keepdim=True)) / (full.var(-1, unbiased=False, keepdim=True) + 1e-6).sqrt()
    ).numpy()

    def absolute(said: np.ndarray, clip: int, token: int) -> float:
        return float(np.abs(said - wanted[clip, token]).mean())

    assert len(case.rows.masks) == 2
    assert case.loss == pytest.approx(_mean_over(case, "shared", "ema_teacher", absolute), rel=1e-4)


@torch.no_grad()
def test_data2vec(encoder: VitConfig, batch: Batch) -> None:
    case = Case(published.data2vec(encoder, blocks=2, masks=2, visible_share=0.25), batch)
    network = case.objective.ema[0].network
    tokens, _ = network.embed(case.normalised)
    outputs = []
    for block in network.blocks:
        tokens = block(tokens)
        outputs.append(tokens)
    normed = [
        (x - x.mean(1, keepdim=True)) / (x.var(1, unbiased=False, keepdim=True) + 1e-5).sqrt()
        for x in outputs[-2:]
    ]
    wanted = functional.layer_norm(sum(normed) / 2, (24,), eps=1e-6).numpy()

    def squared(said: np.ndarray, clip: int, token: int) -> float:
        return float(np.mean((said - wanted[clip, token]) ** 2))

    assert case.loss == pytest.approx(_mean_over(case, "shared", "ema_teacher", squared), rel=1e-4)


def _smooth(apart: np.ndarray) -> float:
    size = np.abs(apart)
    return float(np.where(size < 1, size**2 / 2, size - 0.5).mean())


def _one_minus_cos(a: np.ndarray, b: np.ndarray) -> float:
    return float(1 - a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def _teacher_input(batch: Batch) -> torch.Tensor:
    return (batch.frames / 255 - 0.5) / 0.5


def _image_tokens(teacher, batch: Batch) -> np.ndarray:
    """(B, 2, 4, 4, K): of frames 0 and 2, on the student's grid."""
    patches = teacher.encode(_teacher_input(batch)[:, ::2]).patches
    frames = [
        functional.interpolate(x.permute(0, 3, 1, 2), size=(4, 4), mode="bilinear") for x in patches.unbind(1)
    ]
    return torch.stack(frames, dim=1).permute(0, 1, 3, 4, 2).flatten(1, 3).numpy()


def _video_tokens(teacher, batch: Batch) -> np.ndarray:
    patches = teacher.encode(_teacher_input(batch)).patches.permute(0, 4, 1, 2, 3)
    return functional.interpolate(patches, size=(2, 4, 4), mode="trilinear").flatten(2).transpose(1, 2).numpy()


def test_mvd(encoder: VitConfig, batch: Batch, teachers) -> None:
    case = Case(published.mvd(encoder, image_teacher="image", video_teacher="video", visible_share=0.25), batch)
    image, video = _image_tokens(teachers["image"], batch), _video_tokens(teachers["video"], batch)
    of_image = _mean_over(case, "image", "image", lambda said, clip, token: _smooth(said - image[clip, token]))
    of_video = _mean_over(case, "video", "video", lambda said, clip, token: _smooth(said - video[clip, token]))
    assert case.loss == pytest.approx(of_image + of_video, rel=1e-4)


@torch.no_grad()
def test_umt(encoder: VitConfig, batch: Batch, teachers) -> None:
    case = Case(published.umt(encoder, teacher="image", layers=2, visible_share=0.25), batch)
    wanted = _image_tokens(teachers["image"], batch)
    tokens, _ = case.objective.encoder.embed(case.normalised)
    visible = case.rows.masks[0].visible
    tokens = torch.stack([clip[seen] for clip, seen in zip(tokens, visible, strict=True)])
    losses = []
    for number, block in enumerate(case.objective.encoder.blocks, start=1):
        tokens = block(tokens)
        if number > 1:
            said = case.objective.heads[f"layer_{number}"].layers(tokens).numpy()
            pairs = [
                2 * _one_minus_cos(said[b, i], wanted[b, int(t)])
                for b in range(2)
                for i, t in enumerate(visible[b])
            ]
            losses.append(np.mean(pairs))
    assert len(losses) == 2
    assert case.loss == pytest.approx(np.mean(losses), rel=1e-4)


def test_videoprism(encoder: VitConfig, batch: Batch, teachers) -> None:
    case = Case(published.videoprism(encoder, teacher="video"), batch)
    wanted = _video_tokens(teachers["video"], batch)
    of_tokens = _mean_over(
        case, "shared", "tokens", lambda said, clip, token: _one_minus_cos(said, wanted[clip, token])
    )
    vectors = teachers["video"].encode(_teacher_input(batch)).cls.numpy()
    head = case.objective.heads["global_pooled"]
    with torch.no_grad():
        said = head.layers(head.pooler(case.encoded[0])).numpy()
    of_clip = np.mean([_one_minus_cos(said[b], vectors[b]) for b in range(2)])
    assert len(case.predictions("shared", "tokens")[0][0]) == 32  # every token, the visible ones too
    assert len(head.pooler.blocks) == 4
    assert case.loss == pytest.approx(of_tokens + of_clip, rel=1e-4)
