"""``twlv data synth``: sets of rendered videos whose labels are known exactly."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from twlv.cli.options import flag

if TYPE_CHECKING:
    from twlv.data.synth import Settings, Watch

KIND_NAMES = (
    "recognition-appearance, recognition-motion, recognition-both, reversal, untrimmed, boxes, pretrain, "
    "speed, order or dots"
)


@dataclass(frozen=True, kw_only=True)
class SynthOptions:
    """Flags of ``twlv data synth``."""

    out: Path = field(metadata=flag("folder of the set; the same command again resumes", metavar="DIR"))
    kind: str = field(metadata=flag(KIND_NAMES, metavar="KIND"))
    train: int | None = field(
        default=None, metadata=flag("training videos; default: what suits the kind", metavar="N")
    )
    val: int | None = field(
        default=None, metadata=flag("validation videos; default: what suits the kind", metavar="N")
    )
    seed: int = field(default=0, metadata=flag("another seed, another set", metavar="N"))
    difficulty: Literal["easy", "default", "hard"] = field(
        default="default", metadata=flag("how visible looks and motion are, and how many classes there are")
    )
    combinations: Literal["unseen", "any"] = field(
        default="unseen",
        metadata=flag("unseen: validation shows combinations of looks that training never does"),
    )
    level: int = field(
        default=5,
        metadata=flag("pretrain: 0 static circles ... 5 textured shapes that accelerate", metavar="N"),
    )
    num_frames: int | None = field(
        default=None,
        metadata=flag("frames of a video (untrimmed: on average); default 16, untrimmed 480", metavar="N"),
    )
    fps: int = field(default=8, metadata=flag("frames a second", metavar="N"))
    size_px: int = field(default=112, metadata=flag("height and width", metavar="N"))
    format: Literal["mp4", "webm"] = field(default="mp4", metadata=flag("H.264 in mp4, or VP9 in webm"))
    workers: int | None = field(
        default=None, metadata=flag("videos rendered at once; default: one for each core", metavar="N")
    )


def run(options: SynthOptions) -> int:
    """Render a set of videos and write its manifests and annotations. A second run resumes.

    Labels are exact, balanced, and independent of everything else that varies; see docs/guides/synthetic.md.
    """
    from twlv.data.synth import make_set, settings_for
    from twlv.errors import UsageError

    settings = settings_for(
        options.kind,
        num_train=options.train,
        num_val=options.val,
        num_frames=options.num_frames,
        seed=options.seed,
        difficulty=options.difficulty,
        combinations=options.combinations,
        level=options.level,
        size_px=options.size_px,
        fps=options.fps,
        format=options.format,
    )
    if options.workers is not None and options.workers < 1:
        raise UsageError(f"--workers must be 1 or more, got {options.workers}")
    manifests = make_set(options.out, settings, workers=options.workers, watch=watch(options.kind))
    print(f"{settings.num_train} training and {settings.num_val} validation videos are in {options.out}")
    print("\n".join(next_steps(options.out, settings, manifests)))
    return 0


def watch(label: str) -> Watch:
    """A bar or lines on standard error that follow ``make_set``."""
    from twlv.cli.progress import progress

    shown = progress(label, kept="already there")
    started = False

    def tell(done: int, total: int) -> None:
        nonlocal started
        if started:
            shown.advance("", None)
        else:
            shown.start(total, done)
            started = True
        if done == total:
            shown.finish()

    return tell


def next_steps(out: Path, settings: Settings, manifests: dict[str, Path]) -> list[str]:
    """What to type next for this kind of set."""
    if settings.kind == "pretrain":
        return [f"  clips without labels: {out / 'videos'}"]
    if settings.kind == "untrimmed":
        return [
            f"  segments (ActivityNet): {out / 'annotations.json'}",
            f"  frame labels (MS-TCN): {out}/mapping.txt, groundTruth/, splits/",
            _embed(out, "--level time --sampling multiclip --clip-seconds 1 --stride-seconds 0.5"),
        ]
    if settings.kind == "boxes":
        return [f"  boxes (AVA): {out}/train.csv, val.csv, actions.pbtxt", _embed(out, "--level patch")]
    lines = [f"  labels: {', '.join(path.name for path in manifests.values())}"]
    labelled = [path for path in manifests.values() if path.name != "manifest.csv"] or [*manifests.values()]
    lines += [
        f"  twlv evaluate {_task(path)} --dataset {path} --backbone efficientnet_lite0.imagenet"
        for path in labelled
    ]
    return lines


def _embed(out: Path, words: str) -> str:
    store = out.parent / f"{out.name}-store"
    return f"  twlv embed {out / 'manifest.csv'} --backbone efficientnet_lite0.imagenet --out {store} {words}"


def _task(manifest: Path) -> str:
    return "motion-direction" if manifest.stem == "manifest_forward" else "knn"
