"""The network, its targets, losses and update, against numbers of the released implementations."""

from __future__ import annotations

import dataclasses
import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from twlv.errors import FeatureError, UsageError, WeightsError
from twlv.heads.actionformer import fit as fit_module
from twlv.heads.actionformer.assignment import assign
from twlv.heads.actionformer.batches import parts_of
from twlv.heads.actionformer.config import (
    RANGES,
    ActionFormerConfig,
    activitynet,
    original_activitynet,
    original_thumos14,
    thumos14,
)
from twlv.heads.actionformer.decode import DecodeSettings, decode
from twlv.heads.actionformer.fit import FitRecipe
from twlv.heads.actionformer.layers import MaskedConvolution
from twlv.heads.actionformer.losses import LossSettings, distance_iou, focal, losses
from twlv.heads.actionformer.network import ActionFormer, LevelOutput, pad
from twlv.heads.actionformer.points import points_of
from twlv.heads.actionformer.reference import from_reference
from twlv.heads.actionformer.training import MeanWeights, learning_rate, parameter_groups

REFERENCE = Path(__file__).resolve().parents[2] / "reference"
NUMBERS = np.load(REFERENCE / "actionformer.npz")
META: dict[str, Any] = json.loads(gzip.decompress((REFERENCE / "actionformer.json.gz").read_bytes()))
CONFIG = {
    "thumos": dataclasses.replace(thumos14(input_width=24, num_classes=20), width=32),
    "anet": dataclasses.replace(activitynet(input_width=24, num_classes=1), width=32),
}


def drawn(tag: str, shape: tuple[int, ...]) -> np.ndarray:
    rng = np.random.RandomState(zlib.crc32(tag.encode()) & 0x7FFFFFFF)
    return np.asarray(rng.standard_normal(shape))


def weight(name: str, shape: tuple[int, ...]) -> Tensor:
    """The rule by which the reference's weights were set, every part of the network switched on."""
    x = drawn("param:" + name, shape)
    if name.endswith("scale"):
        x = (0.5 if "drop_path" in name else 1.0) + 0.1 * x
    elif name == "cls_head.cls_head.conv.bias":
        x = -3.0 + 0.3 * x
    elif name == "reg_head.offset_head.conv.bias":
        x = 1.5 + 0.1 * x
    elif "norm" in name or ".ln1." in name or ".ln2." in name:
        x = 1.0 + 0.1 * x if name.endswith("weight") else 0.1 * x
    elif name.endswith("bias"):
        x = 0.1 * x
    else:
        x = x / np.sqrt(np.prod(shape[1:]))
    return torch.from_numpy(np.asarray(x, dtype=np.float32).reshape(shape))


def state(shapes: dict[str, list[int]]) -> dict[str, Tensor]:
    return {name: weight(name, tuple(shape)) for name, shape in shapes.items()}


def features(video: str, steps: int) -> Tensor:
    return torch.from_numpy(drawn("feat:" + video, (steps, 24)).astype(np.float32))


def model_of(kind: str) -> ActionFormer:
    return from_reference(state(META[kind]["state_dict"]), CONFIG[kind]).eval()


def embedding(kind: str) -> Tensor:
    if kind == "anet":
        return torch.from_numpy(NUMBERS["anet|input"].copy())
    return features("video_test_0000004", 267)


@pytest.mark.parametrize("kind", CONFIG)
@torch.no_grad()
def test_logits_and_distances_of_every_level(kind: str) -> None:
    x, mask = pad([embedding(kind)], CONFIG[kind], training=False)
    assert x.shape[1] == META[kind]["meta"]["padded"]
    for level, found in enumerate(model_of(kind)(x, mask)):
        for name in ("logits", "offsets"):
            wanted = NUMBERS[f"{kind}|L{level}|{name}"]
            assert int(found.mask.sum()) == len(wanted)
            given = getattr(found, name)[0, : len(wanted)].numpy()
            np.testing.assert_allclose(given, wanted, rtol=0, atol=1e-5)


@torch.no_grad()
def test_a_video_longer_than_max_length() -> None:
    x, mask = pad([features("video_test_0000601", 3452)], CONFIG["thumos"], training=False)
    assert x.shape[1] == 3456
    for level, found in enumerate(model_of("thumos")(x, mask)):
        rows = NUMBERS[f"long|L{level}|idx"]
        np.testing.assert_allclose(
            found.logits[0, rows].numpy(), NUMBERS[f"long|L{level}|logits"], rtol=0, atol=1e-5
        )


@torch.no_grad()
def test_more_padding_changes_nothing_and_no_length_is_too_long() -> None:
    model = model_of("thumos")
    x, mask = pad([embedding("thumos")], CONFIG["thumos"], training=False)
    longer = torch.nn.functional.pad(x, (0, 0, 0, 576)), torch.nn.functional.pad(mask, (0, 576))
    for a, b in zip(model(x, mask), model(*longer), strict=True):
        count = int(a.mask.sum())
        torch.testing.assert_close(a.logits[:, :count], b.logits[:, :count], rtol=0, atol=2e-6)
    x, mask = pad([features("long", 14_000)], CONFIG["thumos"], training=False)
    levels = model(x, mask)
    points = points_of(CONFIG["thumos"], [level.mask.shape[1] for level in levels])
    found = decode(levels, points, settings=DecodeSettings())
    assert len(found.scores) == 12_000


EXTRAS: dict[str, dict[str, Any]] = {
    "abs_pe": {},
    "abs_pe_short": {},
    "fpn": {"neck": "convolution"},
    "proj_list": {"input_width": (8, 16), "projected": (16, 16)},
    "start1": {"first_level": 1, "ranges": ((0.0, 8.0), *RANGES[2:])},
}


@pytest.mark.parametrize("case", EXTRAS)
@torch.no_grad()
def test_the_original_release_s_settings(case: str) -> None:
    config = dataclasses.replace(CONFIG["anet"], positions=True, **EXTRAS[case])
    shapes = {
        name: shape
        for name, shape in META["anet"]["state_dict"].items()
        if not name.startswith("neck.") and name != "backbone.embd.0.conv.weight"
    }
    shapes |= META["extra"][f"{case}_keys"]
    if case == "start1":
        del shapes["reg_head.scale.5.scale"]
    model = from_reference(state(shapes), config).eval()
    assert sum(p.numel() for p in model.parameters()) == META["extra"][f"{case}_params"]
    rows = torch.from_numpy(NUMBERS[f"extra|{case}|input"].T.copy())
    for level, found in enumerate(model(*pad([rows], config, training=False))):
        for name in ("logits", "offsets"):
            wanted = NUMBERS[f"extra|{case}|L{level}|{name}"]
            np.testing.assert_allclose(getattr(found, name)[0].numpy(), wanted, rtol=0, atol=1e-5)


def test_numbers_of_parameters() -> None:
    configs: dict[int, ActionFormerConfig] = {
        7_351_324: thumos14(input_width=1024, num_classes=20),
        7_140_105: thumos14(input_width=768, num_classes=1),
        7_489_744: activitynet(input_width=1024, num_classes=200),
        29_251_612: original_thumos14(),
        6_943_497: original_activitynet(),
    }
    for wanted, config in configs.items():
        with torch.device("meta"):
            model = ActionFormer(dataclasses.replace(config, positions=False))
        assert sum(p.numel() for p in model.parameters()) == wanted


def test_drop_path_0_keeps_the_scales() -> None:
    config = dataclasses.replace(CONFIG["anet"], drop_path=0.0)
    assert len(state(META["anet"]["state_dict"])) == 229
    from_reference({"module." + k: v for k, v in state(META["anet"]["state_dict"]).items()}, config)


def test_weights_that_do_not_fit_are_named() -> None:
    weights = state(META["anet"]["state_dict"])
    with pytest.raises(WeightsError, match=r"1 missing \(branch\.0\.attention\.key\.conv\.weight\)"):
        from_reference({k: v for k, v in weights.items() if "branch.0.attn.key_conv" not in k}, CONFIG["anet"])
    with pytest.raises(WeightsError, match=r"1 left over \(more\)"):
        from_reference({**weights, "more": torch.zeros(1)}, CONFIG["anet"])
    with pytest.raises(WeightsError, match=r"classes\.last\.weight: expected \(3, 32, 3\), found \(1, 32, 3\)"):
        from_reference(weights, dataclasses.replace(CONFIG["anet"], num_classes=3))
    name = "backbone.embd.0.conv.weight"
    with pytest.raises(WeightsError, match="not finite"):
        from_reference({**weights, name: weights[name] * torch.nan}, CONFIG["anet"])


def batch(kind: str) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
    rows, segments, labels = [], [], []
    for index, video in enumerate(META[kind]["batch_ids"]):
        steps = META[kind]["batch_T"][index]
        if kind == "thumos":
            start = int(NUMBERS[f"thumos|batch|{index}|start"])
            rows.append(features(video, start + steps)[start:])
        else:
            rows.append(torch.from_numpy(NUMBERS[f"anet|batch|{index}|feats"].copy()))
        segments.append(torch.from_numpy(NUMBERS[f"{kind}|batch|{index}|segments"]))
        labels.append(torch.from_numpy(NUMBERS[f"{kind}|batch|{index}|labels"].astype(np.int64)))
    return rows, segments, labels


def targets(kind: str, levels: tuple[LevelOutput, ...]) -> tuple[Tensor, Tensor]:
    _, segments, labels = batch(kind)
    points = points_of(CONFIG[kind], [level.mask.shape[1] for level in levels])
    num_classes = CONFIG[kind].num_classes
    pairs = [assign(points, s, n, num_classes=num_classes) for s, n in zip(segments, labels, strict=True)]
    return torch.stack([a for a, _ in pairs]), torch.stack([b for _, b in pairs])


@pytest.mark.parametrize("kind", CONFIG)
def test_targets_losses_gradients_and_one_step(kind: str) -> None:
    meta = META[kind]
    model = from_reference(state(meta["state_dict"]), dataclasses.replace(CONFIG[kind], drop_path=0.0)).train()
    mean = MeanWeights(model)
    groups = parameter_groups(model, weight_decay=0.05)
    assert [len(group["params"]) for group in groups] == [71, 158 - 5]  # the six scales of levels are one here
    decayed = {id(parameter) for parameter in groups[0]["params"]}
    names = sorted(name for name, parameter in model.named_parameters() if id(parameter) in decayed)
    assert names == sorted(renamed(dict.fromkeys(meta["decay"])))
    levels = model(*pad(batch(kind)[0], CONFIG[kind], training=True))
    classes, offsets = targets(kind, levels)

    valid = torch.cat([level.mask for level in levels], dim=1)
    positive = ((classes.sum(-1) > 0) & valid).nonzero()
    assert positive[:, 0].tolist() == NUMBERS[f"{kind}|tgt|pos_batch"].tolist()
    assert positive[:, 1].tolist() == NUMBERS[f"{kind}|tgt|pos_point"].tolist()
    wanted = torch.from_numpy(NUMBERS[f"{kind}|tgt|pos_offsets"])
    torch.testing.assert_close(offsets[positive[:, 0], positive[:, 1]], wanted, rtol=0, atol=1e-5)
    assert (classes * valid[..., None]).nonzero().tolist() == NUMBERS[f"{kind}|tgt|cls_nonzero"].tolist()
    assert int(((classes * valid[..., None]).sum(-1) > 1).sum()) == meta["multi_label_points"]

    start = meta["loss_normalizer_before"]
    found = losses(levels, classes, offsets, normaliser=start, settings=LossSettings())
    assert found.normaliser == pytest.approx(meta["loss_normalizer_after"], abs=1e-9)
    again = losses(levels, classes, offsets, normaliser=found.normaliser, settings=LossSettings())
    for ours, theirs in ((found, meta["losses"]), (again, meta["losses_second_call"])):
        assert ours.classes.item() == pytest.approx(theirs["cls_loss"], rel=1e-5)
        assert ours.ends.item() == pytest.approx(theirs["reg_loss"], rel=1e-5)
        assert ours.total.item() == pytest.approx(theirs["final_loss"], rel=1e-5)

    found.total.backward()
    norms = {name: float(p.grad.norm()) for name, p in model.named_parameters() if p.grad is not None}
    check_norms(norms, meta["grad_norms"])
    total = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    assert float(total) == pytest.approx(meta["total_grad_norm"], rel=1e-4)
    if "after_step" not in meta:
        return
    torch.optim.AdamW(groups, lr=1e-3).step()
    mean.update(model)
    for weights, theirs in (
        (model.state_dict(), meta["after_step"]),
        (mean.model.state_dict(), meta["after_ema"]),
    ):
        check_sums(weights, theirs)


@torch.no_grad()
def test_the_mean_of_weights_starts_before_the_first_step_and_follows_it() -> None:
    model = ActionFormer(CONFIG["anet"])
    mean = MeanWeights(model, decay=0.75)
    before = model.distance_scales.clone()
    model.distance_scales += 4.0
    torch.testing.assert_close(mean.model.distance_scales, before)
    mean.update(model)
    torch.testing.assert_close(mean.model.distance_scales, before + 1.0)


def renamed(theirs: dict[str, Any]) -> dict[str, Any]:
    from twlv.heads.actionformer.reference import our_name

    return {our_name(name): value for name, value in theirs.items() if "reg_head.scale" not in name}


def check_norms(ours: dict[str, float], theirs: dict[str, float]) -> None:
    for name, wanted in renamed(theirs).items():
        assert ours[name] == pytest.approx(wanted, rel=1e-3, abs=1e-5), name
    scales = np.sqrt(sum(theirs[f"reg_head.scale.{level}.scale"] ** 2 for level in range(6)))
    assert ours["distance_scales"] == pytest.approx(scales, rel=1e-3)


def check_sums(ours: dict[str, Tensor], theirs: dict[str, list[float]]) -> None:
    """Sum and norm of every parameter. A first step of Adam moves by the sign of a gradient, also of noise."""
    for name, (total, norm) in renamed(theirs).items():
        if name.endswith(("key.norm.bias", "key.linear.bias")):  # softmax does not see them: gradients of 1e-9
            continue
        slack = 2e-3 * ours[name].numel() ** 0.5
        assert ours[name].double().sum().item() == pytest.approx(total, abs=slack), name
        assert ours[name].double().norm().item() == pytest.approx(norm, rel=1e-4), name


def test_focal_distance_iou_and_rates() -> None:
    given = {name: NUMBERS[f"sched|{name}"] for name in ("focal|x", "focal|t", "focal|loss")}
    logits, wanted = (torch.from_numpy(given[f"focal|{name}"]) for name in "xt")
    grid = focal(logits[:, None].expand(7, 6), wanted[None].expand(7, 6))
    np.testing.assert_allclose(grid.numpy(), given["focal|loss"], rtol=1e-5, atol=1e-7)
    pred, target = (torch.from_numpy(NUMBERS[f"sched|diou|{name}"]) for name in ("pred", "target"))
    np.testing.assert_allclose(
        distance_iou(pred, target).numpy(), NUMBERS["sched|diou|loss"], rtol=1e-5, atol=1e-6
    )
    for name, base, per_epoch, epochs in (("THUMOS14", 1e-4, 100, 45), ("ActivityNet_1.3", 1e-3, 624, 10)):
        steps = {"warmup_steps": 5 * per_epoch, "total_steps": (epochs + 5) * per_epoch}
        rates = [learning_rate(int(k), base=base, **steps) for k in NUMBERS[f"sched|{name}|lr_index"]]
        np.testing.assert_allclose(rates, NUMBERS[f"sched|{name}|lr"], rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("kind", CONFIG)
def test_decoding_keeps_the_order_of_the_reference(kind: str) -> None:
    levels = []
    for level, length in enumerate(META[kind]["meta"]["padded"] // 2**n for n in range(6)):
        rows = {}
        for name in ("logits", "offsets"):
            values = torch.from_numpy(NUMBERS[f"{kind}|L{level}|{name}"])
            rows[name] = torch.nn.functional.pad(values, (0, 0, 0, length - len(values)))[None]
        mask = torch.arange(length)[None] < len(values)
        levels.append(LevelOutput(mask=mask, **rows))
    points = points_of(CONFIG[kind], [level.mask.shape[1] for level in levels])
    found = decode(levels, points, settings=DecodeSettings(shortest=0.05 if kind == "thumos" else 0.001))
    assert len(found.scores) == META[kind]["meta"]["pre_nms"]
    assert found.labels.tolist() == NUMBERS[f"{kind}|pre|labels"].tolist()
    np.testing.assert_allclose(found.scores.numpy(), NUMBERS[f"{kind}|pre|scores"], rtol=0, atol=1e-6)
    np.testing.assert_allclose(found.segments.numpy(), NUMBERS[f"{kind}|pre|segments"], rtol=0, atol=1e-4)


@torch.no_grad()
def test_a_fresh_network_finds_nothing_in_padding() -> None:
    torch.manual_seed(0)
    model = ActionFormer(CONFIG["thumos"]).eval()
    levels = model(*pad([embedding("thumos")], CONFIG["thumos"], training=False))
    points = points_of(CONFIG["thumos"], [level.mask.shape[1] for level in levels])
    found = decode(levels, points, settings=DecodeSettings(shortest=-1.0))
    assert len(found.scores)
    assert float(found.scores.max()) < 0.1
    assert (found.scores == 0.5).sum() == 0


def test_distances_at_both_ends_of_a_range_are_positive_on_two_levels() -> None:
    points = points_of(CONFIG["thumos"], [64 // 2**level for level in range(6)])
    classes, _ = assign(points, torch.tensor([[4.0, 12.0]]), torch.tensor([2]), num_classes=20)
    rows = classes[:, 2].nonzero()[:, 0]
    assert [stride for place, *_, stride in points[rows].tolist() if place == 8.0] == [1.0, 2.0]


def test_no_segments_is_background_with_a_finite_loss() -> None:
    model = model_of("anet")
    levels = model(*pad([embedding("anet")], CONFIG["anet"], training=True))
    points = points_of(CONFIG["anet"], [level.mask.shape[1] for level in levels])
    empty = assign(points, torch.zeros(0, 2), torch.zeros(0, dtype=torch.long), num_classes=1)
    found = losses(levels, empty[0][None], empty[1][None], normaliser=200.0, settings=LossSettings())
    assert found.num_positive == 0
    assert found.ends.item() == 0.0
    found.total.backward()
    assert all(p.grad is None or bool(p.grad.isfinite().all()) for p in model.parameters())


def test_what_is_refused() -> None:
    with pytest.raises(FeatureError, match="at least one embedding"):
        pad([torch.zeros(0, 24)], CONFIG["anet"], training=False)
    with pytest.raises(FeatureError, match="finite"):
        pad([torch.full((3, 24), torch.nan)], CONFIG["anet"], training=False)
    with pytest.raises(FeatureError, match="193 steps are more than max_length 192"):
        pad([torch.zeros(193, 24)], CONFIG["anet"], training=True)
    with pytest.raises(FeatureError, match=r"must be \(B, T, 24\)"):
        model_of("anet")(torch.zeros(1, 192, 23), torch.ones(1, 192, dtype=torch.bool))
    with pytest.raises(FeatureError, match="labels are 0 to 0, got 1 to 1"):
        assign(torch.zeros(1, 4), torch.zeros(1, 2), torch.ones(1, dtype=torch.long), num_classes=1)
    with pytest.raises(UsageError, match="multiple of 576"):
        dataclasses.replace(CONFIG["thumos"], max_length=2000)
    with pytest.raises(UsageError, match="windows are odd"):
        dataclasses.replace(CONFIG["thumos"], windows=(18,) * 6)


@pytest.mark.parametrize(("depthwise", "stride"), [(True, 1), (True, 2), (False, 1)])  # what the network has
def test_convolutions_as_products_of_matrices_equal_torch(*, depthwise: bool, stride: int) -> None:
    """Outputs and all gradients, several sequences at once, an odd length."""
    generator = torch.Generator().manual_seed(0)
    groups = 6 if depthwise else 1
    conv = MaskedConvolution(6, 6, 3, stride=stride, groups=groups, bias=not depthwise).double()
    x = torch.randn(3, 7, 6, generator=generator, dtype=torch.float64)
    mask = torch.rand(3, -(-7 // stride), generator=generator) > 0.3
    grads = []
    for plain in (False, True):
        inputs = x.clone().requires_grad_()
        conv.zero_grad()
        found = conv(inputs, mask)
        if plain:
            found = torch.nn.Conv1d.forward(conv, inputs.transpose(1, 2)).transpose(1, 2) * mask[..., None]
        (found * torch.arange(6.0)).square().sum().backward()
        grads.append([found, inputs.grad, *(p.grad.clone() for p in conv.parameters() if p.grad is not None)])
    for one, other in zip(*grads, strict=True):
        torch.testing.assert_close(one, other)


def test_a_batch_in_parts_of_equal_length_is_one_step_of_the_whole_batch() -> None:
    """Padding that no output needs is left out; losses, the running number and all weights stay the same."""
    config = dataclasses.replace(CONFIG["thumos"], drop_path=0.0)
    recipe = FitRecipe(network=config, epochs=1, warmup_epochs=0, batch_size=3, learning_rate=1e-2)
    generator = torch.Generator().manual_seed(1)
    batch = [
        (
            torch.randn(steps, 24, generator=generator),
            torch.tensor([[5.0, 15.0], [20.0, 50.0]]),
            torch.tensor([1, 3]),
        )
        for steps in (267, 60, 270)
    ]
    parts = parts_of(batch, config, centre=1.5, whole=False)
    assert [tuple(part.x.shape[:2]) for part in parts] == [(2, 352), (1, 128)]
    states = []
    for whole in (False, True):
        training = fit_module._begin(recipe, 0, torch.device("cpu"))
        training.model.load_state_dict(model_of("thumos").state_dict())
        with pytest.MonkeyPatch.context() as patch:
            if whole:
                patch.setattr(fit_module, "parts_of", lambda b, n, **_: parts_of(b, n, centre=1.5, whole=True))
            told = fit_module.update(training, batch, recipe, rate=1e-2, device=torch.device("cpu"))
        states.append((told, training.normaliser, training.model.state_dict()))
    for name, value in states[0][0].items():
        assert value == pytest.approx(states[1][0][name], rel=1e-5)
    assert states[0][1] == states[1][1]
    moved = 0.0
    for name, one in states[0][2].items():
        moved = max(moved, float((one - states[1][2][name]).abs().median()))
    assert moved < 1e-5
