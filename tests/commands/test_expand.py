"""`hdrgen expand` as a user calls it."""

import inspect
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


@pytest.fixture(autouse=True)
def photos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    noise = np.random.default_rng(0)
    return [hdrgen.write(f"photos/{name}.png", noise.random((20, 30, 3), np.float32)) for name in "ab"]


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
    assert main(["expand", "photos/[a].png", "--ckpt_path", str(checkpoints["AdaptiveITM"]), "--device", "cpu"]) == 0
    made = sorted(path.name for path in (tmp_path / "predictions/a").iterdir())
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
        ("AdaptiveITM", ["--ev", "-1,1"], "AdaptiveITM chooses the exposures by itself; leave --ev out"),
        ("MultiExposureGeneration", ["--ev", "2"], "expected at least two exposures to merge, found '2'"),
        ("MultiExposureGeneration", ["--ev", "a,b"], "--ev: expected -2,0,2"),
        (
            "MultiExposureGeneration",
            ["--formats", "png"],
            "some of exr, hdr, tif, jxl, avif, uhdr.jpg, found 'png'",
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
    assert sorted(path.name[:4] for path in (tmp_path / "predictions").glob("*/*.exr")) == ["a.ex", "pppp"]


def test_radiance_that_needs_cleaning(checkpoints, tmp_path, capsys):
    radiance = np.random.default_rng(0).random((20, 30, 3), np.float32)
    radiance[3, 4] = np.nan
    assert OpenImageIO.ImageBuf(radiance).write("photos/a.exr")  # hdrgen writes no NaN
    arguments = ["expand", "photos/a.exr", "--ckpt_path", str(checkpoints["AdaptiveITM"]), "--device", "cpu"]
    assert main(arguments) == 2
    assert "--clean" in capsys.readouterr().err
    assert main([*arguments, "--clean"]) == 0
