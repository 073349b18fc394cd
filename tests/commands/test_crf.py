"""`hdrgen crf` as a user calls it."""

import json
from xml.etree import ElementTree

import numpy as np
import pytest
import torch

from hdrgen.camera import Sigmoid, load_response
from hdrgen.cli.main import main
from hdrgen.io import read_image, write_image
from tests.checkpoint_files import example_of, write_checkpoint
from tests.commands.brackets import write_bracket


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_bracket(tmp_path / "room")
    return tmp_path


@pytest.mark.parametrize("method", ["debevec", "robertson"])
def test_saves_a_curve_with_its_residual_that_merge_takes(folder, method, capsys):
    assert main(["crf", "room", "-o", "camera.json", "--method", method]) == 0
    records = json.loads((folder / "camera.json").read_text())
    assert [record["name"] for record in records] == ["red", "green", "blue"]
    assert 0 < records[0]["residual_stops"] < 0.3
    assert records[0]["files"] == ["b_dark.jpg", "a_mid.jpg", "c_bright.jpg"]
    display = torch.linspace(0.2, 0.9, 8).expand(3, 1, 8)
    found = load_response("camera.json").inverse(display)
    assert (found.diff() >= 0).all()
    if method == "debevec":  # three frames at equal steps are too few for the other
        torch.testing.assert_close(found, display**2.2, rtol=0.3, atol=0.02)
    assert "residual" in capsys.readouterr().out
    assert main(["merge", "room", "-o", "out.exr", "--response", "camera.json", "--align", "none"]) == 0
    assert "response camera.json (frames agree within" in capsys.readouterr().out


def test_plots(folder):
    assert main(["crf", "room"]) == 0
    tree = ElementTree.parse(folder / "room_crf.svg")
    lines = [element for element in tree.iter() if element.tag.endswith("polyline")]
    assert len(lines) == 4  # sRGB and the three channels
    assert main(["crf", "room", "-o", "b.json", "--plot", "png"]) == 0
    assert read_image("b.png").pixels.std() > 5
    assert main(["crf", "room", "-o", "c.json", "--plot", "none"]) == 0
    assert not list(folder.glob("c.[ps]*"))


@pytest.fixture
def network(tmp_path, monkeypatch):
    """A network that has learnt nothing takes every camera for the mean of cameras."""
    file = write_checkpoint(example_of("InverseCamera").model(), tmp_path / "mean.ckpt")
    monkeypatch.setattr("hdrgen.weights.default_weights", lambda: file)
    return file


def test_one_photograph_alone_is_asked_of_a_network(folder, network, capsys):
    assert main(["crf", "room/a_mid.jpg"]) == 0
    assert capsys.readouterr().out.startswith(
        "a_mid_crf.json: from a_mid.jpg alone, by mean; code 118 of 255 is 2.3 stops below white (sRGB: 2.5), plot"
    )
    display = torch.linspace(0, 1, 20).expand(3, 1, -1)
    torch.testing.assert_close(
        load_response("a_mid_crf.json").inverse(display), Sigmoid(0.9, 0.6).inverse(display), atol=1e-4, rtol=0
    )
    assert len(list(ElementTree.parse(folder / "a_mid_crf.svg").iter("{http://www.w3.org/2000/svg}polyline"))) == 4


def test_what_one_photograph_has_no_use_for_is_told(folder, network, capsys):
    other = write_checkpoint(example_of("CEVR").model(), folder / "cevr.ckpt")
    write_image(folder / "linear.tif", np.full((20, 20, 3), 0.1, np.float32))
    for arguments, message in (
        (["room/a_mid.jpg", "--method", "robertson"], "--method robertson needs several exposures"),
        (["room", "--weights", str(network)], "is for one photograph, found several"),
        (["room/a_mid.jpg", "--ckpt_path", str(other)], "a network that estimates cameras, InverseCamera, found CEVR"),
        (["linear.tif"], "found a linear one"),
    ):
        assert main(["crf", *arguments]) == 2
        assert message in capsys.readouterr().err
    assert not list(folder.glob("*_crf*"))


def test_errors(folder, capsys):
    (folder / "there.json").write_text("precious")
    write_image(folder / "linear/a.tif", np.full((20, 20, 3), 0.1, np.float32))
    write_image(folder / "linear/b.tif", np.full((20, 20, 3), 0.4, np.float32))
    for arguments, message in (
        (["room", "-o", "there.json"], "exists already"),
        (["room", "-o", "curve.svg"], "ends in .json"),
        (["linear", "--ev", "0,2"], "found linear ones"),
        (["room", "--plot", "pdf"], "invalid choice"),
    ):
        assert main(["crf", *arguments]) == 2
        told = capsys.readouterr().err.splitlines()
        assert len(told) == 1
        assert message in told[0]
    assert (folder / "there.json").read_text() == "precious"


def test_a_white_below_the_largest_code_is_no_part_of_the_curve(tmp_path, monkeypatch):
    """Photographs that clip at 235 of 255, through a power of 2.2, which the codes alone do not tell."""
    monkeypatch.chdir(tmp_path)
    radiance = 2.0 ** np.linspace(-6, 3, 160)[None, :, None] * np.linspace(0.7, 1.4, 128)[:, None, None] * [1, 0.9, 0.8]
    for index, ev in enumerate((-2, 0, 2)):
        codes = np.rint(((radiance * 2.0**ev) ** (1 / 2.2) * 255).clip(0, 235)).astype(np.uint8)
        write_image(tmp_path / f"room/{index}.png", codes)
    display = torch.linspace(0.2, 0.9, 8).expand(3, 1, 8)
    off = []
    for white in ([], ["--white", "255"]):
        assert main(["crf", "room", "--ev=-2,0,2", "-o", "camera.json", "--plot", "none", "--overwrite", *white]) == 0
        stops = torch.log2(load_response("camera.json").inverse(display) / display**2.2)
        off.append(float(stops.max() - stops.min()))
    assert off[0] < 0.2 < off[1]


def test_frames_that_disagree_are_warned_of(folder, capsys):
    """A blue border, as scans have, does not change with the exposure; a curve comes out all the same."""
    for path in (folder / "room").iterdir():
        image = read_image(path)
        pixels = image.pixels.copy()
        pixels[:40] = (90, 120, 60)
        write_image(folder / "scans" / f"{path.stem}.png", pixels, exposure=image.exposure)
    assert main(["crf", "scans"]) == 0
    told = capsys.readouterr()
    assert "residual" in told.out
    assert told.err.startswith("hdrgen: warning: scans: the frames disagree by ")
    assert main(["crf", "room"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("method", ["debevec", "robertson"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (5, 6)])
def test_photographs_of_a_few_pixels_tell_no_curve(tmp_path, monkeypatch, capsys, method, shape):
    monkeypatch.chdir(tmp_path)
    values = np.random.default_rng(0).random((*shape, 3)).astype(np.float32)
    for index, ev in enumerate((-2, 0, 2)):
        write_image(f"tiny/{index}.png", np.clip(values * 2.0**ev, 0, 1))
    assert main(["crf", "tiny", "--ev=-2,0,2", "--method", method]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    size = f"{shape[1]} x {shape[0]}"
    assert f"tiny: expected photographs of at least 32 pixels to estimate a response from, found {size};" in line


def test_a_response_that_is_none_is_told_before_photographs_are_read(folder, capsys):
    (folder / "room/a_mid.jpg").write_bytes(b"no photograph")
    for response, found in (("room", "the folder 'room'"), ("rom.json", "'rom.json'; no such file")):
        assert main(["merge", "room", "--response", response]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert f"found {found}" in line
        assert "--response" in line
