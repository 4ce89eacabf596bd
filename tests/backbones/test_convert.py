"""Every converter: the original layout with random values, against the formula written out a second time."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from twlv import backbones
from twlv.backbones.convert.save import convert_and_save, convert_file
from twlv.backbones.entry import Entry
from twlv.backbones.loaded import LoadedBackbone
from twlv.backbones.table import TABLE
from twlv.errors import WeightsError

from .convert_reference import (
    Shape,
    blocks,
    encoder_shapes,
    flat_positions,
    layer_norm,
    norm_shapes,
    patches,
    quarter_positions,
    random_tensors,
    stretched_in_time,
    thirds_positions,
)

Frames = Callable[..., torch.Tensor]
Tensors = dict[str, torch.Tensor]

DENSE = Shape()
SPARSE = Shape(tubelet=1, frames=4)
ONE_B = Shape(tubelet=1, frames=4, heads=4)
SHORT = Shape(tubelet=1, frames=2)


def tiny(name: str, s: Shape) -> Entry:
    """A table line with its architecture shrunk to ``s``: everything else is the line's own."""
    entry = TABLE[name]
    shape: dict[str, Any] = {
        "width": s.width,
        "depth": s.depth,
        "num_heads": s.heads,
        "mlp_width": s.hidden,
        "num_frames": s.frames,
        "image_size_px": s.size,
        "patch": [s.tubelet, s.patch, s.patch],
    }
    if "pool_width" in entry.config:
        shape |= {"pool_width": 8, "pool_num_heads": 4}
    fields = {"num_frames": s.frames, "image_size_px": s.size, "patch": (s.tubelet, s.patch, s.patch)}
    card = dataclasses.replace(entry.card, dim=s.width, num_params=0, **fields)  # type: ignore[arg-type]
    return dataclasses.replace(entry, card=card, config={**entry.config, **shape})


def encoded(backbone: LoadedBackbone, video: torch.Tensor) -> torch.Tensor:
    """Tokens (B, N, D) of a video (B, C, T, H, W)."""
    return backbone.encode(video.transpose(1, 2)).patches.flatten(1, 3)


def close(found: torch.Tensor, expected: torch.Tensor) -> None:
    error = float((found - expected).norm() / expected.norm())
    assert error < 2e-6, f"relative difference {error:.2g}"


@pytest.fixture
def video() -> torch.Tensor:
    return torch.randn(2, 3, 4, 32, 32, generator=torch.Generator().manual_seed(11))


def _saved(tmp_path: Path, tree: dict[str, Any], name: str = "weights.pth") -> Path:
    torch.save(tree, tmp_path / name)
    return tmp_path / name


def _run_noise() -> dict[str, Any]:
    """What training code writes beside the weights."""
    return {"args": argparse.Namespace(lr=1e-3, layer_decay=0.75), "epoch": 7, "optimizer": {"state": {}}}


# ---------------------------------------------------------------- VideoMAE, VideoMAE V2, UMT's first stage


def pretrained_tree(s: Shape) -> dict[str, Any]:
    shapes = encoder_shapes("encoder.", s, bias="qv") | norm_shapes("encoder.norm", s.width)
    shapes |= {
        "encoder_to_decoder.weight": (8, s.width),
        "mask_token": (1, 1, 8),
        "decoder.head.weight": (4, 8),
    }
    return {"model": random_tensors(shapes), **_run_noise()}


def tuned_tree(s: Shape, prefix: str = "") -> dict[str, Any]:
    shapes = encoder_shapes(prefix, s, bias="qv") | norm_shapes(f"{prefix}fc_norm", s.width)
    return {"module": random_tensors(shapes | norm_shapes(f"{prefix}head", 5))}


@pytest.mark.parametrize("name", ["videomae_vit_h.k400", "videomae2_vit_g.hybrid", "umt1_vit_b.k710"])
@torch.inference_mode()
def test_pretrained_videomae_layouts(name: str, tmp_path: Path, video: torch.Tensor) -> None:
    s = DENSE if name.startswith("videomae") else SPARSE
    tree = pretrained_tree(s)
    w = tree["model"]
    x = patches(w, video, "encoder.patch_embed.proj") + flat_positions(s.grid[0] * 4, s.width)
    expected = layer_norm(w, "encoder.norm", blocks(w, "encoder.", x, s))
    found = convert_file(tiny(name, s), _saved(tmp_path, tree))
    close(encoded(found, video), expected)
    left_out = found.card.details["conversion"]["left_out"]  # type: ignore[index, call-overload]
    assert left_out == {"decoder.": 1, "encoder_to_decoder.": 1, "mask_token": 1}


@pytest.mark.parametrize("prefix", ["", "backbone."])
@torch.inference_mode()
def test_a_distilled_videomae2_is_pooled_by_its_classifiers_norm(
    prefix: str, tmp_path: Path, video: torch.Tensor
) -> None:
    tree = tuned_tree(DENSE, prefix)
    if prefix:
        tree["module"] = {key: value for key, value in tree["module"].items() if key.startswith(prefix)}
    w = {key.removeprefix(prefix): value for key, value in tree["module"].items()}
    x = blocks(w, "", patches(w, video) + flat_positions(8, 48), DENSE)
    found = convert_file(tiny("videomae2_vit_b.k710", DENSE), _saved(tmp_path, tree))
    close(encoded(found, video), x)
    vector = found.encode(video.transpose(1, 2)).cls
    assert found.card.pool == "mean_norm"
    assert vector is not None
    close(vector, layer_norm(w, "fc_norm", x.mean(1)))


def test_a_finetuned_file_for_a_pretrained_name_and_the_reverse(tmp_path: Path) -> None:
    tuned, pretrained = _saved(tmp_path, tuned_tree(DENSE), "t.pth"), _saved(tmp_path, pretrained_tree(DENSE))
    with pytest.raises(WeightsError, match=r"expected a pretrained checkpoint .*, found a fine-tuned one"):
        convert_file(tiny("videomae2_vit_g.hybrid", DENSE), tuned)
    with pytest.raises(WeightsError, match=r"expected a fine-tuned one .*, found a pretrained checkpoint"):
        convert_file(tiny("videomae2_vit_b.k710", DENSE), pretrained)


# ---------------------------------------------------------------- UMT's second stage


def umt2_tree(s: Shape) -> dict[str, Any]:
    at = "vision_encoder.encoder."
    shapes = encoder_shapes(at, s, bias="qv") | norm_shapes(f"{at}norm", s.width)
    shapes |= norm_shapes("vision_encoder.pool_norm", s.width) | norm_shapes(
        "vision_encoder.clip_decoder.0.norm", 8
    )
    shapes |= {"text_encoder.embeddings.weight": (9, 8), "vision_proj.weight": (8, s.width), "temp": ()}
    return {"model": random_tensors(shapes)}


@torch.inference_mode()
def test_umt2_stretches_its_positions_over_time(tmp_path: Path, video: torch.Tensor) -> None:
    """A model of 2 frames on 4: the table of 8 tokens is stretched, not computed anew for 16."""
    tree = umt2_tree(SHORT)
    w = tree["model"]
    at = "vision_encoder.encoder."
    x = patches(w, video, f"{at}patch_embed.proj")
    right = x + stretched_in_time(flat_positions(8, 48), 2, 4)
    expected = layer_norm(w, f"{at}norm", blocks(w, at, right, SHORT))
    wrong = layer_norm(w, f"{at}norm", blocks(w, at, x + flat_positions(16, 48), SHORT))
    assert (wrong - expected).norm() / expected.norm() > 0.05
    found = convert_file(tiny("umt2_vit_b.25m", SHORT), _saved(tmp_path, tree))
    close(encoded(found, video), expected)
    pooled = found.with_pool("mean_norm").encode(video.transpose(1, 2)).cls
    assert pooled is not None
    close(pooled, layer_norm(w, "vision_encoder.pool_norm", expected.mean(1), eps=1e-5))


@torch.inference_mode()
def test_umt2_gives_an_image_the_first_positions(tmp_path: Path, video: torch.Tensor) -> None:
    tree = umt2_tree(SHORT)
    w, at = tree["model"], "vision_encoder.encoder."
    x = patches(w, video[:, :, :1], f"{at}patch_embed.proj") + flat_positions(4, 48)
    expected = layer_norm(w, f"{at}norm", blocks(w, at, x, SHORT))
    found = convert_file(tiny("umt2_vit_b.25m", SHORT), _saved(tmp_path, tree))
    close(encoded(found, video[:, :, :1]), expected)


# ---------------------------------------------------------------- MVD, OmniMAE, V-JEPA


def mvd_tree(s: Shape) -> dict[str, Any]:
    shapes = encoder_shapes("", s, bias="qv") | norm_shapes("norm", s.width) | norm_shapes("down_img", 8)
    shapes |= {"mask_token_img": (1, 1, 8), "decoder_vid.head.weight": (4, 8), "pos_embed_img": (1, 8, 8)}
    table = quarter_positions(s.grid, s.width)[None]
    return {"model": {**random_tensors(shapes), "pos_embed": table}, **_run_noise()}


@torch.inference_mode()
def test_mvd(tmp_path: Path, video: torch.Tensor) -> None:
    tree = mvd_tree(DENSE)
    w = tree["model"]
    x = patches(w, video) + quarter_positions(DENSE.grid, 48)
    found = convert_file(tiny("mvd_vit_l.k400", DENSE), _saved(tmp_path, tree))
    close(encoded(found, video), layer_norm(w, "norm", blocks(w, "", x, DENSE)))


def omnimae_tree(s: Shape) -> dict[str, Any]:
    shapes = encoder_shapes("trunk.", s, bias="qkv", patch="patch_embed.proj.1")
    shapes |= norm_shapes("trunk.norm", s.width) | {"trunk.mask_token": (1, 1, 8), "head.weight": (4, 8)}
    shapes |= norm_shapes("trunk.decoder.norm", 8)
    return {**random_tensors(shapes), "trunk.pos_embed": flat_positions(8, s.width)[None]}


@torch.inference_mode()
def test_omnimae_and_its_pooling_before_the_norm(tmp_path: Path, video: torch.Tensor) -> None:
    w = omnimae_tree(DENSE)
    positions = flat_positions(8, 48)
    raw = blocks(w, "trunk.", patches(w, video, "trunk.patch_embed.proj.1") + positions, DENSE)
    found = convert_file(tiny("omnimae_vit_l.in1k_ssv2", DENSE), _saved(tmp_path, w, "vitl.torch"))
    close(encoded(found, video), layer_norm(w, "trunk.norm", raw))
    vector = found.with_pool("mean_norm").encode(video.transpose(1, 2)).cls
    assert vector is not None
    close(vector, layer_norm(w, "trunk.norm", raw.mean(1)))
    after = layer_norm(w, "trunk.norm", raw).mean(1)
    assert (after - vector).norm() / vector.norm() > 0.01
    image = video[:, :, :1]
    x = patches(w, image.repeat(1, 1, 2, 1, 1), "trunk.patch_embed.proj.1") + positions[:4]
    close(encoded(found, image), layer_norm(w, "trunk.norm", blocks(w, "trunk.", x, DENSE)))


def vjepa_tree(s: Shape, at: str = "module.backbone.") -> dict[str, Any]:
    shapes = encoder_shapes(at, s, bias="qkv") | norm_shapes(f"{at}norm", s.width)
    table = thirds_positions(s.grid, s.width)[None]
    target = {**random_tensors(shapes), f"{at}pos_embed": table}
    context = {**random_tensors(shapes, seed=4), f"{at}pos_embed": table}
    return {"target_encoder": target, "encoder": context, "predictor": {}, "opt": {"state": {}}, "epoch": 3}


@torch.inference_mode()
def test_vjepa_takes_the_target_encoder(tmp_path: Path, video: torch.Tensor) -> None:
    tree = vjepa_tree(DENSE)
    w = {key.removeprefix("module.backbone."): value for key, value in tree["target_encoder"].items()}
    x = patches(w, video) + thirds_positions(DENSE.grid, 48)
    found = convert_file(tiny("vjepa_vit_h.videomix2m", DENSE), _saved(tmp_path, tree, "vith16.pth.tar"))
    close(encoded(found, video), layer_norm(w, "norm", blocks(w, "", x, DENSE)))


def test_vjepa_without_a_target_encoder_is_refused(tmp_path: Path) -> None:
    tree = vjepa_tree(DENSE)
    del tree["target_encoder"]
    with pytest.raises(WeightsError, match=r"expected 'target_encoder' at the top, found encoder, epoch, opt"):
        convert_file(tiny("vjepa_vit_l.videomix2m", DENSE), _saved(tmp_path, tree))


@pytest.mark.parametrize(
    ("name", "tree", "at"),
    [
        ("mvd_vit_s.k400", mvd_tree, ("model",)),
        ("omnimae_vit_b.in1k_ssv2", omnimae_tree, ()),
        ("vjepa_vit_l.videomix2m", vjepa_tree, ("target_encoder",)),
    ],
)
def test_a_stored_table_must_be_the_one_that_we_compute(
    name: str, tree: Callable[[Shape], dict[str, Any]], at: tuple[str, ...], tmp_path: Path
) -> None:
    content = tree(DENSE)
    tensors = content[at[0]] if at else content
    key = next(key for key in tensors if key.endswith("pos_embed"))
    tensors[key] = tensors[key].roll(1, dims=1)
    with pytest.raises(WeightsError, match=r"pos_embed differs from the code 'sincos_\w+' by"):
        convert_file(tiny(name, DENSE), _saved(tmp_path, content))
    tensors[key] = tensors[key][:, :4]
    with pytest.raises(WeightsError, match=r"4 positions of width 48, expected 8 of 48"):
        convert_file(tiny(name, DENSE), _saved(tmp_path, content))


# ---------------------------------------------------------------- InternVideo2


def internvideo2_tensors(s: Shape, at: str = "") -> Tensors:
    d, n = s.width, s.grid[0] * 4
    shapes = encoder_shapes(at, s, bias="none")
    shapes |= {
        f"{at}cls_token": (1, 1, d),
        f"{at}pos_embed": (1, 1 + n, d),
        f"{at}clip_pos_embed": (1, 1 + n, d),
    }
    for part in "qkv":
        shapes |= norm_shapes(f"{at}clip_projector.norm1_{part}", d)
        shapes |= {f"{at}clip_projector.cross_attn.{part}.weight": (d, d)}
        shapes |= {f"{at}clip_projector.cross_attn.{part}_bias": (d,)}
    shapes |= {
        f"{at}clip_projector.cross_attn.proj.weight": (8, d),
        f"{at}clip_projector.cross_attn.proj.bias": (8,),
    }
    return random_tensors(shapes | norm_shapes(f"{at}clip_decoder.0.norm", 8))


def internvideo2_forward(w: Tensors, video: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    x = patches(w, video)
    x = torch.cat([w["cls_token"].expand(len(x), 1, -1), x], dim=1) + positions
    return blocks(w, "", x, ONE_B, gelu="tanh")


def attention_pool(w: Tensors, x: torch.Tensor, heads: int) -> torch.Tensor:
    at, size = "clip_projector.", x.shape[-1] // heads
    sources = {"q": x.mean(1, keepdim=True), "k": x, "v": x}
    q, k, v = (
        torch.nn.functional.linear(
            layer_norm(w, f"{at}norm1_{part}", source, eps=1e-5),
            w[f"{at}cross_attn.{part}.weight"],
            w[f"{at}cross_attn.{part}_bias"],
        ).unflatten(-1, (heads, size))
        for part, source in sources.items()
    )
    weights = torch.einsum("bqhd,bkhd->bhqk", q, k).div(size**0.5).softmax(-1)
    read = torch.einsum("bhqk,bkhd->bqhd", weights, v).flatten(2)[:, 0]
    return torch.nn.functional.linear(read, w[f"{at}cross_attn.proj.weight"], w[f"{at}cross_attn.proj.bias"])


@pytest.mark.parametrize("nesting", ["module", "model", ""])
@torch.inference_mode()
def test_internvideo2_first_stage(nesting: str, tmp_path: Path, video: torch.Tensor) -> None:
    w = internvideo2_tensors(ONE_B)
    sequence = internvideo2_forward(w, video, w["pos_embed"])
    entry = tiny("internvideo2_1_vit_1b.kmash", ONE_B)
    found = convert_file(entry, _saved(tmp_path, {nesting: w} if nesting else w))
    close(encoded(found, video), sequence[:, 1:])
    close(found.with_pool("cls").encode(video.transpose(1, 2)).cls, sequence[:, 0])  # type: ignore[arg-type]
    attending = found.with_pool("attention")
    close(attending.encode(video.transpose(1, 2)).cls, attention_pool(w, sequence, 4))  # type: ignore[arg-type]
    assert (attending.card.dim, attending.card.name) == (8, "internvideo2_1_vit_1b.kmash+attention")


@torch.inference_mode()
def test_internvideo2_second_stage(tmp_path: Path, video: torch.Tensor) -> None:
    """Its table is of fewer frames and is stretched; the row of the class token stays; images have a table."""
    short = dataclasses.replace(ONE_B, frames=2)
    tower = internvideo2_tensors(short)
    tower["img_pos_embed"] = random_tensors({"x": (1, 5, 48)}, seed=9)["x"]
    tree = {f"vision_encoder.{key}": value for key, value in tower.items()}
    tree |= {"text_encoder.x": torch.zeros(3), "temp": torch.zeros(()), "vision_proj.weight": torch.zeros(2, 2)}
    found = convert_file(tiny("internvideo2_2_vit_1b.pairs", short), _saved(tmp_path, {"module": tree}))
    table = tower["pos_embed"][0]
    stretched = torch.cat([table[:1], stretched_in_time(table[1:], 2, 4)])
    close(encoded(found, video), internvideo2_forward(tower, video, stretched)[:, 1:])
    image = internvideo2_forward(tower, video[:, :, :1], tower["img_pos_embed"])
    close(encoded(found, video[:, :, :1]), image[:, 1:])


def test_internvideo2_files_of_the_other_stage_are_named(tmp_path: Path) -> None:
    file = _saved(tmp_path, {"module": internvideo2_tensors(ONE_B)})
    with pytest.raises(WeightsError, match=r"expected tensors under 'vision_encoder.', found blocks"):
        convert_file(tiny("internvideo2_2_vit_1b.pairs", ONE_B), file)
    longer = dataclasses.replace(ONE_B, frames=8)
    with pytest.raises(WeightsError, match=r"shape \(1, 17, 48\), expected \(1, 33, 48\) for 8 frames"):
        convert_file(tiny("internvideo2_1_vit_1b.kmash", longer), file)


# ---------------------------------------------------------------- strictness, and what is left afterwards


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.pop("blocks.1.mlp.fc2.bias"), r"1 missing \(blocks.1.mlp.fc2.bias\)"),
        (lambda w: w.update({"adapter.lora_A": torch.zeros(2)}), r"1 left over \(adapter.lora_A\)"),
        (lambda w: w.update({"norm.weight": torch.ones(47)}), r"norm.weight: expected \(48,\), found \(47,\)"),
        (lambda w: w.pop("blocks.0.attn.q_bias"), r"left over \(blocks.0.attention.v_bias\)"),
    ],
)
def test_a_checkpoint_with_other_tensors(
    change: Callable[[Tensors], Any], message: str, tmp_path: Path
) -> None:
    tree = mvd_tree(DENSE)
    change(tree["model"])
    with pytest.raises(WeightsError, match=message):
        convert_file(tiny("mvd_vit_b.k400", DENSE), _saved(tmp_path, tree))


def test_what_is_saved_needs_no_pickle_and_knows_where_it_is_from(
    tmp_path: Path, video: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = _saved(tmp_path, mvd_tree(DENSE))
    entry = tiny("mvd_vit_b.k400", DENSE)
    out = convert_and_save(entry, file, tmp_path / "out")
    assert sorted(path.name for path in out.iterdir()) == ["card.json", "model.safetensors"]
    expected = encoded(convert_file(entry, file), video)
    file.unlink()
    monkeypatch.setattr(torch, "load", None)
    found = backbones.load(str(out), device="cpu", dtype="float32")
    assert isinstance(found, LoadedBackbone)
    assert torch.equal(encoded(found, video), expected)
    conversion: Any = found.card.details["conversion"]
    assert len(conversion["source_sha256"]) == 64
    assert (conversion["format"], conversion["version"]) == ("mvd", 1)
    pooled = backbones.load(f"{out}+mean_norm", device="cpu")
    assert pooled.card.name == "mvd_vit_b.k400+mean_norm"
