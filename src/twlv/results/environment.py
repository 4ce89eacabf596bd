"""Where a number was made: versions, machine, and the commit of the code. Nothing here may ever fail a run."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path

from twlv.types import Json

PACKAGES = ("torch", "numpy", "av")
ROOT = Path(__file__).resolve().parents[3]
"""The checkout, if this code runs from one."""

_GIT_SECONDS = 10.0


def environment(
    *,
    gpu: str = "",
    decoder: str = "",
    ffmpeg: str = "",
    packages: Iterable[str] = PACKAGES,
    root: Path = ROOT,
) -> dict[str, Json]:
    """What this process runs on; what is not known is None.

    ``gpu``, ``decoder`` and ``ffmpeg`` are passed in. Package versions come from their metadata: nothing is
    imported. ``git_sha`` is the commit of the code when it runs from a checkout, ``git_dirty`` whether ``src``
    had changes on top of it.
    """
    sha, dirty = commit(root)
    return {
        "python": platform.python_version(),
        "twlv": version("twlv"),
        "git_sha": sha,
        "git_dirty": dirty,
        **{name: version(name) for name in packages},
        "decoder": decoder or None,
        "ffmpeg": ffmpeg or None,
        "platform": platform.platform(),
        "cpu": cpu_model(),
        "cpu_cores": cpu_cores(),
        "gpu": gpu or None,
    }


def used_version(embedding: Mapping[str, Json], name: str) -> str:
    """The version of ``decoder``, ``ffmpeg``, ... that made the vectors, from their provenance.

    Embeddings may have been made long before the task ran, by other versions; several are joined by ``and``.
    """
    origin = embedding.get("provenance")
    makers = origin if isinstance(origin, list) else [origin]
    found = {str(maker[name]) for maker in makers if isinstance(maker, dict) and maker.get(name)}
    return " and ".join(sorted(found))


def version(package: str) -> str | None:
    """The installed version of a package, or None."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def commit(root: Path) -> tuple[str | None, bool | None]:
    """The commit checked out at ``root`` and whether its ``src`` was changed; Nones if it is no checkout."""
    if not (root / ".git").exists() or not (root / "src" / "twlv").is_dir():
        return None, None
    sha = _git(root, "rev-parse", "HEAD")
    changes = _git(root, "status", "--porcelain", "--", "src")
    return sha or None, None if changes is None else bool(changes)


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments],
            capture_output=True,
            text=True,
            timeout=_GIT_SECONDS,
            check=False,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def cpu_model(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's own name for itself, or the best that the platform gives."""
    try:
        lines = cpuinfo.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.lower().startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()


def cpu_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
