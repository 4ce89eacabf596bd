"""Products with the matrices of many probes, whose gradients are added to memory that is there already.

Gradients of 150 million weights, made anew in every step, cost more in memory that is asked for page by page
than in arithmetic. For a CPU: a probe after the other, each as one product of its own.

Axes: G probes, K matrices of each, B batch.
"""

from __future__ import annotations

from typing import Any

import torch


def product_into(weights: torch.Tensor, inputs: torch.Tensor, sink: torch.Tensor) -> torch.Tensor:
    """Inputs (G, K, B, in) times matrices (G, K, out, in): (G, K, B, out).

    The gradient by ``weights`` is added to ``sink``, which has their shape, and is not autograd's.
    """
    found: torch.Tensor = _ProductInto.apply(weights, inputs, sink)  # type: ignore[no-untyped-call]
    return found


class _ProductInto(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, weights: torch.Tensor, inputs: torch.Tensor, sink: torch.Tensor) -> torch.Tensor:
        found = inputs.new_empty(*inputs.shape[:3], weights.shape[2])
        for matrix, own, out in zip(weights, inputs, found, strict=True):
            torch.bmm(own, matrix.transpose(1, 2), out=out)
        ctx.save_for_backward(weights, inputs)
        ctx.sink = sink
        return found

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[None, torch.Tensor | None, None]:
        weights, inputs = ctx.saved_tensors
        for own, by_output, sink in zip(inputs, gradient, ctx.sink, strict=True):
            sink.baddbmm_(by_output.transpose(1, 2), own)
        if not ctx.needs_input_grad[1]:
            return None, None, None
        by_input = torch.empty_like(inputs, memory_format=torch.contiguous_format)
        for matrix, by_output, out in zip(weights, gradient, by_input, strict=True):
            torch.bmm(by_output, matrix, out=out)
        return None, by_input, None
