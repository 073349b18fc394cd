"""`hdrgen configs`."""

import numpy as np
import pytest
import yaml

from hdrgen import configs
from hdrgen.cli.main import main


def test_one_line_for_each(capsys):
    assert main(["configs"]) == 0
    listed, overlays = capsys.readouterr().out.split("\n\n")
    lines = listed.splitlines()
    assert [line.split()[0] for line in lines] == configs.names() + configs.protocol_names()
    assert [line.split()[1] for line in lines].count("protocol:") == len(configs.protocol_names())
    assert all(len(line.split()) > 1 for line in lines), "every packaged config begins with a comment"
    groups = {name.partition("/")[0] for name in configs.experiment_names()}
    assert {line.split()[0] for line in overlays.splitlines()[1:-1]} == {
        f"experiments/{name}" for name in (*groups, "slurm.sbatch")
    }
    assert len(lines) + len(overlays.splitlines()) <= 70, "no longer one screen"


@pytest.mark.parametrize("group", ["cevr", "experiments/cevr", "experiments/cevr/"])
def test_one_line_for_each_overlay_of_a_group(group, capsys):
    assert main(["configs", "list", group]) == 0
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert list(lines) == [f"experiments/{name}" for name in configs.experiment_names() if name.startswith("cevr/")]
    assert lines["experiments/cevr/table5_cycle"].startswith("Chen et al. 2023, Table 5")


@pytest.mark.parametrize("name", ["experiments/cevr/table5_cycle.yaml", "experiments/slurm", "cevr/table5_cycle"])
def test_show_an_overlay(name, capsys):
    assert main(["configs", "show", name]) == 0
    assert capsys.readouterr().out == configs.experiment_path(name).read_text()


def test_the_script_for_slurm_is_copied_as_it_is(capsys):
    assert main(["configs", "show", "slurm.sbatch"]) == 0
    assert capsys.readouterr().out == (configs.experiments_folder() / "slurm.sbatch").read_text()


def test_experiments_have_names_of_their_own():
    """Else a short name would be that of a packaged configuration, which comes first."""
    assert not {*configs.names(), *configs.protocol_names()} & {*configs.experiment_names()}


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


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("multi_exposur", "multi_exposure"),
        ("le2032", "le2023"),
        ("cevr/table5_cycl", "cevr/table5_cycle"),
        ("slurm.sbach", "slurm.sbatch"),
    ],
)
def test_unknown_name(typed, meant, capsys):
    assert main(["configs", "show", typed]) == 2
    assert f"did you mean {meant}" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["cevr", "le2023", "experiments/cevr/table5_cycle", "cevr/table5_cycle.yaml"])
def test_a_name_alone_is_shown(name, capsys):
    assert main(["configs", name]) == main(["configs", "show", name]) == 0
    alone, shown = np.array_split(capsys.readouterr().out.splitlines(), 2)
    assert list(alone) == list(shown)


@pytest.mark.parametrize("group", ["experiments/cevr", "weights"])
def test_a_group_alone_is_listed(group, capsys):
    assert main(["configs", group]) == 0
    assert {line.split("/")[0] for line in capsys.readouterr().out.splitlines()} == {"experiments"}


@pytest.mark.parametrize(
    ("typed", "told"), [("cvr", "no packaged configuration 'cvr'; did you mean cevr?"), ("lst", "did you mean list?")]
)
def test_a_misspelt_name_or_action_alone(typed, told, capsys):
    assert main(["configs", typed]) == 2
    assert told in capsys.readouterr().err


def test_unknown_group(capsys):
    assert main(["configs", "list", "cvr"]) == 2
    assert "no group of overlays 'cvr'; did you mean cevr? (there are: adaptive_itm, " in capsys.readouterr().err
