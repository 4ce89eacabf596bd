"""Where a number was made, without ever failing."""

from __future__ import annotations

import subprocess

from twlv.results.environment import commit, cpu_model, environment, version


def test_names_versions_and_machine():
    here = environment(gpu="H200", decoder="pyav 18", ffmpeg="8.0", packages=("numpy", "no-such-package"))
    assert here["numpy"] == version("numpy")
    assert here["no-such-package"] is None
    assert (here["gpu"], here["decoder"], here["ffmpeg"]) == ("H200", "pyav 18", "8.0")
    assert isinstance(here["cpu_cores"], int)
    assert here["cpu_cores"] >= 1
    assert here["cpu"]


def test_the_commit_of_a_checkout(tmp_path):
    assert commit(tmp_path) == (None, None)
    source = tmp_path / "src" / "twlv"
    source.mkdir(parents=True)
    (source / "a.py").write_text("")
    git = ["git", "-C", str(tmp_path), "-c", "user.name=n", "-c", "user.email=e@example.org"]
    subprocess.run([*git, "init", "-q"], check=True)
    assert commit(tmp_path)[0] is None  # no commit yet
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "x"], check=True)
    sha, dirty = commit(tmp_path)
    assert sha is not None
    assert len(sha) == 40
    assert dirty is False
    (tmp_path / "results.json").write_text("")
    assert commit(tmp_path)[1] is False  # only the code counts
    (source / "a.py").write_text("x = 1")
    assert commit(tmp_path)[1] is True


def test_no_git_program_is_no_failure(tmp_path, monkeypatch):
    (tmp_path / ".git").mkdir()
    (tmp_path / "src" / "twlv").mkdir(parents=True)
    assert commit(tmp_path) == (None, None)  # a broken checkout
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit(tmp_path) == (None, None)


def test_the_processor_names_itself(tmp_path):
    info = tmp_path / "cpuinfo"
    info.write_text("processor : 0\nmodel name\t: Fast CPU 3000\nmodel name\t: other\n")
    assert cpu_model(info) == "Fast CPU 3000"
    assert cpu_model(tmp_path / "absent")
