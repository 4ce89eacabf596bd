"""Two results video by video, and one measurement with several seeds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from twlv.cli.main import main
from twlv.errors import ResultError
from twlv.report import comparison_text, seeds_text
from twlv.report.compare import compare
from twlv.results import Predictions, Result
from twlv.types import Prediction, Score

MakeResult = Callable[..., Result]


def answers(right: str, *, groups: str = "") -> Predictions:
    """One video for each sign: ``1`` right, ``0`` wrong, ``-`` not decoded."""
    guess = {"1": 1, "0": 0, "-": None}
    return Predictions.of(
        [
            Prediction(video_id=f"v{i}", truth=1, predicted=guess[sign], group=groups[i] if groups else "")
            for i, sign in enumerate(right)
        ]
    )


def test_counts_intervals_and_words(make: MakeResult) -> None:
    first = make(predictions=answers("1111101000" * 10))
    second = make(predictions=answers("1101000000" * 10))
    found = compare(first, second)
    assert (found.overall.only_first, found.overall.only_second) == (30, 0)
    assert found.overall.difference == pytest.approx(0.3)
    assert found.decoded is None
    text = comparison_text(found)
    assert "first 60.00 %, second 30.00 %" in text
    assert "difference +30.00 points" in text
    assert "only the first right: 30, only the second: 0, McNemar exact p = 1.86e-09" in text
    assert "no difference is shown" not in text


def test_an_interval_that_holds_zero_is_said(make: MakeResult) -> None:
    text = comparison_text(compare(make(predictions=answers("1100")), make(predictions=answers("1010"))))
    assert "the interval holds 0: no difference is shown" in text
    assert "p = 1" in text


def test_videos_that_were_not_decoded_are_wrong_and_shown_apart(make: MakeResult) -> None:
    found = compare(make(predictions=answers("11-0")), make(predictions=answers("1010")))
    assert found.not_decoded == (1, 0)
    assert found.overall.n == 4
    assert found.decoded is not None
    assert (found.decoded.n, found.decoded.only_first, found.decoded.only_second) == (3, 1, 0)
    assert "not decoded, and counted as wrong above: 1 and 0 videos" in comparison_text(found)


def test_groups_are_drawn_whole(make: MakeResult) -> None:
    groups = "aaaaabbbbbcccccddddd"
    lucky = answers("1" * 10 + "0" * 10, groups=groups)
    other = answers("0" * 10 + "1" * 10, groups=groups)
    found = compare(make(predictions=lucky), make(predictions=other))
    assert found.overall.num_groups == 4
    assert "paired bootstrap over 4 groups" in comparison_text(found)
    alone = compare(
        make(predictions=answers("1" * 10 + "0" * 10)),
        make(predictions=answers("0" * 10 + "1" * 10)),
    )
    assert found.overall.ci95[1] - found.overall.ci95[0] > alone.overall.ci95[1] - alone.overall.ci95[0]


def test_what_is_not_the_same_is_refused_or_named(make: MakeResult) -> None:
    one = make(predictions=answers("110"))
    with pytest.raises(ResultError, match=r"1 are in one only, for example 'v3'"):
        compare(one, make(predictions=answers("1101")))
    with pytest.raises(ResultError, match=r"dataset: .* against other"):
        compare(one, make(predictions=answers("110"), dataset="other"))
    other_truth = replace(answers("110"), truth=(1, 0, 1))
    with pytest.raises(ResultError, match=r"different true classes for 'v1': 1 and 0"):
        compare(one, make(predictions=other_truth))
    with pytest.raises(ResultError, match="keeps no answers"):
        compare(one, make(predictions=Predictions()))
    other_task = make(predictions=answers("111"), task="linear_probe")
    assert any("task" in text for text in compare(one, other_task).differing)


def test_groups_survive_the_file(make: MakeResult, tmp_path) -> None:
    from twlv.results import load

    path = make(predictions=answers("10", groups="ab")).save(tmp_path)
    assert load(path)[0].predictions.groups == ("a", "b")
    path.write_text(path.read_text().replace('"group"', '"gruop"'))
    assert load(path)[0].predictions.groups == ()


def test_on_the_command_line(make: MakeResult, tmp_path, capsys) -> None:
    files = [
        str(make(predictions=answers(right), seeds={"asked": n, "run": n}).save(tmp_path))
        for n, right in enumerate(("1100", "1000"))
    ]
    assert main(["report", "--compare", *files]) == 0
    assert "McNemar exact p" in capsys.readouterr().out
    assert main(["report", "--compare", files[0]]) == 2
    assert "takes two results, got 1" in capsys.readouterr().err


def test_seeds_have_a_mean_and_a_spread(make: MakeResult) -> None:
    results = [
        make(scores={"knn/top1": Score(value=value, unit="%", n=4)}, seeds={"asked": seed})
        for seed, value in enumerate((50.0, 60.0, 70.0))
    ]
    text = seeds_text(results)
    assert "3 seeds (0, 1, 2)" in text
    assert text.splitlines()[-1].split() == ["knn/top1", "60.00", "10.00", "50.00", "70.00"]
    assert "n/a" in seeds_text(results[:1])
    with pytest.raises(ResultError, match="one measurement, got 2"):
        seeds_text([results[0], make(dataset="other")])
