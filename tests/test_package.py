"""What a package index shows of the wheel."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

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


def test_licences_of_other_authors_go_with_their_weights(settings, project):
    """Beside the weights, whose cards name them, and among those of the wheel; `.ci/wheel` looks into what is built."""
    named = {path for pattern in project["license-files"] for path in ROOT.glob(pattern)}
    licences = sorted((ROOT / "hdrgen/weights/packaged/licences").iterdir())
    assert named == {ROOT / "LICENSE", *licences}
    patterns = settings["tool"]["setuptools"]["package-data"]["hdrgen"]
    assert {*licences} <= {path for pattern in patterns for path in (ROOT / "hdrgen").glob(pattern)}
    cards = {path: path.read_text(encoding="utf-8") for path in (ROOT / "hdrgen/weights/packaged").rglob("*.md")}
    theirs = {
        path.stem: text for path, text in cards.items() if re.search(r"^terms: .*, of the authors", text, re.MULTILINE)
    }
    assert {*theirs} == {path.stem.partition("-")[0] for path in licences}
    for path in licences:
        name, _, licence = path.stem.partition("-")
        assert f"licences/{path.name}" in theirs[name]
        assert f"terms: {licence}" in theirs[name]
    assert "ls hdrgen/weights/packaged/licences" in (ROOT / ".ci/wheel").read_text(encoding="utf-8")
    texts = {path.name: path.read_text(encoding="utf-8") for path in licences}
    assert texts["expandnet-BSD-3-Clause-Clear.txt"].startswith("Copyright (c) 2017-      Demetris Marnerides\n")
    assert texts["expandnet-BSD-3-Clause-Clear.txt"].strip() in theirs["expandnet"]
    assert texts["lhdr-MPL-2.0.txt"].startswith("Mozilla Public License Version 2.0\n")
    assert "Exhibit A - Source Code Form License Notice" in texts["lhdr-MPL-2.0.txt"]


def test_the_wheel_holds_every_experiment(settings):
    """But for the table of them, and for the program that converts the weights of other authors in a checkout."""
    patterns = settings["tool"]["setuptools"]["package-data"]["hdrgen.configs.experiments"]
    named = {path for pattern in patterns for path in (ROOT / "experiments").glob(pattern)}
    there = {path for path in (ROOT / "experiments").rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert {path.name for path in there - named} == {"README.md", "official.py"}


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
    text = (ROOT / ".ci/smoke").read_text(encoding="utf-8")
    assert "from hdrgen.cli.main import VERBS" in text
    for name in ("expand", "merge", "report", "configs", "weights"):
        assert name in VERBS
        assert f"hdrgen {name} " in text


# -- what runs before a merge, here and on GitHub ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def jobs():
    return yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8"))["jobs"]


def test_github_runs_what_is_run_here(jobs, settings):
    """The pinned set and the site with their own Python; the wheel, of the sdist, by the same script."""
    pinned, wheel = ([step.get("run", "") for step in jobs[name]["steps"]] for name in ("pinned", "wheel"))
    assert pinned[-1] == ".ci/run"
    targets = re.findall(r"^make (\w+)$", (ROOT / ".ci/run").read_text(encoding="utf-8"), re.MULTILINE)
    rules = re.findall(r"^(\w+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert targets == ["test", "lint", "docs", "wheel"]
    assert {*targets} <= {*rules}
    assert '"$smoke"' in wheel[-1].splitlines()
    assert "smoke=$PWD/.ci/smoke" in wheel[-1]
    built = (ROOT / ".ci/wheel").read_text(encoding="utf-8")
    assert '\n"$smoke"\n' in built
    both = "-m build "  # without --wheel, it makes the wheel of the sdist
    assert both in built
    assert "python -m build" in wheel
    assert not any("--wheel" in text for text in (built, *wheel))
    (python,) = [step["with"]["python-version"] for step in jobs["pinned"]["steps"] if "setup-python" in str(step)]
    assert f"Python {python}," in (ROOT / "constraints.txt").read_text(encoding="utf-8")


def test_a_warning_fails_the_build_of_the_documentation():
    """MkDocs counts those that it prints: with --quiet, `strict` is of no effect."""
    (command,) = re.findall(r"^\t.*mkdocs build .*$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert "--strict" in command
    assert not {"--quiet", "-q"} & {*command.split()}


def test_every_python_and_system_is_tried_with_the_extras_of_the_tests(jobs, project):
    matrix = jobs["newest"]["strategy"]["matrix"]
    assert matrix["python"] == ["3.11", "3.12", "3.13", "3.14"]
    assert {system.partition("-")[0] for system in matrix["os"]} == {"ubuntu", "macos", "windows"}
    commands = [step["run"] for step in jobs["newest"]["steps"] if "run" in step]
    extras = re.search(r"-e \"\.\[([\w,]+)\]\"", " ".join(commands))[1].split(",")
    assert {*extras} <= {*project["optional-dependencies"]}
    assert commands[-1].startswith("python -m pytest")


def test_actions_are_of_one_version_and_keep_no_credentials(jobs):
    """Runners have no Node 20 since September 2026: checkout 4 and setup-python 5 do not start there."""
    steps = [step for job in jobs.values() for step in job["steps"] if "uses" in step]
    assert {step["uses"] for step in steps} == {"actions/checkout@v6", "actions/setup-python@v6"}
    checkouts = [step for step in steps if "checkout" in step["uses"]]
    assert len(checkouts) == len(jobs)
    assert all(step["with"] == {"persist-credentials": False} for step in checkouts)
    assert all("timeout-minutes" in job for job in jobs.values())


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_no_command_fails_without_notice(jobs):
    """Bash goes on when any but the last command of an && list fails, whatever `set -e` says."""
    scripts = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / ".ci").iterdir()}
    scripts |= {
        f"{name} {number}": step["run"]
        for name, job in jobs.items()
        for number, step in enumerate(job["steps"])
        if "run" in step
    }
    for name, script in scripts.items():
        subprocess.run(["bash", "-n", "-c", script], check=True, timeout=20)
        lists = [line for line in script.splitlines() if "&&" in line and "||" not in line and not line.startswith("#")]
        assert not lists, name


def test_pinned_versions_are_within_the_bounds_of_the_package(project):
    pinned = dict(
        re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE)
    )
    pinned = {canonicalize_name(name): version for name, version in pinned.items()}
    extras = project["optional-dependencies"]
    needed = [
        Requirement(each) for each in (*project["dependencies"], *(one for extra in extras.values() for one in extra))
    ]
    outside = {
        each.name: pinned[name]
        for each in needed
        if (name := canonicalize_name(each.name)) in pinned and pinned[name] not in each.specifier
    }
    assert outside == {}
    missing = {each.name for each in needed if canonicalize_name(each.name) not in pinned} - {"hdrgen"}
    assert missing == {"cvvdp"}  # which the tests go without


# -- containers and conda: neither is built in the tests, but neither can drift ---------------------------------------


def instructions(word: str) -> list[str]:
    """What follows a word of the Dockerfile."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    return [line.partition(" ")[2] for line in text.splitlines() if line.partition(" ")[0] == word]


def test_the_container_gets_the_files_that_an_installation_needs(settings, project):
    copied = {source for line in instructions("COPY") for source in line.split()[:-1]}
    assert all((ROOT / source).exists() for source in copied)
    needed = {"pyproject.toml", "setup.py", "constraints.txt", "LICENSE", "experiments", "hdrgen", project["readme"]}
    assert needed == copied
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {line.removeprefix("!") for line in ignored if line.startswith("!")} == copied
    assert instructions("ENTRYPOINT") == [f'["{next(iter(project["scripts"]))}"]']


@pytest.mark.parametrize(
    ("index", "extras", "expected"),
    [
        (None, None, ["install --no-cache-dir -c constraints.txt torch --extra-index-url INDEX", ".[train]"]),
        ("", "", ["install --no-cache-dir -c constraints.txt torch", "."]),
    ],
)
def test_the_container_takes_the_build_of_torch_and_the_extra_that_are_asked_for(project, index, extras, expected):
    usual = dict(line.split("=", 1) for line in instructions("ARG"))
    makefile = re.search(
        r"^TORCH_INDEX .*,(https:\S+)\)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert usual["TORCH_INDEX"] == makefile[1]
    assert usual["EXTRAS"].strip("[]") in project["optional-dependencies"]
    assert f"Python {usual['PYTHON']}," in (ROOT / "constraints.txt").read_text(encoding="utf-8")
    chosen = usual | {
        name: value for name, value in {"TORCH_INDEX": index, "EXTRAS": extras}.items() if value is not None
    }
    stand_ins = 'python() { echo "$@"; }; hdrgen() { :; }'
    script = "\n".join([stand_ins, *instructions("RUN")])
    done = subprocess.run(
        ["sh", "-euc", script], env={**os.environ, **chosen}, capture_output=True, text=True, check=True
    )
    first, second = done.stdout.splitlines()
    assert first == f"-m pip {expected[0]}".replace("INDEX", usual["TORCH_INDEX"])
    assert second == f"-m pip install --no-cache-dir -c constraints.txt {expected[1]}"


def test_conda_asks_for_the_versions_that_pip_asks_for(project):
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    *packages, rest = environment["dependencies"]
    assert rest == {"pip": ["-e .[train]"]}
    bounds = {re.split(r"[^\w-]", each)[0]: each for each in project["dependencies"]}
    bounds |= {"python": f"python{project['requires-python']}", "pip": "pip"}
    assert packages == [
        bounds[re.split(r"[<>=]", each.replace("pytorch", "torch"))[0]].replace("torch", "pytorch") for each in packages
    ]


PIP = """#!/bin/sh
case "$*" in
    "-m venv .venv") mkdir -p .venv/bin; cp "$0" .venv/bin/python ;;
    *urlopen*|*find_spec*) exit 1 ;;
    "-m pip"*) echo "$*" ;;
esac
"""


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
@pytest.mark.parametrize("index", ["", "https://no.index"])
def test_make_says_so_before_it_fetches_gigabytes(tmp_path, index):
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "pip").write_text(PIP)
    (tmp_path / "pip").chmod(0o755)
    command = ["make", "--no-print-directory", "install", f"PYTHON={tmp_path / 'pip'}", f"TORCH_INDEX={index}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    told, installed = done.stdout.split("-m pip install -c constraints.txt -e .[train]\n")
    assert "make: no CPU index of torch is at hand" in told
    assert "gigabytes to fetch" in told
    assert not installed
