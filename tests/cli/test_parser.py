"""The light verbs' complaints: one line, with what may have been meant."""

import importlib
import json

import pytest

from hdrgen.cli.main import VERBS, main
from hdrgen.cli.parser import CommandParser

OTHER = ("configs", "pack", "scenes")
"""Whose --config names a packaged file, or the configuration of a training or a test."""


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["methods", "--jsn"], "unrecognized arguments: --jsn; did you mean --json?; see hdrgen methods --help"),
        (["configs", "lst"], "did you mean list?; see hdrgen configs --help"),
        (["configs", "show"], "the following arguments are required: name; see hdrgen configs show --help"),
        (["pairs"], "the following arguments are required: root; see hdrgen pairs --help"),
        (["pairs", ".", "--split", "trian"], "did you mean Train?; see hdrgen pairs --help"),
        (["quickstart", "--steps", "0"], "expected at least one step, found 0; pass --steps 1 or more"),
        (["quickstart", "--step", "5"], "--step 5; did you mean --steps?; see hdrgen quickstart --help"),
        (["tonemap", "a.exr", "--over"], "no option --over; did you mean --overwrite or --operator?"),
        (["quickstart", "--steps", "x"], "argument --steps: invalid int value: 'x'; see hdrgen quickstart --help"),
    ],
)
def test_one_line(typed, told, capsys):
    assert main(typed) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("hdrgen: error: ")
    assert line.endswith(told)


@pytest.mark.parametrize("verb", [verb for verb, entry in VERBS.items() if entry.module.startswith("hdrgen.commands")])
def test_every_light_verb_has_this_parser(verb):
    module = importlib.import_module(VERBS[verb].module)
    assert type(module.parser(verb)) is CommandParser


@pytest.mark.parametrize(
    "verb",
    [verb for verb, entry in VERBS.items() if entry.module.startswith("hdrgen.commands") and verb not in OTHER],
)
def test_every_light_verb_that_has_options_takes_them_from_a_file(verb, tmp_path, capsys):
    assert main([verb, "--config", str(tmp_path / "missing.yaml")]) == 2
    assert "missing.yaml: no such file; check the name" in capsys.readouterr().err
    assert "--config" in importlib.import_module(VERBS[verb].module).parser(verb).format_help()


def test_options_of_a_list_from_a_file(tmp_path, capsys):
    (tmp_path / "mine.yaml").write_text("json: true\n")
    assert main(["metrics", "--config", str(tmp_path / "mine.yaml")]) == 0
    assert "psnr" in {entry["name"] for entry in json.loads(capsys.readouterr().out)}
