"""The state of a training as tensors by name, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from twlv.errors import InputError
from twlv.heads.checkpoint import State
from twlv.types import Json

if TYPE_CHECKING:
    from twlv.heads.actionformer.fit import Training

MOMENTS = ("exp_avg", "exp_avg_sq")


def pack(training: Training, epochs: int) -> State:
    """All that the next epoch depends on."""
    tensors = {f"model/{name}": value for name, value in training.model.state_dict().items()}
    tensors |= {f"mean/{name}": value for name, value in training.mean.model.state_dict().items()}
    tensors |= {f"best/{name}": value for name, value in (training.best or {}).items()}
    steps = 0
    for number, parameter in enumerate(_parameters(training.optimizer)):
        own = training.optimizer.state[parameter]
        tensors |= {f"{moment}/{number}": own[moment] for moment in MOMENTS if moment in own}
        steps = int(own["step"]) if "step" in own else steps
    numbers: dict[str, Json] = {
        "steps": steps,
        "normaliser": training.normaliser,
        "history": [{**row} for row in training.history],
        "best_epoch": training.best_epoch,
        "best_value": training.best_value if training.best is not None else None,
    }
    return State(epochs=epochs, tensors=tensors, numbers=numbers)


def unpack(state: State, training: Training) -> None:
    """Put a kept state into ``training``. InputError where it does not fit."""
    try:
        training.model.load_state_dict(_under("model/", state))
        training.mean.model.load_state_dict(_under("mean/", state))
        for number, parameter in enumerate(_parameters(training.optimizer)):
            own = {m: state.tensors[f"{m}/{number}"].to(parameter.device) for m in MOMENTS}
            steps = torch.tensor(float(str(state.numbers["steps"])), device=parameter.device)
            training.optimizer.state[parameter] = {"step": steps, **own}
        history = state.numbers["history"]
        training.history = [dict(row) for row in history]  # type: ignore[union-attr, arg-type]
        training.normaliser = float(str(state.numbers["normaliser"]))
        if state.numbers["best_value"] is not None:
            training.best = _under("best/", state)
            training.best_epoch = int(str(state.numbers["best_epoch"]))
            training.best_value = float(str(state.numbers["best_value"]))
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        raise InputError(f"a kept state of training does not fit ({error}); remove it to start anew") from error


def _under(prefix: str, state: State) -> dict[str, torch.Tensor]:
    return {
        name.removeprefix(prefix): value for name, value in state.tensors.items() if name.startswith(prefix)
    }


def _parameters(optimizer: torch.optim.Optimizer) -> list[torch.Tensor]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]
