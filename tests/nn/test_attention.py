"""Every path of attention against softmax(q k' / sqrt(d)) v in float64."""

from __future__ import annotations

import pytest
import torch

from twlv.nn import attention
from twlv.nn.attention import PLAIN_TOKENS, QUERY_CHUNK, SelfAttention, attend
from twlv.nn.init import initialise


def _qkv(tokens: int, *, dtype: torch.dtype = torch.float32, batch: int = 2) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(tokens)
    packed = torch.randn(batch, tokens, 3, 3, 8, generator=generator).to(dtype)
    return list(packed.permute(2, 0, 3, 1, 4).unbind(0))


def _exact(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    q, k, v = (tensor.double() for tensor in (q, k, v))
    scores = torch.einsum("bhqd,bhkd->bhqk", q, k) / q.shape[-1] ** 0.5
    weights = scores.exp() / scores.exp().sum(-1, keepdim=True)
    return torch.einsum("bhqk,bhkd->bhqd", weights, v)


LENGTHS = [1, 7, PLAIN_TOKENS, PLAIN_TOKENS + 1, QUERY_CHUNK, QUERY_CHUNK + 1, 2 * QUERY_CHUNK, 1000]


@pytest.mark.parametrize("tokens", LENGTHS)
def test_every_length_in_float32(tokens: int) -> None:
    q, k, v = _qkv(tokens)
    torch.testing.assert_close(attend(q, k, v).double(), _exact(q, k, v), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("tokens", [50, 700])
def test_bfloat16_rounds_and_no_more(tokens: int) -> None:
    q, k, v = _qkv(tokens, dtype=torch.bfloat16)
    error = attend(q, k, v).double() - _exact(q, k, v)
    assert error.norm() / _exact(q, k, v).norm() < 1e-2


@pytest.mark.parametrize("tokens", [50, 700])
def test_gradients_are_the_exact_forms(tokens: int) -> None:
    leaves = [tensor.clone().requires_grad_() for tensor in _qkv(tokens, batch=1)]
    twins = [tensor.detach().clone().requires_grad_() for tensor in leaves]
    attend(*leaves).square().sum().backward()
    _exact(*twins).square().sum().backward()
    for leaf, twin in zip(leaves, twins, strict=True):
        torch.testing.assert_close(leaf.grad, twin.grad, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("tokens", LENGTHS)
def test_the_chunks_are_exact(tokens: int, dtype: torch.dtype) -> None:
    q, k, v = _qkv(tokens, dtype=dtype)
    torch.testing.assert_close(attention._chunked(q, k, v).double(), _exact(q, k, v), rtol=1e-5, atol=1e-6)


def test_long_clips_in_bfloat16_are_chunked(monkeypatch: pytest.MonkeyPatch) -> None:
    called = []
    monkeypatch.setattr(attention, "_chunked", lambda q, k, v: called.append(q.shape) or q)
    with torch.inference_mode():
        attend(*_qkv(PLAIN_TOKENS + 1, dtype=torch.bfloat16))
        attend(*_qkv(PLAIN_TOKENS, dtype=torch.bfloat16))
        attend(*_qkv(PLAIN_TOKENS + 1))
    assert called == [(2, 3, PLAIN_TOKENS + 1, 8)]


def test_module_equals_torchs_multihead_attention() -> None:
    ours = SelfAttention(24, 3)
    initialise(ours, seed=3)
    theirs = torch.nn.MultiheadAttention(24, 3, batch_first=True)
    theirs.load_state_dict(
        {
            "in_proj_weight": ours.qkv.weight,
            "in_proj_bias": ours.qkv.bias,
            "out_proj.weight": ours.proj.weight,
            "out_proj.bias": ours.proj.bias,
        }
    )
    tokens = torch.randn(2, 10, 24, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(ours(tokens), theirs(tokens, tokens, tokens)[0], rtol=1e-5, atol=1e-6)
