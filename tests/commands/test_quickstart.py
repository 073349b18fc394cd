from pathlib import Path

import pytest
import yaml

from hdrgen import configs
from hdrgen.cli.main import main
from hdrgen.commands import quickstart
from hdrgen.commands.quickstart import _judge, run
from hdrgen.errors import InputError
from hdrgen.examples import example_photograph
from hdrgen.io import read_image
from tests.checkpoint_files import example_of, perturbed, write_checkpoint


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
def no_default(monkeypatch):
    """As before weights are packaged."""
    monkeypatch.setattr("hdrgen.weights.entries.DEFAULT", "none")


@pytest.fixture
def default(tmp_path, monkeypatch):
    """A small network in the place of the packaged one."""
    file = write_checkpoint(perturbed(example_of("InverseCamera").model()), tmp_path / "default.ckpt")
    monkeypatch.setattr("hdrgen.weights.default_weights", lambda: file)


def test_the_photograph_is_expanded_first(tmp_path, capsys, default, monkeypatch):
    monkeypatch.setattr(quickstart, "_train_and_test", lambda *_: pytest.fail("trained"))
    assert main(["quickstart", "-o", str(tmp_path / "q"), "--no-training"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Part 1: ")
    for name in ("contact_sheet.png", "circus_arena.exr", "circus_arena.uhdr.jpg"):
        line = next(line for line in lines if f"/{name}  " in line)
        assert Path(line.split()[0]).is_file()
    assert lines[-1] == "  hdrgen expand YOUR.jpg"
    photograph = example_photograph().read_bytes()
    assert photograph[-1000:] in (tmp_path / "q/circus_arena/circus_arena.uhdr.jpg").read_bytes()
    sheet = read_image(tmp_path / "q/circus_arena/contact_sheet.png").pixels
    top, bottom = sheet[20:330], sheet[356:666]  # below their captions
    means = [half[:, 20 + 482 * place : 460 + 482 * place].mean() for half in (top, bottom) for place in range(3)]
    assert means[2] > means[3] > means[4] > means[5]  # EV +2, 0, -2, -4
    assert means[0] == pytest.approx(means[3], abs=1)  # EV 0 is the photograph


def test_training_comes_next_and_then_the_next_command(tmp_path, capsys, default, monkeypatch):
    monkeypatch.setattr(quickstart.expand, "run", lambda *_: None)
    monkeypatch.setattr(quickstart, "_expanded_sheet", lambda *_: tmp_path)
    monkeypatch.setattr(quickstart, "_train_and_test", lambda *_: print("trained") or tmp_path / "last.ckpt")
    monkeypatch.setattr("sys.argv", [".venv/bin/hdrgen", "quickstart"])
    monkeypatch.setattr("shutil.which", lambda _: None)
    run("quickstart", ["-o", str(tmp_path / "q")])
    printed = capsys.readouterr().out
    assert printed.index("Part 1: ") < printed.index("trained")
    assert printed.splitlines()[-1] == "  .venv/bin/hdrgen expand YOUR.jpg"


def test_without_packaged_weights_it_says_so_in_a_line_and_trains(tmp_path, capsys, no_default, monkeypatch):
    monkeypatch.setattr(quickstart, "_train_and_test", lambda *_: tmp_path / "last.ckpt")
    run("quickstart", ["-o", str(tmp_path / "q")])
    left_out, *_, last = capsys.readouterr().out.splitlines()
    assert left_out.startswith("no default weights are packaged: left out the photograph")
    assert last.endswith(f"hdrgen expand YOUR.jpg --ckpt_path {tmp_path / 'last.ckpt'}")
    run("quickstart", ["-o", str(tmp_path / "none"), "--no-training"])
    assert len(capsys.readouterr().out.splitlines()) == 1


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
def test_makes_everything_that_it_names(tmp_path, capsys, few_scenes, no_default):
    """One epoch is too short to win; everything else is there all the same."""
    with pytest.raises(InputError, match="does not beat"):
        run("quickstart", ["-o", str(tmp_path / "q"), "--steps", "2"])
    printed = capsys.readouterr().out
    for name in ("contact_sheet.png", "photo.exr", "photo.hdr", "metrics.csv", "config.yaml", "photo_ev-2.0.png"):
        line = next(line for line in printed.splitlines() if line.strip().endswith(name))
        assert (tmp_path / line.strip()).is_file()
    assert "linear gain" in printed
