"""The module that a training loop calls: one encoder, masks, predictors, targets, and the sum of losses.

Axes: B clips, I images, R rows (clips x masks, or images), V visible tokens, Q queries, D width.
"""

from __future__ import annotations

from time import perf_counter

import torch
from torch import nn

from twlv.errors import UsageError
from twlv.nn.init import initialise
from twlv.nn.vit import VideoTransformer
from twlv.pretrain.batch import Batch
from twlv.pretrain.objective.config import ObjectiveConfig, Use
from twlv.pretrain.objective.draws import drop_path, generators
from twlv.pretrain.objective.heads import Head
from twlv.pretrain.objective.measure import Read
from twlv.pretrain.objective.normaliser import Normaliser
from twlv.pretrain.objective.predictor import Predictor, channel_range, read_width
from twlv.pretrain.objective.prepare import clip_rows, image_rows, queries, shuffles
from twlv.pretrain.objective.records import Losses, TargetValues
from twlv.pretrain.objective.rows import Rows, Tapped, embed_rows, encode, encode_packed
from twlv.pretrain.objective.sums import Sums
from twlv.pretrain.objective.targets.ema_teacher import OpenEmaTeacher
from twlv.pretrain.objective.targets.target import Context, OpenTarget, Target


class Objective(nn.Module):
    """Call it with a Batch; differentiate ``total``; call ``after_step`` once the optimiser has stepped.

    ``encoder`` is the ``VideoTransformer`` to export. Weights are drawn from ``config.seed``. The state dict
    holds what training changes, running means and EMA teachers included, and no frozen teacher. Frozen
    teachers live on ``device``, so say it here rather than with ``to``.

    Raises:
        UsageError, WeightsError: a teacher that cannot be used.
    """

    mean: torch.Tensor
    std: torch.Tensor
    gradient_lengths: torch.Tensor

    def __init__(self, config: ObjectiveConfig, *, device: torch.device | str = "cpu") -> None:
        super().__init__()
        self.config = config
        self.encoder = VideoTransformer(config.encoder, seed=config.seed)
        self.register_buffer("mean", torch.tensor(config.mean)[:, None, None], persistent=False)
        self.register_buffer("std", torch.tensor(config.std)[:, None, None], persistent=False)
        self.predictors = nn.ModuleDict({p.name: self._predictor(p.name) for p in config.predictors})
        self.to(device)
        self._open = self._opened(torch.device(device))
        self.ema = nn.ModuleList(found for found in self._open.values() if isinstance(found, OpenEmaTeacher))
        self.heads = nn.ModuleDict({use.label: self._head(use) for use in config.uses})
        self.normaliser = Normaliser(len(config.uses), config.constant_decay)
        self.register_buffer("gradient_lengths", torch.zeros(len(config.uses), 2))
        for part in (self.predictors, self.heads):
            initialise(part, seed=config.seed)
        for predictor in self.predictors.values():
            nn.init.zeros_(predictor.mask_tokens)  # type: ignore[arg-type]
        self.to(device)

    def forward(self, batch: Batch, *, seed: int, step: int) -> Losses:
        """Losses of one (micro-)batch. The same seed, step and batch give the same masks and losses.

        Raises:
            UsageError: frames of another size than the encoder's, or a step at which no target has a weight.
        """
        began = perf_counter()
        active = [use for use in self.config.uses if use.weight_at(step) > 0]
        if not active:
            raise UsageError(f"no target has a weight at step {step}; look at start_step and end_step")
        clips = clip_rows(self.config, batch, seed=seed, step=step)
        images = image_rows(self.config, batch, seed=seed, step=step)
        drawn = perf_counter()
        kinds = [clips] if images is None else [clips, images]
        values = [self._values(active, rows) for rows in kinds]
        known = perf_counter()
        tokens = self._encoded(clips, images, seed=seed, step=step)
        sums = Sums(self, seed=seed, step=step)
        for rows, found, known_values in zip(kinds, tokens, values, strict=True):
            sums.add(rows, found, known_values, active)
        first_mask = tokens[0][None][: len(batch)]
        seconds = {"masks": drawn - began, "targets": known - drawn, "rest": perf_counter() - known}
        return sums.losses(pooled=first_mask.detach().float().mean(dim=1), seconds=seconds)

    def after_step(self, step: int, total_steps: int) -> None:
        """Bring running means and EMA teachers up to date; ``step`` from 0, after the optimiser's step."""
        self.normaliser.commit()
        for teacher in self.ema:
            teacher.follow(self.encoder, step, total_steps)  # type: ignore[operator]

    def open_target(self, target: Target) -> OpenTarget:
        """The target at work that belongs to these settings."""
        return self._open[target]

    def _predictor(self, name: str) -> Predictor:
        config = next(p for p in self.config.predictors if p.name == name)
        encoder = self.config.encoder
        return Predictor(
            config, encoder_width=encoder.width, grid=encoder.grid, num_masks=len(self.config.masks)
        )

    def _opened(self, device: torch.device) -> dict[Target, OpenTarget]:
        config = self.config
        context = Context(encoder=self.encoder, mean=config.mean, std=config.std, device=device)
        return {target: target.open(context) for target in dict.fromkeys(use.target for use in config.uses)}

    def _head(self, use: Use) -> Head:
        if use.place == "queries":
            width = next(p.width for p in self.config.predictors if p.name == use.predictor)
        else:
            width = read_width(use.reads, self.config.encoder.width)
        return Head(use, width, self._open[use.target].num_values)

    @torch.no_grad()
    def _values(self, active: list[Use], rows: Rows) -> dict[Target, TargetValues]:
        """Every target's values, once, however many uses and masks read them."""
        wanted = [use.target for use in active if use.target.on_images or not rows.seen.is_image]
        if rows.seen.is_image:
            wanted = [use.target for use in active if use.target in wanted and use.image_weight > 0]
        device = rows.seen.frames.device.type
        mixed, found = torch.is_autocast_enabled(device), {}
        for target in dict.fromkeys(wanted):
            opened = self._open[target]
            with torch.autocast(device_type=device, enabled=mixed and opened.is_network):
                found[target] = opened.prepare(rows.seen)
        return found

    def _encoded(self, clips: Rows, images: Rows | None, *, seed: int, step: int) -> list[Tapped]:
        config = self.config
        reads = [use.reads for use in config.uses if use.place != "queries"]
        keep = {
            read.block for read in [*reads, *(p.reads for p in config.predictors)] if read.block is not None
        }
        tokens = embed_rows(self.encoder, clips, self.mean, self.std)
        drops = self._drops(clips, seed=seed, step=step)
        if images is None:
            return [encode(self.encoder, tokens, keep=keep, branches=drops, recompute=config.recompute)]
        pictures = embed_rows(self.encoder, images, self.mean, self.std)
        image_drops = self._drops(images, seed=seed, step=step)
        if config.images.packed and pictures.shape[1] <= tokens.shape[1]:
            both = None if drops is None or image_drops is None else (drops, image_drops)
            return list(
                encode_packed(
                    self.encoder, tokens, pictures, keep=keep, branches=both, recompute=config.recompute
                )
            )
        return [
            encode(self.encoder, part, keep=keep, branches=drop, recompute=config.recompute)
            for part, drop in ((tokens, drops), (pictures, image_drops))
        ]

    def _drops(self, rows: Rows, *, seed: int, step: int) -> torch.Tensor | None:
        config = self.config
        if not self.training or config.drop_path == 0:
            return None
        parts = [
            drop_path(
                config.drop_path, config.encoder.depth, generators(seed, step, rows.ids, f"drop/{number}")
            )
            for number in range(len(rows.masks))
        ]
        return torch.cat(parts, dim=-1).to(rows.first_token.device)

    def asked(self, name: str, rows: Rows, tokens: Tapped, *, seed: int, step: int) -> Read:
        """One pass of a predictor, for all uses that read it."""
        predictor = self.predictors[name]
        settings = next(p for p in self.config.predictors if p.name == name)
        source = tokens[settings.reads.block]
        start, end = channel_range(settings.reads, source.shape[-1])
        asked = queries(settings, rows, seed=seed, step=step)
        found = predictor(
            source[..., start:end],
            rows.visible + rows.offsets,
            asked + rows.offsets,
            mask_number=rows.mask_number,
            shuffle=shuffles(settings, rows, seed=seed, step=step),
        )
        return Read(features=found, places=asked)
