"""`hdrgen methods` tells about every method of the package."""

import json

import pytest

from hdrgen import methods
from hdrgen.cli import main
from hdrgen.methods.base import HDRModule

NAMES = [
    name
    for name in methods.__all__
    if isinstance(getattr(methods, name), type)
    and issubclass(getattr(methods, name), HDRModule)
    and getattr(methods, name) is not HDRModule
]


def test_one_line_for_each(capsys):
    assert main(["methods"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == NAMES


def test_json(capsys):
    assert main(["methods", "--json"]) == 0
    entries = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert list(entries) == NAMES
    assert "WACV 2023" in entries["MultiExposureGeneration"]["paper"]
    assert entries["MultiExposureGeneration"]["kind"] == "single image"
    assert entries["LinearGain"]["kind"] == "baseline"


@pytest.mark.parametrize("name", NAMES)
def test_every_method_says_what_it_does(name, capsys):
    main(["methods", "--json"])
    entry = next(entry for entry in json.loads(capsys.readouterr().out) if entry["name"] == name)
    assert entry["summary"]
    assert entry["paper"] or entry["kind"] == "baseline"
