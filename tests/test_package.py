"""What a package index shows of the wheel."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from hdrgen import __version__
from hdrgen.cli.main import VERBS

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def settings():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def project(settings):
    return settings["project"]


def test_the_wheel_holds_every_file_of_the_package(settings):
    """Python files by themselves, all others, the weights among them, because a pattern names them."""
    patterns = settings["tool"]["setuptools"]["package-data"]["hdrgen"]
    named = {path for pattern in patterns for path in (ROOT / "hdrgen").glob(pattern)}
    there = {path for path in (ROOT / "hdrgen").rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert {path for path in there - named if path.suffix != ".py"} == set()
    assert {"weights/packaged/*.safetensors", "weights/packaged/*.md"} <= set(patterns)
    assert (ROOT / "hdrgen/weights/packaged/__init__.py").is_file()


def test_what_reads_weights_comes_with_the_package(project):
    needed = {re.split("[^\\w-]", requirement)[0] for requirement in project["dependencies"]}
    assert {"safetensors", "platformdirs"} <= needed


def test_metadata_says_who_and_what(project):
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert all(author["name"] in licence for author in project["authors"])
    assert {"Typing :: Typed", "Intended Audience :: Science/Research"} <= set(project["classifiers"])
    assert not any(classifier.startswith("License") for classifier in project["classifiers"])  # PEP 639 forbids both


def test_description_leads_nowhere_into_a_checkout(project):
    text = (ROOT / project["readme"]).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert all(link.startswith("https://") for link in links)


def test_one_version_and_one_oldest_python_everywhere(project, settings):
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == __version__
    assert citation["license"] == project["license"]
    oldest = project["requires-python"].removeprefix(">=")
    assert settings["tool"]["ruff"]["target-version"] == f"py{oldest.replace('.', '')}"
    for page in ("README.md", "docs/package.md", "Makefile"):
        assert f"Python {oldest} or newer" in (ROOT / page).read_text(encoding="utf-8"), page
    jobs = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8"))["jobs"]
    assert jobs["newest"]["strategy"]["matrix"]["python"][0] == oldest


def test_the_changelog_says_what_is_not_yet_released():
    lines = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    headings = [line for line in lines if line.startswith("## ")]
    assert headings[0] == "## [Unreleased]"
    assert {line for line in lines if line.startswith("### ")} <= {
        f"### {kind}" for kind in ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")
    }


def test_verbs_of_the_smoke_test_of_the_wheel_are_named_as_there():
    text = (ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8")
    assert "from hdrgen.cli.main import VERBS" in text
    local = (ROOT / ".ci/wheel").read_text(encoding="utf-8")
    assert "from hdrgen.cli.main import VERBS" in local
    for name in ("expand", "merge", "report", "configs", "weights"):
        assert name in VERBS
        assert f"hdrgen {name} " in text.replace("hdrgen configs\n", "hdrgen configs \n")
        assert f"hdrgen {name} " in local
