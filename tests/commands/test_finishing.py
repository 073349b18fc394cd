"""Finished pictures: `hdrgen merge -o out.jpg`, presets, saturation and contrast, as a user types them."""

import imageio.v3 as iio
import numpy as np
import PIL.Image
import pytest
import torch
from PIL import ExifTags

from hdrgen.cli.main import main
from hdrgen.commands.finishing import PRESETS
from hdrgen.io import DISPLAY_P3, MADE, Exposure, read_image, read_tags, rgb_to_xyz, srgb_decoded, write_image
from hdrgen.tonemap import PRESETS as GRADED
from hdrgen.tonemap import Drago2003, Graded, Reinhard2002, Reinhard2005
from tests.commands.brackets import write_bracket

KNOWN = ["--response", "gamma:2.2", "--align", "none"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_bracket(tmp_path / "room")
    assert main(["merge", "room", "-o", "room.exr", *KNOWN]) == 0
    return tmp_path


def shown(mapper, name="room.exr"):
    with torch.inference_mode():
        display = mapper(torch.from_numpy(read_image(name).as_float()).permute(2, 0, 1))
    return display.permute(1, 2, 0).numpy()


def off(name, mapper):
    """The largest difference in levels of 8 bits; half a level is rounding, half-float radiance adds a little."""
    return np.abs(read_image(name).as_float() - shown(mapper)).max() * 255


def test_a_bracket_becomes_a_picture_with_the_tags_of_its_middle_photograph(folder, capsys):
    assert main(["merge", "room", "-o", "out.png", *KNOWN]) == 0
    assert off("out.png", Reinhard2002()) < 0.8
    assert iio.imread("out.png").dtype == np.uint8
    assert ", reinhard2002, 8 bits; 128 x 96" in capsys.readouterr().out
    assert main(["merge", "room", "-o", "out.jpg", *KNOWN]) == 0
    assert read_tags("out.jpg").exposure == Exposure(time=0.125, fnumber=4.0, iso=100)
    assert PIL.Image.open("out.jpg").getexif()[ExifTags.Base.Software] == MADE
    assert np.abs(read_image("out.jpg").as_float() - shown(Reinhard2002())).mean() < 0.02


@pytest.mark.parametrize(
    ("typed", "mapper", "said"),
    [
        (["--operator", "drago2003", "--bias", "0.7"], Drago2003(bias=0.7), "drago2003"),
        (["--saturation", "1.5"], Graded(Reinhard2002(), 1.5), "reinhard2002, saturation 1.5"),
        (["--preset", "vivid"], GRADED["vivid"], "vivid: reinhard2002, saturation 1.25, contrast 1.25"),
        (["--preset=bw", "--contrast=2", "--no-local"], Graded(Reinhard2002(key=0.22), 0, 2), "bw: reinhard2002, satu"),
        (
            ["--operator", "drago2003", "--saturation", "0.5", "--picture-saturation", "2"],
            Graded(Drago2003(saturation=0.5), 2),
            "drago2003, saturation 2",
        ),
        (
            ["--operator", "reinhard2005", "--contrast", "0.5", "--picture-contrast", "0.8"],
            Graded(Reinhard2005(contrast=0.5), 1, 0.8),
            "reinhard2005, contrast 0.8",
        ),
    ],
)
def test_both_verbs_make_the_same_picture(typed, mapper, said, folder, capsys):
    assert main(["merge", "room", "-o", "merged.png", *KNOWN, *typed]) == 0
    assert main(["tonemap", "room.exr", "-o", "mapped.png", *typed]) == 0
    assert off("mapped.png", mapper) < 0.51
    assert np.abs(iio.imread("mapped.png").astype(int) - iio.imread("merged.png")).max() <= 1
    assert capsys.readouterr().out.count(said) == 2


def test_scenes_of_a_folder_and_deep_pictures(folder):
    write_bracket(folder / "hall")
    assert main(["merge", "room", "hall", "-o", "made", "--format", "jpg", "--quality", "80", *KNOWN]) == 0
    assert sorted(path.name for path in (folder / "made").iterdir()) == ["hall.jpg", "room.jpg"]
    assert main(["merge", "room", "-o", "out.tif", "--format", "tif", *KNOWN]) == 0
    assert iio.imread("out.tif").dtype == np.uint16
    assert main(["merge", "room", "-o", "radiance.tif", *KNOWN]) == 0
    assert read_image("radiance.tif").linear


def test_a_fused_picture_takes_saturation_and_contrast(folder, capsys):
    fused = ["merge", "room", "--method", "mertens", "--align", "none"]
    assert main([*fused, "-o", "plain.png"]) == 0
    assert main([*fused, "-o", "grey.png", "--saturation", "0"]) == 0
    grey, plain = (srgb_decoded(read_image(name).as_float()) for name in ("grey.png", "plain.png"))
    np.testing.assert_allclose(grey, np.repeat(plain @ [[0.2126], [0.7152], [0.0722]], 3, -1), atol=0.01)
    assert "Mertens et al., saturation 0, 8 bits" in capsys.readouterr().out


def test_black_and_white_weighs_the_colours_of_the_picture(folder):
    image = np.exp(np.random.default_rng(0).normal(size=(8, 9, 3))).astype(np.float32)
    write_image("wide.exr", image, chromaticities=DISPLAY_P3.chromaticities)
    assert main(["tonemap", "wide.exr", "--colour-space", "display-p3", "-o", "colour.png", "--format", "png16"]) == 0
    typed = ["--saturation", "0", "-o", "bw.png", "--format", "png16"]
    assert main(["tonemap", "wide.exr", "--colour-space", "display-p3", *typed]) == 0
    colour, grey = (srgb_decoded(read_image(name).as_float()) for name in ("colour.png", "bw.png"))
    expected = colour @ rgb_to_xyz(DISPLAY_P3.chromaticities)[1][:, None]
    np.testing.assert_allclose(grey, np.repeat(expected, 3, -1), atol=1e-4)


def test_pictures_of_two_presets_lie_beside_each_other(folder):
    assert main(["tonemap", "room.exr", "--preset", "vivid"]) == 0
    assert main(["tonemap", "room.exr", "--preset", "bw"]) == 0
    assert {"room_vivid.jpg", "room_bw.jpg"} <= {path.name for path in folder.iterdir()}


def test_help_names_every_preset_and_the_parameters_of_one(capsys):
    assert tuple(GRADED) == PRESETS
    assert main(["merge", "--preset", "vivid", "--help"]) == 0
    told = capsys.readouterr().out
    assert "--key X" in told
    assert "(default: 0.22)" in told


def test_what_a_network_merges_is_finished_too(folder, monkeypatch, capsys):
    def predict(verb, arguments):
        write_image(f"{arguments[-1]}/room/room.exr", read_image("room.exr").pixels)

    monkeypatch.setattr("hdrgen.cli.run_lightning", predict)
    (folder / "net.ckpt").touch()
    learned = ["--method", "hdr_gan", "--ckpt_path", "net.ckpt"]
    assert main(["merge", "room", "-o", "out.png", "--preset", "bw", *learned]) == 0
    assert off("out.png", GRADED["bw"]) < 0.51
    assert "merged by net.ckpt, bw: reinhard2002, saturation 0, contrast 1.3, 8 bits" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["-o", "x.exr", "--saturation", "1.2"], "--saturation is for finished pictures"),
        (["-o", "x.exr", "--preset", "bw"], "--preset is for finished pictures"),
        (["-o", "x.exr", "--quality", "90"], "--quality is for finished pictures"),
        (["-o", "x.exr", "--format", "jpg"], "found '.exr'"),
        (["-o", "x.png", "--format", "jpg"], "disagree"),
        (["-o", "x.jpg", "--preview"], "picture already"),
        (["-o", "x.jpg", "--preset", "bw", "--operator", "drago2003"], "--preset bw has an operator of its own"),
        (["-o", "x.jpg", "--preset", "bright"], "invalid choice: 'bright'"),
        (["-o", "x.jpg", "--contrast", "9"], "expected a contrast from 0.25 to 4, found 9 (--contrast)"),
        (["-o", "x.jpg", "--operator", "drago"], "did you mean drago2003?"),
        (["-o", "x.jpg", "--bias", "1"], "reinhard2002 has no --bias (drago2003 has)"),
        (["-o", "x.jpg", "--quality", "0"], "quality from 1 to 100, found 0"),
        (["-o", "x.jpg", "--method", "mertens", "--preset", "bw"], "--preset is for radiance"),
        (["-o", "x.jpg", "--method", "mertens", "--contrast", "9"], "expected a contrast from 0.25 to 4"),
    ],
)
def test_what_contradicts_itself_is_one_line_and_writes_nothing(typed, said, folder, capsys):
    before = sorted(folder.rglob("*"))
    assert main(["merge", "room", *typed]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert sorted(folder.rglob("*")) == before
