"""What a package index shows of the wheel."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def project():
    tomllib = pytest.importorskip("tomllib")  # Python 3.11
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_metadata_says_who_and_what(project):
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert all(author["name"] in licence for author in project["authors"])
    assert {"Typing :: Typed", "Intended Audience :: Science/Research"} <= set(project["classifiers"])
    assert not any(classifier.startswith("License") for classifier in project["classifiers"])  # PEP 639 forbids both


def test_description_leads_nowhere_into_a_checkout(project):
    text = (ROOT / project["readme"]).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert all(link.startswith("https://") for link in links)
