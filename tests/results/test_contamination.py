"""The dagger: names of data sets that mean the same, or hold one another."""

from __future__ import annotations

import pytest

from twlv.results.contamination import ALIASES, CONTAINS, canonical_name, exact_name, overlapping


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("Kinetics-400", "kinetics400"),
        ("K400", "kinetics400"),
        ("kinetics_400", "kinetics400"),
        ("k400_mini", "kinetics400"),
        ("Kinetics-710", "kinetics710"),
        ("Something-Something-v2", "ssv2"),
        ("SSv2", "ssv2"),
        ("sthsth-v2", "ssv2"),
        ("Moments in Time", "momentsintime"),
        ("Diving48", "diving48"),
        ("ActivityNet_1.3", "activitynet"),
        ("AVA v2.2", "ava"),
        ("UCF-101", "ucf101"),
        ("ImageNet-VID", "imagenetvid"),
        ("mit_indoor67", "mitindoor67"),
        ("k4000", "k4000"),
        ("grid_s1", "grids1"),
        ("", ""),
    ],
)
def test_names(name, known):
    assert canonical_name(name) == known


@pytest.mark.parametrize(
    ("pretrained_on", "dataset", "found"),
    [
        (("K710",), "kinetics400", ("K710",)),
        (("K400",), "kinetics-710", ("K400",)),
        (("K600",), "k400", ("K600",)),
        (("WebVid10M", "something-something v2"), "ssv2", ("something-something v2",)),
        (("VideoMix2M",), "SSv2", ("VideoMix2M",)),
        (("K-Mash",), "MiT", ("K-Mash",)),
        (("ImageNet-21K",), "imagenet", ("ImageNet-21K",)),
        (("ImageNet-1K",), "kinetics400", ()),
        (("K710", "ImageNet-1K"), "diving48", ()),
        (("my set",), "My-Set", ("my set",)),
        (("",), "", ()),
        ((), "kinetics400", ()),
    ],
)
def test_overlap(pretrained_on, dataset, found):
    assert overlapping(pretrained_on, dataset) == found


def test_no_alias_stands_for_two_sets():
    aliases = [alias for names in ALIASES.values() for alias in names]
    assert len(aliases) == len(set(aliases))
    assert set(CONTAINS) <= set(ALIASES)


def test_a_part_of_a_set_is_not_the_set_itself():
    assert exact_name("Kinetics-400") == "kinetics400"
    assert exact_name("kinetics400_mini") is None
