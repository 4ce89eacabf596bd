import math

import pytest

from twlv.heads import warmup_cosine


def test_trap_11_the_four_corners() -> None:
    peak, warmup, total = 1e-3, 200, 3000
    rate = {g: warmup_cosine(g, peak=peak, warmup_steps=warmup, total_steps=total) for g in range(total)}
    assert rate[0] == pytest.approx(peak / warmup)
    assert rate[warmup - 1] == pytest.approx(peak)
    assert rate[warmup] == pytest.approx(peak)
    last = 0.5 * peak * (1 + math.cos(math.pi * (total - warmup - 1) / (total - warmup)))
    assert rate[total - 1] == pytest.approx(last)
    assert 0 < rate[total - 1] < 1e-6 * peak
    assert rate[1600] == pytest.approx(peak / 2)  # half way down, by hand


def test_no_warm_up_and_nothing_but_warm_up() -> None:
    assert warmup_cosine(0, peak=2.0, warmup_steps=0, total_steps=4) == 2.0
    assert warmup_cosine(2, peak=2.0, warmup_steps=0, total_steps=4) == pytest.approx(1.0)
    assert warmup_cosine(3, peak=2.0, warmup_steps=10, total_steps=4) == pytest.approx(0.8)
