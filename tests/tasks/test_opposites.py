from __future__ import annotations

import pytest

from twlv.tasks.opposites import OPPOSITES, find_pairs

EIGHT = ("right", "down-right", "down", "down-left", "left", "up-left", "up", "up-right")


def names(*classes: str) -> dict[str, tuple[str, str]]:
    return {pair.name: (classes[pair.first], classes[pair.second]) for pair in find_pairs(classes)}


def test_time_turns_every_word_of_a_direction_round() -> None:
    assert names(*EIGHT) == {
        "left_vs_right": ("left", "right"),
        "up_left_vs_down_right": ("up-left", "down-right"),
        "up_vs_down": ("up", "down"),
        "up_right_vs_down_left": ("up-right", "down-left"),
    }


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Moving something up", "Moving something down"),
        ("Opening [something]", "Closing [something]"),
        ("Pushing something from left to right", "Pulling something from right to left"),
        ("Approaching something with your camera", "Moving away from something with your camera"),
        ("Moving something towards the camera", "Moving something away from the camera"),
        ("Folding something", "Unfolding something"),
        ("turn clockwise", "turn counter-clockwise"),
        ("zoom in", "zoom out"),
        ("forward", "reversed"),
    ],
)
def test_opposite_labels_are_found_in_either_order(one: str, other: str) -> None:
    assert list(names(one, other).values()) == [(one, other)]
    assert list(names("else", other, one).values()) == [(one, other)]


@pytest.mark.parametrize(
    "classes",
    [
        ("up-right", "down-right"),
        ("cup", "cdown", "upper", "lowering it"),
        ("brightest", "leftover"),
        ("dancing in rain", "dancing"),
        ("moving up fast", "moving down slowly"),
        ("serve", "smash", "backhand"),
        (),
    ],
)
def test_only_whole_words_and_only_the_same_rest(classes: tuple[str, ...]) -> None:
    assert find_pairs(classes) == ()


def test_names_that_clash_take_the_whole_label() -> None:
    assert list(names("red up", "red down", "blue up", "blue down")) == [
        "red_up_vs_red_down",
        "blue_up_vs_blue_down",
    ]


def test_no_word_stands_on_two_lines() -> None:
    sides = [side for line in OPPOSITES for side in line]
    words = [word for side in sides for word in (side.split("|") if "|" in side else side.split())]
    assert len(words) == len(set(words))
