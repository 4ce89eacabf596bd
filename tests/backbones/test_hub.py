"""Models of transformers out of local folders, as their own ``save_pretrained`` writes them."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from twlv import backbones
from twlv.backbones import hf
from twlv.errors import UsageError, WeightsError

from .conftest import SMALL

Frames = Callable[..., torch.Tensor]

PREPARATION = {
    "size": {"shortest_edge": 40},
    "crop_size": {"height": 32, "width": 32},
    "do_center_crop": True,
    "image_mean": [0.4, 0.5, 0.6],
    "image_std": [0.2, 0.3, 0.4],
    "resample": 3,
}
VIDEOMAE = {
    "hidden_size": 24,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "image_size": 32,
    "num_frames": 4,
}


def _config(name: str, values: dict[str, Any]) -> Any:
    return hf.config_of(name, values)


def _clip() -> Any:
    vision = {**SMALL["clip"], "projection_dim": 10}
    text = {
        "hidden_size": 8,
        "intermediate_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 1,
        "vocab_size": 9,
    }
    return transformers.CLIPModel(
        transformers.CLIPConfig(vision_config=vision, text_config=text, projection_dim=10)
    )


def _xclip() -> Any:
    text = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    config = {"vision_config": SMALL["xclip"]["vision"], "projection_dim": 8, "text_config": text}
    return transformers.XCLIPModel(_config("XCLIPConfig", {**config, "prompt_num_attention_heads": 2}))


def _siglip() -> Any:
    text = {
        "hidden_size": 24,
        "intermediate_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 1,
        "vocab_size": 9,
    }
    return transformers.SiglipModel(transformers.SiglipConfig(vision_config=SMALL["siglip"], text_config=text))


MODELS: dict[str, Callable[[], Any]] = {
    "videomae": lambda: transformers.VideoMAEModel(
        _config("VideoMAEConfig", {**VIDEOMAE, "use_mean_pooling": False})
    ),
    "videomae_pretraining": lambda: transformers.VideoMAEForPreTraining(
        _config("VideoMAEConfig", {**VIDEOMAE, "use_mean_pooling": False, "decoder_num_hidden_layers": 1})
    ),
    "videomae_tuned": lambda: transformers.VideoMAEForVideoClassification(_config("VideoMAEConfig", VIDEOMAE)),
    "vjepa2": lambda: transformers.VJEPA2Model(_config("VJEPA2Config", SMALL["vjepa2"])),
    "vivit": lambda: transformers.VivitForVideoClassification(_config("VivitConfig", SMALL["vivit"])),
    "timesformer": lambda: transformers.TimesformerForVideoClassification(
        _config("TimesformerConfig", SMALL["timesformer"])
    ),
    "clip": _clip,
    "clip_tower": lambda: transformers.CLIPVisionModel(_config("CLIPVisionConfig", SMALL["clip"])),
    "siglip": _siglip,
    "dinov2": lambda: transformers.Dinov2Model(_config("Dinov2Config", SMALL["dinov2"])),
    "dinov2_registers": lambda: transformers.Dinov2WithRegistersModel(
        _config("Dinov2WithRegistersConfig", SMALL["dinov2_registers"])
    ),
    "dinov3": lambda: transformers.DINOv3ViTModel(_config("DINOv3ViTConfig", SMALL["dinov3"])),
    "aimv2": lambda: transformers.Aimv2VisionModel(_config("Aimv2VisionConfig", SMALL["aimv2"])),
    "videoprism": lambda: transformers.VideoPrismVisionModel(
        _config("VideoPrismVisionConfig", SMALL["videoprism"])
    ),
    "xclip": _xclip,
}


def _write(folder: Path, name: str, **preparation: Any) -> Any:
    torch.manual_seed(0)
    model = MODELS[name]().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape), alpha=0.02)
    model.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps({**PREPARATION, **preparation}))
    (folder / "README.md").write_text("---\ntags: [x]\nlicense: cc-by-nc-4.0\n---\n# a model\n")
    return model


def _tokens(name: str, model: Any, clip: torch.Tensor) -> torch.Tensor:
    """The library's own patch tokens, in its own order, (B or B*T, N, D)."""
    images = clip.flatten(0, 1)
    own: dict[str, Callable[[], torch.Tensor]] = {
        "videomae": lambda: model(clip).last_hidden_state,
        "videomae_pretraining": lambda: model.videomae(clip).last_hidden_state,
        "videomae_tuned": lambda: model.videomae(clip).last_hidden_state,
        "vjepa2": lambda: model(clip, skip_predictor=True).last_hidden_state,
        "vivit": lambda: model.vivit(clip).last_hidden_state[:, 1:],
        "timesformer": lambda: model.timesformer(clip).last_hidden_state[:, 1:],
        "clip": lambda: model.visual_projection(
            model.vision_model.post_layernorm(model.vision_model(images).last_hidden_state)
        )[:, 1:],
        "siglip": lambda: model.vision_model(images).last_hidden_state,
        "dinov2_registers": lambda: model(images).last_hidden_state[:, 5:],
        "dinov3": lambda: model(images).last_hidden_state[:, 3:],
        "aimv2": lambda: model(images).last_hidden_state,
        "videoprism": lambda: model(clip).last_hidden_state,
        "xclip": lambda: model.visual_projection(
            model.vision_model.post_layernorm(model.vision_model(images).last_hidden_state)
        )[:, 1:],
    }
    return own[name]() if name in own else model(images).last_hidden_state[:, 1:]


@pytest.mark.parametrize("name", MODELS)
@torch.no_grad()
def test_a_local_folder_gives_the_librarys_own_tokens(name: str, tmp_path: Path, frames: Frames) -> None:
    model = _write(tmp_path, name)
    found = backbones.load(f"hf:{tmp_path}", device="cpu", dtype="float32")
    expected = _tokens(name, model, frames())
    patches = found.encode(frames()).patches
    if name == "timesformer":
        patches = patches.permute(0, 2, 3, 1, 4)
    torch.testing.assert_close(patches.reshape(expected.shape), expected, rtol=1e-4, atol=1e-5)
    card = found.card
    assert (card.mean, card.std) == (pytest.approx((0.4, 0.5, 0.6)), pytest.approx((0.2, 0.3, 0.4)))
    assert (card.image_size_px, card.resize_px, card.interpolation) == (32, 40, "bicubic")
    assert card.licence == "cc-by-nc-4.0"


def test_a_finetuned_videomae_gives_its_classifiers_vector(tmp_path: Path, frames: Frames) -> None:
    model = _write(tmp_path, "videomae_tuned")
    found = backbones.load(f"hf:{tmp_path}", device="cpu", dtype="float32")
    assert found.card.pool == "mean_norm"
    with torch.no_grad():
        torch.testing.assert_close(
            model.classifier(found.encode(frames()).cls), model(frames()).logits, rtol=1e-4, atol=1e-5
        )


def test_a_hub_model_can_be_saved_as_ours(tmp_path: Path, frames: Frames) -> None:
    _write(tmp_path / "hub", "vjepa2")
    found = backbones.load(f"hf:{tmp_path / 'hub'}", device="cpu")
    again = backbones.load(str(backbones.save(tmp_path / "ours", found)), device="cpu")
    assert again.card == found.card
    assert torch.equal(again.encode(frames()).patches, found.encode(frames()).patches)


def test_the_global_random_state_is_left_alone(tmp_path: Path) -> None:
    _write(tmp_path, "vivit")
    state = torch.random.get_rng_state()
    backbones.load(f"hf:{tmp_path}", device="cpu")
    assert torch.equal(state, torch.random.get_rng_state())


def _rewrite(folder: Path, edit: Callable[[dict[str, torch.Tensor]], None]) -> None:
    file = folder / "model.safetensors"
    tensors = load_file(file)
    edit(tensors)
    save_file(tensors, file, metadata={"format": "pt"})


def test_a_missing_tensor_is_not_drawn_at_random(tmp_path: Path) -> None:
    _write(tmp_path, "vivit")
    _rewrite(
        tmp_path, lambda tensors: tensors.pop(next(name for name in tensors if "output.dense.bias" in name))
    )
    with pytest.raises(WeightsError, match=r"1 missing"):
        backbones.load(f"hf:{tmp_path}")


def test_a_left_over_tensor_is_an_error(tmp_path: Path) -> None:
    _write(tmp_path, "vivit")
    _rewrite(tmp_path, lambda tensors: tensors.update({"adapter.lora_A": torch.zeros(2)}))
    with pytest.raises(WeightsError, match=r"1 left over \(adapter.lora_A\)"):
        backbones.load(f"hf:{tmp_path}")


def test_a_tensor_of_another_shape_is_an_error(tmp_path: Path) -> None:
    _write(tmp_path, "dinov2")
    _rewrite(tmp_path, lambda tensors: tensors.update({"layernorm.weight": torch.ones(23)}))
    with pytest.raises(WeightsError, match=r"layernorm.weight"):
        backbones.load(f"hf:{tmp_path}")


def test_a_file_that_is_cut_short(tmp_path: Path) -> None:
    _write(tmp_path, "dinov2")
    file = tmp_path / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-50])
    with pytest.raises(WeightsError, match="cannot read its weights"):
        backbones.load(f"hf:{tmp_path}")


def test_vjepa2_takes_the_size_of_its_preparation(tmp_path: Path, frames: Frames) -> None:
    """A model of 32 px whose preparation crops 64: rows and columns are counted for 64."""
    model = _write(tmp_path, "vjepa2", crop_size={"height": 64, "width": 64}, size={"shortest_edge": 64})
    found = backbones.load(f"hf:{tmp_path}", device="cpu")
    assert found.card.image_size_px == 64
    config = model.config
    config.crop_size = 64
    right = transformers.VJEPA2Model(config).eval()
    right.load_state_dict(model.state_dict())
    clip = frames(1, 4, 3, 64, 64)
    with torch.no_grad():
        expected = right(clip, skip_predictor=True).last_hidden_state
        wrong = model.encoder(clip).last_hidden_state
    patches = found.encode(clip).patches.flatten(1, 3)
    torch.testing.assert_close(patches, expected, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(patches, wrong, rtol=1e-2)


def test_no_preparation_is_not_guessed(tmp_path: Path) -> None:
    _write(tmp_path, "dinov2")
    (tmp_path / "preprocessor_config.json").unlink()
    with pytest.raises(WeightsError, match=r"no preprocessor_config.json"):
        backbones.load(f"hf:{tmp_path}")


def test_code_that_comes_with_weights_is_never_run(tmp_path: Path) -> None:
    _write(tmp_path, "dinov2")
    config = json.loads((tmp_path / "config.json").read_text())
    marker = tmp_path / "ran"
    (tmp_path / "modeling.py").write_text(
        f"open({str(marker)!r}, 'w')\nclass Model: pass\nclass Config: pass\n"
    )
    auto = {"AutoModel": "modeling.Model", "AutoConfig": "modeling.Config"}
    (tmp_path / "config.json").write_text(json.dumps({**config, "model_type": "newest", "auto_map": auto}))
    with pytest.raises(
        WeightsError, match=r"model_type 'newest'; it comes with code of its own, which is never run"
    ):
        backbones.load(f"hf:{tmp_path}")
    (tmp_path / "config.json").write_text(json.dumps({**config, "auto_map": auto}))
    backbones.load(f"hf:{tmp_path}", device="cpu")
    assert not marker.exists()


def test_offline_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise OSError("no network in tests")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(
        huggingface_hub.constants, "HF_HUB_OFFLINE", True
    )  # without it the hub's client retries
    with pytest.raises(WeightsError, match=r"hf download MCG-NJU/videomae-base --local-dir FOLDER"):
        backbones.load("hf:MCG-NJU/videomae-base@v1")


def test_a_name_that_was_not_fetched_asks_no_network(
    no_network: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWLV_MODELS", str(tmp_path))
    for name in ("videomae_vit_b.k400", "vjepa_vit_l.videomix2m"):
        with pytest.raises(WeightsError, match=rf"not here .*twlv models fetch {name}.* --file (FILE|FOLDER)"):
            backbones.load(name)


def test_the_weights_of_a_table_line_from_a_folder(tmp_path: Path) -> None:
    """Shape and preparation must be the architecture's own."""
    _write(tmp_path, "videomae")
    with pytest.raises(WeightsError, match=r"width 24.*videomae_vit_b is a video_transformer of width 768"):
        backbones.load("videomae_vit_b", weights=tmp_path)


@pytest.mark.parametrize("target", ["hf:a/b/c", "hf:", "hf:/no/such/folder", "hf:~/model"])
def test_targets_that_are_neither_folder_nor_repository(target: str) -> None:
    with pytest.raises(UsageError, match="neither a folder nor"):
        backbones.load(target)


def test_folders_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"no config.json in that folder"):
        backbones.load(f"hf:{tmp_path}")
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(WeightsError, match="not JSON"):
        backbones.load(f"hf:{tmp_path}")
