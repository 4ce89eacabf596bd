"""One process, or several under torchrun: who we are, what is summed over all, and how a module is shared."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Literal, cast

import torch
import torch.distributed as dist
from torch import nn

from twlv.errors import UsageError
from twlv.nn.block import Block
from twlv.nn.precision import resolve_device


@dataclass(frozen=True, kw_only=True, eq=False)
class World:
    """``size`` processes, of which this is number ``rank``, and the device on which it computes."""

    rank: int
    size: int
    device: torch.device

    @property
    def is_first(self) -> bool:
        """Whether this process writes files."""
        return self.rank == 0

    def mean(self, values: torch.Tensor) -> torch.Tensor:
        """The mean over processes of a float32 tensor."""
        return self._reduced(values, dist.ReduceOp.SUM) / self.size

    def largest(self, values: torch.Tensor) -> torch.Tensor:
        """The greatest over processes, value by value."""
        return self._reduced(values, dist.ReduceOp.MAX)

    def all(self, value: object) -> list[Any]:
        """The values of all processes, by rank."""
        if self.size == 1:
            return [value]
        found: list[Any] = [None] * self.size
        dist.all_gather_object(found, value)
        return found

    def first_decides(self, value: object) -> Any:
        """What the first process has, on every process; it carries an error of the first to all, too."""
        return self.all(value)[0]

    def _reduced(self, values: torch.Tensor, how: Any) -> torch.Tensor:
        if self.size == 1:
            return values
        summed = values.detach().clone()
        dist.all_reduce(summed, how)
        return summed


@contextmanager
def joined(device: str) -> Iterator[World]:
    """The world that torchrun describes in the environment (``RANK``, ``WORLD_SIZE``, ``LOCAL_RANK``), or one.

    A group of processes that exists already is used and left alone.

    Raises:
        UsageError: the device is absent.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    where = _device(device)
    if size == 1 and not dist.is_initialized():
        yield World(rank=0, size=1, device=where)
        return
    began = not dist.is_initialized()
    if where.type == "cuda":
        torch.cuda.set_device(where)
    if began:
        dist.init_process_group("nccl" if where.type == "cuda" else "gloo")
    try:
        yield World(rank=dist.get_rank(), size=dist.get_world_size(), device=where)
    finally:
        if began:
            dist.destroy_process_group()


def share(objective: nn.Module, world: World, how: Literal["ddp", "fsdp"], *, unused: bool) -> nn.Module:
    """The module to call: itself on one process, else a copy per process or one shared out (in place).

    ``unused``: some parameters may get no gradient in a step.
    """
    if world.size == 1:
        return objective
    if how == "ddp":
        options: dict[str, Any] = {_sync_option(): False, "find_unused_parameters": unused}
        return nn.parallel.DistributedDataParallel(objective, gradient_as_bucket_view=True, **options)
    from torch.distributed.fsdp import fully_shard

    for module in objective.modules():
        if isinstance(module, Block):
            fully_shard(module)
    return cast(nn.Module, fully_shard(objective))


def accumulating(module: nn.Module, *, last: bool) -> AbstractContextManager[object]:
    """Gradients are summed over processes after the last micro-batch only."""
    if isinstance(module, nn.parallel.DistributedDataParallel):
        return nullcontext() if last else cast(AbstractContextManager[object], module.no_sync())
    if hasattr(module, "set_requires_gradient_sync"):
        cast(Any, module).set_requires_gradient_sync(last)
    return nullcontext()


def whole(tensor: torch.Tensor) -> torch.Tensor:
    """The full tensor of one that is shared out (every process must ask), else the tensor itself."""
    if dist.is_available():
        from torch.distributed.tensor import DTensor

        if isinstance(tensor, DTensor):
            return tensor.full_tensor()
    return tensor


def write_into(target: torch.Tensor, values: torch.Tensor) -> None:
    """Copy full values into a tensor that may be shared out."""
    if dist.is_available():
        from torch.distributed.tensor import DTensor, distribute_tensor

        if isinstance(target, DTensor):
            values = distribute_tensor(values.to(target.device), target.device_mesh, target.placements)
    with torch.no_grad():
        target.copy_(values)


def _sync_option() -> str:
    """Buffers are the same everywhere without being sent; torch before 2.13 calls this option otherwise."""
    known = inspect.signature(nn.parallel.DistributedDataParallel.__init__).parameters
    return "forward_sync_buffers" if "forward_sync_buffers" in known else "broadcast_buffers"


def _device(name: str) -> torch.device:
    found = resolve_device(name)
    if found.type == "cuda" and found.index is None and "LOCAL_RANK" in os.environ:
        local = int(os.environ["LOCAL_RANK"])
        if local >= torch.cuda.device_count():
            raise UsageError(
                f"process {local} of this machine has no GPU of its own; torch sees {torch.cuda.device_count()}"
            )
        return torch.device("cuda", local)
    return found
