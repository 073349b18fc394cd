"""`hdrgen methods` tells about every method of the package."""

import inspect
import json
from pathlib import Path

import pytest
import torch
import yaml
from torch import nn

from hdrgen import configs, methods
from hdrgen.cli.arguments import named_method
from hdrgen.cli.main import main
from hdrgen.commands.methods import TRAINING_ONLY, count_parameters, describe_all
from hdrgen.methods.base import HDRModule

NAMES = {
    name
    for name in methods.__all__
    if isinstance(getattr(methods, name), type)
    and issubclass(getattr(methods, name), HDRModule)
    and getattr(methods, name) is not HDRModule
}

MADE = ("optimizer", "scheduler", "response")
"""Arguments of configurations that are objects, and of no network."""


@pytest.fixture(scope="module")
def entries():
    return {entry["name"]: entry for entry in describe_all()}


def test_one_line_for_each_within_a_screen(capsys):
    assert main(["methods"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["one", "photograph", "parameters", "exposures", "paper"]
    methods = [line for line in lines if line.startswith(" ")]
    assert len(methods) == len(NAMES)
    assert {line.split()[0] for line in methods} == NAMES
    assert max(map(len, lines)) <= 100
    assert len(lines) <= 32
    line = next(line for line in lines if line.startswith("  MultiExposureGeneration"))
    for fact in ("62,194,875", "any EV", "Le, WACV 2023"):
        assert f" {fact} " in f"{line} "
    assert any("Lee, ECCV 2018" in line for line in lines)


def test_columns_are_aligned_and_groups_come_in_order(capsys):
    main(["methods"])
    header, *lines = capsys.readouterr().out.splitlines()
    for title in ("exposures", "paper"):
        at = header.index(title)
        assert all(line[at - 2 : at] == "  " and line[at] != " " for line in lines if line.startswith(" "))
    groups = [line for line in lines if not line.startswith(" ")]
    assert groups == [*sorted(set(groups) - {"baselines"}), "baselines"]
    of_one_photograph = [line.split()[0].lower() for line in lines[: lines.index(groups[0])]]
    assert of_one_photograph == sorted(of_one_photograph)
    assert "cevr" in of_one_photograph
    assert "lineargain" not in of_one_photograph


def test_json_tells_the_same(capsys, entries):
    assert main(["methods", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == list(entries.values())


@pytest.mark.parametrize(
    ("name", "parameters", "parts"),
    [
        ("MultiExposureGeneration", 62_194_875, [62_194_875]),
        ("DeepSynthHDRI", 2 * (98_918_403 + 6_188_815 + 11_007_971), [232_230_378]),
        ("CEVR", 2 * 3_291_592, [3_291_592, 3_291_592]),
        ("HDRGAN", 2_557_382, [660_929, 2_557_382]),
        ("DeepRecursiveHDRI", 2 * 12_414_194, [12_414_194, 12_414_194, 2 * 6_965_441]),
        ("AHDRNet", 1_515_139, [1_515_139]),
        ("UnchangedInput", 0, []),
    ],
)
def test_parameters_are_those_of_the_authors_networks(entries, name, parameters, parts):
    """Counts of the authors' modules; a discriminator is told apart, since it makes no part of the result."""
    assert entries[name]["parameters"] == parameters
    assert sorted(entries[name]["parts"].values()) == parts


def test_frozen_parameters_are_counted_and_nothing_is_allocated():
    """Four terabytes of weights would not fit."""

    class Frozen(HDRModule):
        def __init__(self):
            super().__init__()
            self.network = nn.Linear(10**6, 10**6)
            self.network.bias.requires_grad_(False)
            self.idle = nn.ReLU()

    assert count_parameters(Frozen) == {"network": 10**12 + 10**6}


@pytest.mark.parametrize("name", [name for name in configs.names() if named_method(["-c", name])])
def test_the_page_of_a_method_says_how_large_each_configuration_is(name):
    """As one number, or as so many networks of one size; without discriminators."""
    model = yaml.safe_load(configs.path_of(name).read_text(encoding="utf-8"))["model"]
    method, given = getattr(methods, model["class_path"]), model.get("init_args", {})
    with torch.device("meta"):
        networks = method(**{key: value for key, value in given.items() if key not in MADE}).named_children()
    making = [network for part, network in networks if not part.startswith(TRAINING_ONLY)]
    count = sum(p.numel() for network in making for p in network.parameters())
    page = Path(inspect.getfile(method)).with_name("README.md").read_text(encoding="utf-8")
    assert any(text in page for text in (f"{count:,}", *(f"{n} x {count // n:,}" for n in (2, 4, 6))))


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_method_says_what_it_does(entries, name):
    entry = entries[name]
    assert entry["summary"]
    assert entry["input"]
    assert entry["exposures"]
    assert entry["paper"] or entry["kind"] == "baseline"
    assert (entry["exposures"] == "none") == (not getattr(methods, name).generates)


def test_kinds(entries):
    assert entries["MultiExposureGeneration"]["kind"] == "single image"
    assert entries["HDRGAN"]["kind"] == "exposure stack"
    assert entries["LinearGain"]["kind"] == "baseline"
