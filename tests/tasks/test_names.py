from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest

from twlv import tasks
from twlv.contracts import PairedTask, Task
from twlv.errors import UnknownName


@pytest.mark.parametrize("name", sorted(tasks.TASKS))
def test_every_task_is_a_frozen_dataclass_that_keeps_the_contract(name: str) -> None:
    cls = tasks.get(name)
    task = cls()
    assert isinstance(task, Task | PairedTask)
    assert task.name == name.replace("-", "_")
    of_patches = ("attentive-probe", "released-probe", "spatiotemporal-localization")
    assert task.level == ("patch" if name in of_patches else "clip")
    with pytest.raises(dataclasses.FrozenInstanceError):
        task.device = "cpu"
    assert hash(task) == hash(cls())


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean linear-probe"):
        tasks.get("linear-prob")
    with pytest.raises(AttributeError, match="no attribute 'KMeans'"):
        _ = tasks.KMeans


def test_k_is_one_number_or_several() -> None:
    assert tasks.KNN(k=20).k == (20,)
    assert tasks.KNN(k=20) == tasks.KNN(k=(20,))
    assert tasks.KNN(k=[5, 1]).k == (5, 1)


def test_building_a_task_loads_no_torch() -> None:
    code = "import sys; from twlv import tasks; tasks.KNN(); tasks.LinearProbe(); tasks.AttentiveProbe();"
    code += " tasks.MotionDirection(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
