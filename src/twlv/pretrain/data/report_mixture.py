"""The data that the report names, and a mixture of it.

[P] is what the report says (arXiv 2408.11318, Table 1 and section 2.2.4), [I] what we infer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from twlv.pretrain.data.settings import Kind, SourceSettings


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """A data set of the report's pretraining.

    Attributes:
        name: As contamination and cards know it.
        title: As the report writes it.
        holds: Videos or images.
        size: Clips or images. [P] for Table 1; for Something-Something-v2 the 168,913 of its training split
            (the report's Table 2; that no other part of it was used is [I]).
        weight: Share of the draws. [I]: Kinetics and WebVid .35 each, HowTo360K .3; images by the square root
            of their size, so that the largest does not drown the rest. The report says nothing of it.
        flip: Probability that a clip is mirrored. [I]: half, but none where classes name left and right.
    """

    name: str
    title: str
    holds: Literal["videos", "images"]
    size: int
    weight: float
    flip: float = 0.5


def _images(name: str, title: str, size: int) -> Corpus:
    return Corpus(name=name, title=title, holds="images", size=size, weight=size**0.5)


REPORT_VIDEOS = (
    Corpus(name="kinetics710", title="Kinetics-710", holds="videos", size=658_000, weight=0.35),
    Corpus(name="howto360k", title="HowTo360K", holds="videos", size=360_000, weight=0.30),
    Corpus(name="webvid10m", title="WebVid10M", holds="videos", size=10_730_000, weight=0.35),
)
"""Videos of the main models."""

REPORT_IMAGES = (
    _images("coco", "COCO", 113_000),
    _images("sbu", "SBU Captions", 860_000),
    _images("visualgenome", "Visual Genome", 100_000),
    _images("cc3m", "CC3M", 2_880_000),
    _images("cc12m", "CC12M", 11_000_000),
)
"""Images of the main models. That captions were not used is [I]: no text loss is mentioned."""

SSV2 = Corpus(name="ssv2", title="Something-Something-v2", holds="videos", size=168_913, weight=0.15, flip=0.0)
"""What the second ViT-L adds [P]; its weight is [I]."""


def report_corpora(*, ssv2: bool = False) -> tuple[Corpus, ...]:
    """The report's data sets; ``ssv2`` for the ViT-L that adds Something-Something-v2."""
    return REPORT_VIDEOS + ((SSV2,) if ssv2 else ()) + REPORT_IMAGES


def report_sources(
    root: str, *, ssv2: bool = False
) -> tuple[tuple[SourceSettings, ...], tuple[SourceSettings, ...]]:
    """The mixtures of clips and of images, read from tar shards ``root/NAME/*.tar`` (nothing is opened).

    Somebody whose copy lies otherwise replaces ``kind`` and ``path`` of a source.
    """
    corpora = report_corpora(ssv2=ssv2)
    clips = tuple(_shards(root, corpus) for corpus in corpora if corpus.holds == "videos")
    return clips, tuple(_shards(root, corpus) for corpus in corpora if corpus.holds == "images")


def _shards(root: str, corpus: Corpus) -> SourceSettings:
    kind: Kind = "video-shards" if corpus.holds == "videos" else "image-shards"
    return SourceSettings(
        kind=kind,
        name=corpus.name,
        path=f"{root.rstrip('/')}/{corpus.name}/*.tar",
        weight=corpus.weight,
        flip=corpus.flip,
    )
