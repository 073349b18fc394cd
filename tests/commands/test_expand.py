"""`hdrgen expand` as a user calls it."""

import inspect
import os
import subprocess
import sys
from typing import get_args

import numpy as np
import OpenImageIO
import pytest

import hdrgen
from hdrgen.callbacks import PredictionWriter
from hdrgen.cli.main import main
from hdrgen.commands.expand import FORMATS
from tests.checkpoint_files import example_of, perturbed, write_checkpoint


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    """A checkpoint of every kind of method."""
    folder = tmp_path_factory.mktemp("checkpoints")
    names = ("MultiExposureGeneration", "AdaptiveITM", "DeepSynthHDRI", "HDRGAN")
    return {name: write_checkpoint(perturbed(example_of(name).model()), folder / f"{name}.ckpt") for name in names}


@pytest.fixture
def default(tmp_path, monkeypatch):
    """Weights in the place of those that come with the package."""
    file = write_checkpoint(perturbed(example_of("InverseCamera").model()), tmp_path / "default.ckpt")
    monkeypatch.setattr("hdrgen.weights.default_weights", lambda: file)
    return file


@pytest.fixture(autouse=True)
def photos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    noise = np.random.default_rng(0)
    return [hdrgen.write(f"photos/{name}.png", noise.random((20, 30, 3), np.float32)) for name in "ab"]


def test_a_photograph_alone_is_expanded_with_the_packaged_weights(monkeypatch, default, tmp_path, capsys):
    asked = []
    monkeypatch.setattr("hdrgen.methods.InverseCamera.expose", lambda *_: asked.append(1))
    assert main(["expand", "photos/a.png"]) == 0
    assert sorted(path.name for path in (tmp_path / "expanded/a").iterdir()) == ["a.exr", "a_preview.jpg"]
    line = capsys.readouterr().out
    assert line.startswith("a: 2 files in expanded/a; up to ")
    assert line.endswith(f" stops above white; by InverseCamera, weights {default}\n")
    assert not asked


def test_what_one_command_made_is_not_in_the_way_of_another(default, checkpoints, tmp_path, capsys):
    """`expand`, `predict`, and weights by name, each of the same photograph without a folder."""
    exported = ["export", "--ckpt_path", str(checkpoints["AdaptiveITM"]), "-o"]
    assert main([*exported, f"{os.environ['HDRGEN_WEIGHTS']}/zhang.safetensors"]) == 0
    cpu = ["--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false"]
    commands = [
        ["expand", "photos/a.png"],
        ["predict", "--data.predict", "photos/a.png", *cpu],
        ["expand", "photos/a.png", "--weights", "zhang"],
        ["predict", "--data.predict", "photos/a.png", "--weights", "zhang", *cpu],
    ]
    for command in commands:
        assert main(command) == 0, capsys.readouterr().err
    found = sorted(path.parts[-3] for path in tmp_path.glob("*/a/a.exr"))
    assert found == ["expanded", "expanded_zhang", "predictions", "predictions_zhang"]
    assert main(commands[3]) == 2
    assert "predictions_zhang/a holds results already" in capsys.readouterr().err
    assert main([*commands[2], "--skip-existing"]) == 0


def test_without_packaged_weights_it_says_what_to_pass(monkeypatch, capsys):
    monkeypatch.setattr("hdrgen.weights.entries.DEFAULT", "none")
    assert main(["expand", "photos/a.png"]) == 2
    assert "expected the weights 'none', the default, found none in" in capsys.readouterr().err


def test_an_interrupted_folder_goes_on_where_it_ended(default, tmp_path, capsys):
    assert main(["expand", "photos/a.png", "--ev", "-2,0", "-o", "x"]) == 0
    first = {path: path.stat().st_mtime_ns for path in (tmp_path / "x/a").iterdir()}
    killed = tmp_path / "x/b/.b.0123.exr"  # as a process leaves it that is killed while it writes
    killed.parent.mkdir()
    killed.write_bytes(b"half")
    again = ["expand", "photos", "--ev", "-2,0", "-o", "x", "--skip-existing"]
    capsys.readouterr()
    assert main(again) == 0
    assert capsys.readouterr().out.splitlines()[0] == "1 of 2 scenes exist already; these are left out"
    assert first == {path: path.stat().st_mtime_ns for path in (tmp_path / "x/a").iterdir()}
    assert (tmp_path / "x/b/b_ev-2.0.png").is_file()
    (tmp_path / "x/b/b_preview.jpg").unlink()
    made = (tmp_path / "x/b/b.exr").stat().st_mtime_ns
    assert main(again) == 0
    assert (tmp_path / "x/b/b_preview.jpg").is_file()
    assert (tmp_path / "x/b/b.exr").stat().st_mtime_ns == made


def test_what_exists_is_told_before_weights_are_loaded(default, monkeypatch, capsys):
    assert main(["expand", "photos"]) == 0
    monkeypatch.setattr("pytorch_lightning.Trainer._predict_impl", lambda *_, **__: pytest.fail("predicted"))
    capsys.readouterr()
    predict = ["predict", "--ckpt_path", str(default), "--data.predict", "photos", "--skip-existing", "-o", "expanded"]
    assert main([*predict, "--writer.radiance=[exr]", "--writer.exposures=null"]) == 0
    monkeypatch.setattr("hdrgen.weights.default_weights", lambda: pytest.fail("loaded"))
    assert main(["expand", "photos", "--skip-existing"]) == 0
    assert capsys.readouterr().out == 2 * "2 of 2 scenes exist already; nothing is left to do\n"
    for verb in (["expand", "photos", "--skip-existing"], predict):
        assert main([*verb, "--overwrite"]) == 2
        assert "contradict each other; leave one out" in capsys.readouterr().err


def test_a_folder_of_photographs_to_exposures_hdr_and_preview(checkpoints, tmp_path, capsys):
    checkpoint = checkpoints["MultiExposureGeneration"]
    assert (
        main(["expand", "photos", "--ckpt_path", str(checkpoint), "--ev", "-1:1:1", "--device", "cpu", "-o", "x"]) == 0
    )
    names = ["a.exr", "a_ev+0.0.png", "a_ev+1.0.png", "a_ev-1.0.png", "a_preview.jpg"]
    assert sorted(path.name for path in (tmp_path / "x/a").iterdir()) == names
    assert [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()] == ["a", "b"]
    model = hdrgen.load(checkpoint, device="cpu")
    made = hdrgen.read("x/a/a_ev+1.0.png").as_float()
    np.testing.assert_allclose(made, model.generate("photos/a.png", 1.0), atol=0.51 / 255)
    arguments = ["expand", "photos/a.png", "--ckpt-path", str(checkpoint), "-o", "x", "--device", "cpu"]
    assert main(arguments) == 2
    assert "holds results already" in capsys.readouterr().err
    assert main([*arguments, "--overwrite", "--formats", "hdr", "--no-exposures", "--no-preview", "--tile", "160"]) == 0
    assert (tmp_path / "x/a/a.hdr").is_file()


def test_formats_are_those_of_the_writer():
    written = inspect.signature(PredictionWriter).parameters["radiance"].annotation
    assert get_args(get_args(written)[0]) == FORMATS


def test_defaults_are_those_of_the_method(checkpoints, tmp_path):
    assert main(["expand", "photos/[a].png", "--ckpt_path", str(checkpoints["AdaptiveITM"]), "--ev", "own"]) == 0
    made = sorted(path.name for path in (tmp_path / "expanded/a").iterdir())
    assert made == ["a.exr", "a_down.png", "a_ev+0.0.png", "a_preview.jpg", "a_up.png"]


def test_options_from_a_file(checkpoints, tmp_path):
    (tmp_path / "mine.yaml").write_text(
        f"ckpt_path: {checkpoints['DeepSynthHDRI']}\noutput: y\nev: [-1, 0]\ndevice: cpu\n"
    )
    assert main(["expand", "photos/a.png", "--config", "mine.yaml"]) == 0
    assert (tmp_path / "y/a/a_ev-1.0.png").is_file()


@pytest.mark.parametrize(
    ("method", "options", "told"),
    [
        ("HDRGAN", [], "HDRGAN takes several exposures of a scene, not one photograph; see hdrgen merge"),
        ("DeepSynthHDRI", ["--ev", "-1:1:0.5"], "DeepSynthHDRI cannot make EV -0.5; it makes EV -1, +0, +1"),
        ("AdaptiveITM", ["--ev", "-1,1"], "AdaptiveITM chooses the exposures by itself; pass --ev own"),
        ("MultiExposureGeneration", ["--ev", "2"], "expected at least two exposures to merge, found '2'"),
        ("MultiExposureGeneration", ["--ev", "a,b"], "--ev: expected -2,0,2"),
        (
            "MultiExposureGeneration",
            ["--formats", "png"],
            "some of exr, hdr, tif, jxl, avif, pq.png, uhdr.jpg, found 'png'",
        ),
        ("MultiExposureGeneration", ["--tile", "many"], "--tile"),
        ("MultiExposureGeneration", ["--ovrwrite"], "did you mean --overwrite"),
    ],
)
def test_bad_input(checkpoints, method, options, told, tmp_path, capsys):
    assert main(["expand", "photos/a.png", "--ckpt_path", str(checkpoints[method]), "-o", "z", *options]) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("hdrgen: error:")]
    assert len(lines) == 1
    assert told in lines[0]
    assert not (tmp_path / "z").exists()


def test_nothing_to_expand_or_to_expand_with(checkpoints, capsys):
    for arguments, told in (
        (["none.png", "--ckpt_path", str(checkpoints["HDRGAN"])], "none.png"),
        (["photos", "--ckpt_path", "none.ckpt"], "found nothing at none.ckpt"),
        (["photos", "--ckpt_path", "last"], "no last.ckpt below runs"),
        (["photos", "--weights", "cevrr"], "no weights and no file 'cevrr'"),
        (["photos", "--weights", "cevr", "--ckpt_path", "last"], "both name a network; pass one"),
    ):
        assert main(["expand", *arguments]) == 2
        assert told in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["expand", "export"])
def test_help_waits_for_nothing_heavy(verb):
    code = f"import sys; from hdrgen.cli.main import main; main([{verb!r}, '--help']); print('torch' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.endswith("False\n")
    assert f"usage: hdrgen {verb}" in told


def test_a_name_as_long_as_the_file_system_takes_stops_no_folder(checkpoints, tmp_path):
    long = "p" * 251
    (tmp_path / "photos/b.png").rename(tmp_path / f"photos/{long}.png")
    assert main(["expand", "photos", "--ckpt_path", str(checkpoints["AdaptiveITM"]), "--device", "cpu"]) == 0
    assert sorted(path.name[:4] for path in (tmp_path / "expanded").glob("*/*.exr")) == ["a.ex", "pppp"]


def test_radiance_that_needs_cleaning(checkpoints, tmp_path, capsys):
    radiance = np.random.default_rng(0).random((20, 30, 3), np.float32)
    radiance[3, 4] = np.nan
    assert OpenImageIO.ImageBuf(radiance).write("photos/a.exr")  # hdrgen writes no NaN
    arguments = ["expand", "photos/a.exr", "--ckpt_path", str(checkpoints["AdaptiveITM"]), "--device", "cpu"]
    assert main(arguments) == 2
    assert "--clean" in capsys.readouterr().err
    assert main([*arguments, "--clean"]) == 0
