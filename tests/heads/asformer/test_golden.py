"""ASFormer equals its released code: outputs, gradients, training, large energies, the report's size."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from twlv.heads.asformer import segmentation_loss
from twlv.heads.asformer.reference import reference_name

LENGTHS = (2, 3, 8, 17, 33, 100)


def numbers(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().numpy()


@pytest.mark.parametrize("kind", ["sliding", "full"])
def test_every_stage_at_every_length_in_double_precision(golden, tiny, tiny_input, kind) -> None:
    model = tiny(kind).double()
    for steps in LENGTHS:
        found = numbers(model(tiny_input(steps).double()))[:, 0]
        np.testing.assert_allclose(found, golden[f"{kind}/out/{steps}"], rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", ["sliding", "full"])
def test_single_precision_is_as_close_as_it_can_be(golden, tiny, tiny_input, kind) -> None:
    for steps in LENGTHS:
        found = numbers(tiny(kind)(tiny_input(steps)))[:, 0]
        np.testing.assert_allclose(found, golden[f"{kind}/out/{steps}"], rtol=0, atol=2e-5)


def test_the_window_of_each_query(golden, tiny, tiny_input) -> None:
    for steps in (17, 33, 100):
        found = numbers(tiny("query")(tiny_input(steps)))[:, 0]
        np.testing.assert_allclose(found, golden[f"query/out/{steps}"], rtol=0, atol=2e-5)
        assert np.abs(found - golden[f"sliding/out/{steps}"]).max() > 1e-3


@pytest.mark.parametrize("kind", ["sliding", "query", "full"])
def test_hidden_keys_keep_their_part_when_energies_are_large(golden, tiny, tiny_input, kind) -> None:
    model = tiny(kind, gain=6.0).double()
    for steps in (17, 33, 100):
        found = numbers(model(tiny_input(steps).double()))[:, 0]
        np.testing.assert_allclose(found, golden[f"stress/{kind}/{steps}"], rtol=0, atol=1e-9)


@pytest.mark.parametrize("kind", ["sliding", "full"])
def test_padding_as_the_reference_has_it(golden, tiny, tiny_input, kind) -> None:
    x = torch.nn.functional.pad(tiny_input(33), (0, 7))
    mask = (torch.arange(40) < 33).float()[None, None]
    found = numbers(tiny(kind, padding="reference")(x, mask))[:, 0]
    np.testing.assert_allclose(found, golden[f"{kind}/pad"], rtol=0, atol=2e-5)


def test_a_padded_batch_as_the_reference_has_it(golden, tiny, tiny_input) -> None:
    x = torch.cat([tiny_input(33), torch.nn.functional.pad(tiny_input(17), (0, 16))])
    mask = torch.ones(2, 1, 33)
    mask[1, :, 17:] = 0
    found = numbers(tiny("full", padding="reference")(x, mask))
    np.testing.assert_allclose(found, golden["full/batch"], rtol=0, atol=2e-5)
    alone = golden["full/out/17"]  # what padding does to a video: why it is refused
    assert np.abs(found[:, 1, :, :17] - alone).max() > 0.1


@pytest.mark.parametrize("kind", ["sliding", "full"])
def test_loss_and_gradients(golden, tiny, tiny_input, kind) -> None:
    model = tiny(kind)
    loss = segmentation_loss(model(tiny_input(33)), torch.from_numpy(golden["target"]))
    loss.total.backward()
    assert loss.total.item() == pytest.approx(float(golden[f"{kind}/train/loss"]), abs=1e-5)
    np.testing.assert_allclose(numbers(loss.cross_entropy), golden[f"{kind}/train/ce"], atol=1e-5)
    np.testing.assert_allclose(numbers(loss.smoothness), golden[f"{kind}/train/smooth"], atol=1e-5)
    parameters = dict(model.named_parameters())
    assert len(golden["grad_names"]) == len(parameters)
    for name, (norm, projected) in zip(golden["grad_names"], golden[f"{kind}/grad"], strict=True):
        gradient = parameters[reference_name(str(name))].grad
        if gradient is None:  # queries and keys of a window of one step
            assert norm == 0
            continue
        flat = numbers(gradient).astype(np.float64).ravel()
        assert np.linalg.norm(flat) == pytest.approx(norm, abs=1e-4)
        assert flat @ np.cos(np.arange(1, len(flat) + 1)) == pytest.approx(projected, abs=1e-4)


@pytest.mark.parametrize("kind", ["sliding", "full"])
def test_five_steps_of_adam(golden, tiny, tiny_input, kind) -> None:
    model = tiny(kind)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-4, weight_decay=1e-5)
    losses = []
    for _ in range(5):
        loss = segmentation_loss(model(tiny_input(33)), torch.from_numpy(golden["target"])).total
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    np.testing.assert_allclose(losses, golden[f"{kind}/train/adam_losses"], rtol=0, atol=2e-5)
    parameters = dict(model.named_parameters())
    for name in ("encoder.conv_1x1.weight", "decoders.2.conv_out.weight"):
        found = numbers(parameters[reference_name(name)])
        np.testing.assert_allclose(found, golden[f"{kind}/after5/{name}"], rtol=0, atol=1e-6)


def test_loss_with_ignored_and_padded_steps(golden) -> None:
    scores = torch.from_numpy(golden["loss/logits"]).requires_grad_()
    mask = torch.from_numpy(golden["loss/mask"])
    loss = segmentation_loss(scores, torch.from_numpy(golden["loss/target"]), mask)
    loss.total.backward()
    assert loss.total.item() == pytest.approx(float(golden["loss/total"]), abs=1e-5)
    np.testing.assert_allclose(numbers(loss.cross_entropy), golden["loss/ce"], atol=1e-6)
    np.testing.assert_allclose(numbers(loss.smoothness), golden["loss/smooth"], atol=1e-6)
    assert scores.grad is not None
    np.testing.assert_allclose(numbers(scores.grad), golden["loss/grad"], atol=1e-7)


@pytest.mark.parametrize(
    ("name", "video", "num_classes", "rate", "step"),
    [("GTEA", "S2_Cheese_C1", 11, 1, 8), ("50Salads", "rgb-18-2", 19, 2, 32)],
)
def test_the_size_of_the_report(
    golden, report_size, clip_features, name, video, num_classes, rate, step
) -> None:
    stored = f"size/{name}"
    labels = np.repeat(golden[f"{stored}/labels"], golden[f"{stored}/lengths"]).astype(np.int64)
    x = clip_features(name, video, labels, num_classes, rate)
    np.testing.assert_allclose(numbers(x)[0, :2, ::37], golden[f"{stored}/probe"], atol=1e-5)
    model = report_size(name, num_classes)
    assert sum(parameter.numel() for parameter in model.parameters()) == golden[f"{stored}/n_params"]
    with torch.no_grad():
        scores = model(x)
        loss = segmentation_loss(scores, torch.from_numpy(labels[::rate])[None])
    np.testing.assert_allclose(numbers(scores)[-1, 0, :, ::step], golden[f"{stored}/last"], rtol=0, atol=1e-4)
    np.testing.assert_array_equal(numbers(scores.argmax(dim=2))[:, 0], golden[f"{stored}/predicted"])
    assert loss.total.item() == pytest.approx(float(golden[f"{stored}/loss"]), abs=1e-4)
    np.testing.assert_allclose(numbers(loss.cross_entropy), golden[f"{stored}/ce"], atol=1e-4)
    np.testing.assert_allclose(numbers(loss.smoothness), golden[f"{stored}/smooth"], atol=1e-4)
