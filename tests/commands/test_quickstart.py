import pytest
import yaml

from hdrgen import configs
from hdrgen.cli.main import main
from hdrgen.commands import quickstart
from hdrgen.commands.quickstart import _judge, run
from hdrgen.errors import InputError


def test_fails_where_the_input_is_not_beaten():
    table = {
        "network": {"-1.0": 20.0, "+1.0": 30.0, "HDR": 1.0},
        "unchanged input": {"-1.0": 21.0, "+1.0": 2.0, "HDR": 9.0},
    }
    with pytest.raises(InputError, match=r"at EV -1\.0:"):
        _judge(table)
    table["network"]["-1.0"] = 21.1
    _judge(table)


def test_a_folder_in_use_is_left_alone(tmp_path, capsys):
    (tmp_path / "precious.txt").write_text("mine")
    assert main(["quickstart", "-o", str(tmp_path), "--overwrite"]) == 2
    assert "is not empty" in capsys.readouterr().err
    assert (tmp_path / "precious.txt").read_text() == "mine"


@pytest.fixture
def few_scenes(tmp_path, monkeypatch):
    """The packaged scenes, fewer and smaller: `make quickstart` takes them whole."""
    scenes = yaml.safe_load(configs.path_of(quickstart.SCENES).read_text())
    for part, count in (("train", 16), ("val", 2), ("test", 3)):
        scenes["data"][part]["init_args"] |= {"count": count, "size": 48}
    scenes["data"]["num_workers"] = 0
    path = tmp_path / "few.yaml"
    path.write_text(yaml.safe_dump(scenes))
    monkeypatch.setattr(
        quickstart, "CONFIGS", tuple(str(path) if name == quickstart.SCENES else name for name in quickstart.CONFIGS)
    )
    monkeypatch.setattr(quickstart, "SCENES", str(path))


@pytest.mark.slow
def test_makes_everything_that_it_names(tmp_path, capsys, few_scenes):
    """One epoch is too short to win; everything else is there all the same."""
    with pytest.raises(InputError, match="does not beat"):
        run("quickstart", ["-o", str(tmp_path / "q"), "--steps", "2"])
    printed = capsys.readouterr().out
    for name in ("contact_sheet.png", "photo.exr", "photo.hdr", "metrics.csv", "config.yaml", "photo_ev-2.0.png"):
        line = next(line for line in printed.splitlines() if line.strip().endswith(name))
        assert (tmp_path / line.strip()).is_file()
    assert "linear gain" in printed
