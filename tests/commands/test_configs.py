"""`hdrgen configs`."""

import pytest
import yaml

from hdrgen import configs
from hdrgen.cli.main import main


def test_one_line_for_each(capsys):
    assert main(["configs"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == configs.names() + configs.protocol_names()
    assert [line.split()[1] for line in lines].count("protocol:") == len(configs.protocol_names())
    assert all(len(line.split()) > 1 for line in lines), "every packaged config begins with a comment"


@pytest.mark.parametrize("name", [*configs.names(), "defaults"])
def test_show(name, capsys):
    assert main(["configs", "show", name]) == 0
    shown = capsys.readouterr().out
    assert shown == configs.path_of(name).read_text()
    assert isinstance(yaml.safe_load(shown), dict)


@pytest.mark.parametrize("name", configs.names())
def test_a_training_ends(name):
    """Lightning would train for 1000 epochs where nothing is said."""
    config = yaml.safe_load(configs.path_of(name).read_text())
    limits = {"max_steps", "max_epochs"} & config.get("trainer", {}).keys()
    assert limits or "class_path" not in config.get("model", {}), f"{name} needs trainer.max_steps or .max_epochs"


@pytest.mark.parametrize("name", configs.protocol_names())
def test_show_a_protocol(name, capsys):
    assert main(["configs", "show", name]) == 0
    assert capsys.readouterr().out == configs.protocol_path(name).read_text()


@pytest.mark.parametrize(("typed", "meant"), [("multi_exposur", "multi_exposure"), ("le2032", "le2023")])
def test_unknown_name(typed, meant, capsys):
    assert main(["configs", "show", typed]) == 2
    assert f"did you mean {meant}" in capsys.readouterr().err
