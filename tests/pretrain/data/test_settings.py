"""From what a recipe says to sources; and the report's mixture."""

from __future__ import annotations

import io
import zlib
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from twlv.errors import InputError, ManifestError, UsageError, VideoError
from twlv.pretrain.data import (
    ClipForm,
    DataSettings,
    Pool,
    SourceSettings,
    Stored,
    open_loader,
    open_source,
    report_corpora,
    report_sources,
)
from twlv.pretrain.data.drawing import Draw
from twlv.pretrain.data.entries import LARGEST_PICTURE_PIXELS, picture_clips
from twlv.results.contamination import exact_name

CLIPS = ClipForm(num_frames=2, size_px=8)
STILLS = ClipForm(num_frames=1, size_px=8)


def names(source: Any) -> list[str]:
    assert isinstance(source, Stored)
    return [source.entries.name(index) for index in range(len(source.entries))]


def test_every_kind_opens(make: Any, tmp_path: Path, videos: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for name in ("b.png", "deep/a.PNG", ".hidden.png"):
        (tmp_path / "in" / name).write_bytes(make.png(make.ramp(9, 12)))
    (tmp_path / "in" / "note.txt").write_text("x")
    make.write_tar(
        tmp_path / "s-0.tar", {"a.png": make.png(make.ramp(9, 12)), "b.mp4": (videos / "v1.mp4").read_bytes()}
    )
    images = open_source(SourceSettings(kind="images", name="i", path=str(tmp_path / "in")), STILLS)
    assert names(images) == ["b.png", "deep/a.PNG"]
    folder = open_source(SourceSettings(kind="videos", name="v", path=str(videos)), CLIPS)
    assert names(folder) == ["v0.mp4", "v1.mp4", "v2.mp4", "v3.mp4"]
    tars = f"{tmp_path}/s-*.tar"
    assert names(open_source(SourceSettings(kind="image-shards", name="t", path=tars), STILLS)) == [
        "s-0.tar/a.png"
    ]
    shards = open_source(SourceSettings(kind="video-shards", name="t", path=tars), CLIPS)
    assert names(shards) == ["s-0.tar/b.mp4"]
    drawn = open_source(SourceSettings(kind="synthetic", name="d", pool=3), CLIPS)
    assert isinstance(drawn, Pool)
    for source, shape in (
        (images, (1, 3, 8, 8)),
        (folder, (2, 3, 8, 8)),
        (shards, (2, 3, 8, 8)),
        (drawn, (2, 3, 8, 8)),
    ):
        ((item,),) = [read.items for read in source.read([0], seed=0)]
        assert item.frames.shape == shape


def test_a_pool_mirrors_files_when_it_shows_them_and_rendered_clips_never(tmp_path: Path, make: Any) -> None:
    (tmp_path / "a.png").write_bytes(make.png(make.ramp(9, 12)))
    settings = SourceSettings(kind="images", name="i", path=str(tmp_path), flip=0.5, pool=1)
    shown = [open_source(settings, STILLS).read([turn], seed=0)[0].items[0].frames for turn in range(30)]
    rightwards = [bool(frames[0, 0, 0, 0] < frames[0, 0, 0, -1]) for frames in shown]
    assert 5 < sum(rightwards) < 25
    assert len({frames.numpy().tobytes() for frames in shown}) == 2
    drawn = open_source(SourceSettings(kind="synthetic", name="d", flip=1.0, pool=1), CLIPS)
    (plain,) = open_source(SourceSettings(kind="synthetic", name="d"), CLIPS).read([0], seed=0)
    assert torch.equal(drawn.read([5], seed=0)[0].items[0].frames, plain.items[0].frames)


def test_only_the_training_split_is_read(tmp_path: Path, videos: Path) -> None:
    manifest = tmp_path / "m.csv"
    rows = [f"{videos}/v{k}.mp4,{'val' if k == 3 else 'train'}" for k in range(4)]
    manifest.write_text("\n".join(["path,split", *rows]) + "\n")

    def opened(split: str) -> list[str]:
        found = open_source(SourceSettings(kind="videos", name="m", path=str(manifest), split=split), CLIPS)
        return [name.rsplit("/", 1)[-1] for name in names(found)]

    assert opened("train") == ["v0.mp4", "v1.mp4", "v2.mp4"]
    assert opened("") == ["v0.mp4", "v1.mp4", "v2.mp4", "v3.mp4"]
    with pytest.raises(UsageError, match="no split 'test' but train, val"):
        opened("test")


def test_an_empty_manifest_is_refused(tmp_path: Path) -> None:
    for text in ("path,split\n", ""):
        (tmp_path / "m.csv").write_text(text)
        with pytest.raises(ManifestError):
            open_source(SourceSettings(kind="videos", name="m", path=str(tmp_path / "m.csv")), CLIPS)


def test_folders_without_what_is_asked_for_are_refused(tmp_path: Path, videos: Path) -> None:
    for kind in ("videos", "images"):
        with pytest.raises(InputError, match=r"no (video files|images)"):
            open_source(
                SourceSettings(kind=kind, name="x", path=str(tmp_path)), CLIPS if kind == "videos" else STILLS
            )
    with pytest.raises(InputError, match="no such folder"):
        open_source(SourceSettings(kind="images", name="x", path=str(tmp_path / "no")), STILLS)


def test_kinds_and_forms_that_contradict_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="images are no clips"):
        open_source(SourceSettings(kind="images", name="x", path=str(tmp_path)), CLIPS)
    for given in (
        SourceSettings(kind="synthetic", name="x", path="y"),
        SourceSettings(kind="videos", name="x"),
    ):
        with pytest.raises(UsageError, match="a path is for"):
            open_source(given, CLIPS)


def test_a_missing_file_of_a_manifest_is_listed_and_replaced(tmp_path: Path, videos: Path) -> None:
    manifest = tmp_path / "m.csv"
    manifest.write_text(f"path\n{videos}/v0.mp4\n{videos}/gone.mp4\n")
    data = DataSettings(
        clips=(SourceSettings(kind="videos", name="m", path=str(manifest)),), num_clips=4, form=CLIPS, workers=0
    )
    with open_loader(data) as loader:
        ids = loader.batch(0).ids
    ((failed, times),) = loader.failures.seen.items()
    assert failed.item_id.endswith("gone.mp4")
    assert failed.reason.startswith("not_found")
    assert times >= 2
    assert all("v0.mp4" in name for name in ids)


def draw() -> Draw:
    return Draw(seed=0, turn=0, item_id="a", form=STILLS, flip=0.0)


def test_pictures_that_are_none_say_why(make: Any) -> None:
    whole = make.png(make.ramp(30, 40))
    for content, reason in (
        (b"", "empty"),
        (b"\x89PNG nonsense", "corrupt"),
        (whole[: len(whole) // 2], "corrupt"),
    ):
        with pytest.raises(VideoError) as caught:
            picture_clips(content, "a", draw())
        assert caught.value.reason == reason


def test_a_picture_that_claims_too_many_pixels_is_not_decoded(make: Any) -> None:
    """The header says 8001 x 8000; the content would be decoded first if nobody looked."""
    side = 8000
    assert side * (side + 1) > LARGEST_PICTURE_PIXELS
    content = bytearray(make.png(make.ramp(4, 4)))
    content[16:24] = (side + 1).to_bytes(4, "big") + side.to_bytes(4, "big")
    content[29:33] = zlib.crc32(bytes(content[12:29])).to_bytes(4, "big")
    with pytest.raises(VideoError, match="unsupported: 8001 x 8000 pixels"):
        picture_clips(bytes(content), "a", draw())


def test_grey_and_transparent_pictures_have_three_colours(tmp_path: Path) -> None:
    for mode in ("L", "LA", "RGBA", "P", "1"):
        buffer = io.BytesIO()
        Image.new(mode, (12, 9)).save(buffer, "png")
        (clip,) = picture_clips(buffer.getvalue(), "a", draw())
        assert clip.shape == (1, 3, 8, 8)


def test_the_reports_mixture_is_what_the_report_says() -> None:
    """Table 1: two sizes of it by hand; Something-Something-v2 only where asked for, and never mirrored."""
    corpora = {corpus.name: corpus for corpus in report_corpora()}
    assert list(corpora) == [
        "kinetics710", "howto360k", "webvid10m", "coco", "sbu", "visualgenome", "cc3m", "cc12m",
    ]  # fmt: skip
    assert [corpus.size for corpus in corpora.values()] == [
        658_000, 360_000, 10_730_000, 113_000, 860_000, 100_000, 2_880_000, 11_000_000,
    ]  # fmt: skip
    added = [corpus for corpus in report_corpora(ssv2=True) if corpus.name not in corpora]
    assert [(corpus.name, corpus.size, corpus.flip) for corpus in added] == [("ssv2", 168_913, 0.0)]
    clips, images = report_sources("/data/", ssv2=True)
    assert [source.path for source in clips] == [
        f"/data/{name}/*.tar" for name in ("kinetics710", "howto360k", "webvid10m", "ssv2")
    ]
    assert {source.kind for source in images} == {"image-shards"}
    assert images[4].weight / images[0].weight == pytest.approx((11_000 / 113) ** 0.5)
    assert [source.flip for source in clips] == [0.5, 0.5, 0.5, 0.0]


def test_names_of_the_report_are_known_to_the_check_for_contamination() -> None:
    known = {corpus.name: exact_name(corpus.name) for corpus in report_corpora(ssv2=True)}
    assert (known["kinetics710"], known["howto360k"], known["ssv2"]) == ("kinetics710", "howto100m", "ssv2")
