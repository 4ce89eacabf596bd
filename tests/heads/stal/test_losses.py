"""What the matching and the losses must do whatever their weights: properties, bad input, and tubes."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from twlv.errors import FeatureError
from twlv.heads.stal.boxes import overlap, to_cxcywh, to_xyxy
from twlv.heads.stal.losses import Counts, Losses, count, count_all, losses
from twlv.heads.stal.matching import at_steps, match
from twlv.heads.stal.settings import DETR, OWL_VIT, TUBER, LossSettings
from twlv.heads.stal.targets import TubeBatch, Tubelets, TubeTarget, batch, key_frame

K = 4
PLAIN = LossSettings()


def _said(seed: int = 0, *, clips: int = 2, steps: int = 3, queries: int = 6, classes: int = K) -> Tubelets:
    rng = torch.Generator().manual_seed(seed)
    boxes = torch.rand(2, clips, steps, queries, 4, generator=rng) * 0.4 + 0.1
    logits = torch.randn(2, clips, steps, queries, classes, generator=rng)
    return Tubelets(boxes=boxes.requires_grad_(), logits=logits.requires_grad_())


def _people(number: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    rng = torch.Generator().manual_seed(100 + seed)
    boxes = torch.rand(number, 4, generator=rng) * 0.3 + 0.1
    labels = torch.rand(number, K, generator=rng) > 0.5
    labels[:, 0] = True
    return to_xyxy(boxes), labels


def _key_frames(*sizes: int, step: int = 1) -> TubeBatch:
    return batch([key_frame(step, *_people(size, seed)) for seed, size in enumerate(sizes)])


def _gradients(
    said: Tubelets, people: TubeBatch, setting: LossSettings = PLAIN
) -> tuple[Losses, Tensor, Tensor]:
    found = losses(said, people, setting)
    boxes, logits = torch.autograd.grad(found.total, (said.boxes, said.logits))
    return found, boxes, logits


# ---------------------------------------------------------------- who is supervised


def test_only_the_annotated_step_is_taught() -> None:
    _, boxes, logits = _gradients(_said(), _key_frames(3, 2, step=1))
    for gradient in (boxes, logits):
        assert (gradient[:, :, [0, 2]] == 0).all()
        assert (gradient[:, :, 1] != 0).any(dim=(-1, -2)).all()


def test_every_layer_is_matched_anew() -> None:
    said = _said(clips=1)
    xyxy, labels = _people(2)
    boxes, logits = said.boxes.detach().clone(), torch.full_like(said.logits, -3.0)
    boxes[0, 0, 1, [0, 1]] = to_cxcywh(xyxy)  # the first layer has them right in queries 0 and 1,
    boxes[1, 0, 1, [4, 3]] = to_cxcywh(xyxy)  # the second in 4 and 3
    found = losses(Tubelets(boxes=boxes, logits=logits), batch([key_frame(1, xyxy, labels)]), PLAIN)
    assert found.query[:, 0].tolist() == [[0, 1], [4, 3]]
    assert found.parts["l1"].tolist() == pytest.approx([0, 0], abs=1e-6)


def test_an_unmatched_query_is_taught_silence_and_has_no_box() -> None:
    found, boxes, logits = _gradients(_said(clips=1), _key_frames(2))
    for layer in range(2):
        silent = [query for query in range(6) if query not in found.query[layer, 0].tolist()]
        assert (boxes[layer, 0, 1, silent] == 0).all()
        assert (logits[layer, 0, 1, silent] > 0).all()  # down with every class


def test_more_people_than_queries_are_counted() -> None:
    found = losses(_said(clips=2, queries=2), _key_frames(5, 1), PLAIN)
    assert found.unmatched == 3
    assert (found.query[-1, 0] >= 0).sum() == 2
    assert found.counts.people == 6  # those without a query stay in the denominator


# ---------------------------------------------------------------- normalisers


@pytest.mark.parametrize("normaliser", ["labels", "people"])
def test_more_queries_do_not_shrink_the_gradient_of_a_matched_one(normaliser: str) -> None:
    setting = replace(PLAIN, normaliser=normaliser)
    xyxy, labels = _people(1)
    sizes = []
    for queries in (4, 8):
        boxes = torch.full((1, 1, 1, queries, 4), 0.9)
        boxes[..., 0, :] = to_cxcywh(xyxy)
        said = Tubelets(boxes=boxes.requires_grad_(), logits=torch.zeros(1, 1, 1, queries, K).requires_grad_())
        _, _, logits = _gradients(said, batch([key_frame(0, xyxy, labels)]), setting)
        sizes.append(logits[0, 0, 0, 0])
    assert torch.equal(*sizes)
    mean = losses(said, batch([key_frame(0, xyxy, labels)]), replace(setting, normaliser="mean"))
    whole = losses(said, batch([key_frame(0, xyxy, labels)]), setting)
    divisor = {"labels": whole.counts.labels, "people": whole.counts.people}[normaliser]
    assert float(mean.parts["classes"][0]) * 8 * K == pytest.approx(float(whole.parts["classes"][0]) * divisor)


def test_nobody_in_the_whole_batch() -> None:
    found, boxes, logits = _gradients(_said(), _key_frames(0, 0))
    assert found.counts == Counts(people=1.0, labels=1.0, steps=2.0)
    assert (boxes == 0).all()
    assert (logits[:, :, 1] > 0).all()
    assert torch.isfinite(found.total)
    assert float(found.parts["l1"].sum()) == float(found.parts["giou"].sum()) == 0


@pytest.mark.parametrize("normaliser", ["labels", "people", "mean"])
def test_two_processes_lose_what_one_does(normaliser: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Halves of unequal numbers of people; the mean of the gradients is that of the whole."""
    setting = replace(PLAIN, normaliser=normaliser)
    said, whole = _said(clips=4), [key_frame(1, *_people(size, size)) for size in (5, 1, 0, 2)]
    _, *expected = _gradients(said, batch(whole), setting)
    parts = []
    for clips in (slice(0, 1), slice(1, 4)):  # pieces of a batch, divided by the counts of the whole
        own = Tubelets(boxes=said.boxes[:, clips], logits=said.logits[:, clips])
        found = losses(own, batch(whole[clips]), setting, counts=count(batch(whole)))
        parts.append(torch.autograd.grad(found.total, (said.boxes, said.logits)))
    for one, first, second in zip(expected, *parts, strict=True):
        torch.testing.assert_close(first + second, one)
    halves = [batch(whole[:2]), batch(whole[2:])]
    sums = torch.zeros(3, dtype=torch.float64)
    for half in halves:
        sums += torch.tensor([float(half.present.sum()), float(half.labels.sum()), 2.0], dtype=torch.float64)
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 2)
    monkeypatch.setattr(torch.distributed, "all_reduce", lambda tensor: tensor.copy_(sums))
    found = []
    for number, half in enumerate(halves):
        clips = slice(2 * number, 2 * number + 2)
        own = Tubelets(boxes=said.boxes[:, clips], logits=said.logits[:, clips])
        found.append(torch.autograd.grad(losses(own, half, setting).total, (said.boxes, said.logits)))
    for one, first, second in zip(expected, *found, strict=True):
        torch.testing.assert_close((first + second) / 2, one)
    assert count_all(halves[1]).people == 4.0
    assert count(halves[1]).people == 2.0


# ---------------------------------------------------------------- order


@given(seed=st.integers(0, 10_000), number=st.integers(1, 6))
@settings(max_examples=30, deadline=None)
def test_the_order_of_people_changes_nothing(seed: int, number: int) -> None:
    said, (xyxy, labels) = _said(seed, clips=1), _people(number, seed)
    order = torch.randperm(number, generator=torch.Generator().manual_seed(seed))
    first = losses(said, batch([key_frame(1, xyxy, labels)]), PLAIN)
    second = losses(said, batch([key_frame(1, xyxy[order], labels[order])]), PLAIN)
    assert torch.equal(first.query[:, :, order], second.query)
    torch.testing.assert_close(first.total, second.total)
    assert sorted(set(first.query[0, 0].tolist())) == sorted(first.query[0, 0].tolist())  # one to one


@given(seed=st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_a_clip_does_not_depend_on_its_neighbours(seed: int) -> None:
    said, people = _said(seed), [key_frame(1, *_people(size, seed)) for size in (1, 5)]
    together = match(at_steps(said, batch(people)), batch(people), PLAIN)
    for clip, target in enumerate(people):
        own = Tubelets(boxes=said.boxes[:, [clip]], logits=said.logits[:, [clip]])
        alone = match(at_steps(own, batch([target])), batch([target]), PLAIN)
        assert together[:, clip, : alone.shape[-1]].tolist() == alone[:, 0].tolist()
        assert (together[:, clip, alone.shape[-1] :] == -1).all()


# ---------------------------------------------------------------- tubes


def _tube_batch() -> TubeBatch:
    """Two clips: two people of whom the second is there at steps 1 and 2 only; one person of a shorter clip."""
    xyxy, labels = _people(2)
    boxes = to_cxcywh(xyxy)[None].repeat(3, 1, 1)
    present = torch.tensor([[True, False], [True, True], [True, True]])
    long = TubeTarget(
        steps=torch.arange(3), boxes=boxes, labels=labels.float()[None].repeat(3, 1, 1), present=present
    )
    return batch([long, key_frame(2, *_people(1, 7))])


def test_one_query_answers_for_a_tube() -> None:
    said, people = _said(), _tube_batch()
    boxes = said.boxes.detach().clone()
    boxes[-1, 0, :, 3] = people.boxes[0, :, 0]
    boxes[-1, 0, 1:, 2] = people.boxes[0, 1:, 1]  # where the second person is not, its box is free
    found, of_boxes, of_logits = _gradients(
        Tubelets(boxes=boxes.requires_grad_(), logits=torch.zeros_like(said.logits).requires_grad_()), people
    )
    assert found.query[-1, 0].tolist() == [3, 2]
    assert (of_boxes[-1, 0, 0, 2] == 0).all()  # absent: no box loss,
    assert (of_logits[-1, 0, 0, 2] > 0).all()  # and silence
    assert (of_logits[-1, 0, 1, 2] < 0).any()
    assert (of_boxes[-1, 1, [0, 1]] == 0).all()  # the clip with one annotated step
    assert (of_logits[-1, 1, [0, 1]] == 0).all()
    assert found.counts.people == 3 + 2 + 1


def test_the_cost_of_a_tube_is_a_mean_over_its_steps() -> None:
    """A sum would give the better query to the longer tube, though the shorter one loses more without it."""
    centres = torch.tensor([0.53, 0.3])  # of two people, the second there once; the queries are at 0.5 and 0.6
    boxes = torch.tensor([0.0, 0.5, 0.2, 0.2]).repeat(3, 2, 1)
    boxes[..., 0] = centres
    present = torch.tensor([[True, True], [True, False], [True, False]])
    target = TubeTarget(steps=torch.arange(3), boxes=boxes, labels=torch.ones(3, 2, K), present=present)
    said = torch.tensor([0.0, 0.5, 0.2, 0.2]).repeat(1, 1, 3, 2, 1)
    said[..., 0] = torch.tensor([0.5, 0.6])
    only_l1 = replace(PLAIN, cost_classes=0.0, cost_giou=0.0)
    tubelets = Tubelets(boxes=said, logits=torch.zeros(1, 1, 3, 2, K))
    assert match(at_steps(tubelets, batch([target])), batch([target]), only_l1).tolist() == [[[1, 0]]]


def test_a_tube_of_one_step_is_a_frame() -> None:
    said, (xyxy, labels) = _said(clips=1), _people(3)
    tube = TubeTarget(
        steps=torch.tensor([1]),
        boxes=to_cxcywh(xyxy)[None],
        labels=labels.float()[None],
        present=torch.ones(1, 3, dtype=torch.bool),
    )
    first, second = (losses(said, batch([target]), PLAIN) for target in (tube, key_frame(1, xyxy, labels)))
    assert torch.equal(first.query, second.query)
    assert torch.equal(first.total, second.total)


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("name", ["logits", "boxes"])
@pytest.mark.parametrize("size", [0, 2])
def test_what_is_not_finite_is_named(name: str, value: float, size: int) -> None:
    said = _said(clips=2)
    broken = {
        which: tensor.detach().clone() for which, tensor in (("boxes", said.boxes), ("logits", said.logits))
    }
    broken[name][1, 0, 1, 4, 2] = value
    expected = rf"1 of the decoder's {name} are not finite.*layer 1, clip 0.*query 4, place 2"
    with pytest.raises(FeatureError, match=expected):
        losses(Tubelets(**broken), _key_frames(size, size), PLAIN)


def test_an_empty_batch_is_refused() -> None:
    with pytest.raises(FeatureError, match="an empty batch"):
        batch([])


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(FeatureError, match="of 2 clips and name the steps \\[5\\]"):
        losses(_said(), _key_frames(1, 1, step=5), PLAIN)
    with pytest.raises(FeatureError, match="gives 2 clips of 3 steps, the targets are of 1 clips"):
        losses(_said(), _key_frames(1), PLAIN)
    with pytest.raises(FeatureError, match="4 logits, 4 classes in the form 'single_label' need 5"):
        losses(_said(), _key_frames(1, 1), DETR)
    with pytest.raises(FeatureError, match="person logits"):
        losses(_said(), _key_frames(1, 1), TUBER)
    with pytest.raises(FeatureError, match="\\[3, 4\\] classes"):
        batch([key_frame(0, *_people(1)), key_frame(0, torch.zeros(0, 4), torch.zeros(0, 3))])


def test_boxes_without_area_stay_finite() -> None:
    point = torch.tensor([[0.4, 0.4, 0.4, 0.4]])
    iou, giou = overlap(point, point)
    assert iou.tolist() == giou.tolist() == [0.0]
    said = _said(clips=1, queries=2)
    flat = said.boxes.detach() * torch.tensor([1.0, 1.0, 0.0, 0.0])
    setting = replace(OWL_VIT, focal=False)
    found, boxes, _ = _gradients(
        Tubelets(boxes=flat.requires_grad_(), logits=said.logits),
        batch([key_frame(1, point, torch.ones(1, K))]),
        setting,
    )
    assert torch.isfinite(found.total)
    assert torch.isfinite(boxes).all()


def test_half_precision_is_computed_in_float32() -> None:
    said, people = _said(), _key_frames(3, 2)
    small = Tubelets(boxes=said.boxes.bfloat16(), logits=said.logits.bfloat16())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = losses(small, people, PLAIN)
    whole = losses(Tubelets(boxes=small.boxes.float(), logits=small.logits.float()), people, PLAIN)
    assert found.total.dtype == torch.float32
    assert torch.equal(found.total, whole.total)
    assert torch.equal(found.query, whole.query)
