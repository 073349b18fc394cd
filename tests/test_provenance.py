"""What a result was made with."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from hdrgen import provenance

ROOT = Path(__file__).resolve().parents[1]


def repository(folder: Path) -> None:
    for command in (
        ["init", "-q"],
        ["add", "kept.py"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "a"],
    ):
        subprocess.run(["git", "-C", str(folder), *command], check=True)


@pytest.mark.skipif(shutil.which("git") is None, reason="no git on this machine")
def test_the_checkout_s_commit_but_not_that_of_another_project(tmp_path):
    for name in ("kept.py", "installed.py"):
        (tmp_path / name).write_text("")
    repository(tmp_path)
    found = provenance._of_checkout(tmp_path / "kept.py")
    assert found
    assert not found.endswith("-dirty")
    (tmp_path / "kept.py").write_text("changed")
    assert provenance._of_checkout(tmp_path / "kept.py") == f"{found}-dirty"
    assert provenance._of_checkout(tmp_path / "installed.py") is None  # as in a .venv within the checkout


def test_without_git_and_checkout(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert provenance._of_checkout(ROOT / "hdrgen" / "provenance.py") is None
    assert provenance.provenance()["hdrgen"]


def test_what_pip_noted(monkeypatch):
    class Installed:
        def read_text(self, name):
            return json.dumps({"url": "https://example.org", "vcs_info": {"vcs": "git", "commit_id": "abc"}})

    monkeypatch.setattr("importlib.metadata.distribution", lambda name: Installed())
    assert provenance._of_installation() == "abc"
    monkeypatch.setattr(Installed, "read_text", lambda *_: None)
    assert provenance._of_installation() is None


def test_versions():
    found = provenance.provenance()
    assert found["packages"]["torch"]
    assert json.loads(json.dumps(found)) == found


def test_the_build_that_a_package_names_itself(monkeypatch):
    """PyPI's torch with CUDA is 2.13.0 to pip, and 2.13.0+cu130 to itself."""
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(__version__="2.13.0+cu130"))
    assert provenance.provenance()["packages"]["torch"] == "2.13.0+cu130"
