"""What a folder holds beside the exposures of a bracket is told, and linear frames are a bracket themselves."""

import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest

import hdrgen
from hdrgen.cli.main import main
from hdrgen.errors import InputError, InputWarning
from hdrgen.io import Exposure, write_image
from tests.fusion.moved import scene

STOPS = (-2, 0, 2)
RADIANCE = scene(48, 64)


def write(folder, suffix, *, exposed=True, name="f{index}", side=48):
    """Three exposures of one scene, linear as OpenEXR."""
    for index, ev in enumerate(STOPS):
        linear = np.clip(RADIANCE[:side] * 2.0**ev, 0, 1).astype(np.float32)
        pixels = linear if suffix in (".exr", ".hdr") else linear ** (1 / 2.2)
        exposure = Exposure(time=2.0**ev / 8) if exposed else None
        path = Path(folder) / (name.format(index=index, ev=ev) + suffix)
        write_image(path, pixels, exposure=exposure, **({"bits": 16} if suffix == ".tif" else {}))


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)


def right(pixels) -> bool:
    """Within what the shared exponent of .hdr leaves of a dark channel."""
    shown = RADIANCE < 3.9
    return float(np.quantile(np.abs(pixels[shown] / RADIANCE[shown] - 1), 0.9)) < 0.02


@pytest.mark.parametrize(
    ("how", "options"),
    [
        ({"exposed": True}, []),
        ({"exposed": False}, ["--ev=-2,0,2"]),
        ({"exposed": False}, ["--ev-step=2"]),
        ({"exposed": False, "name": "f_ev{ev:+d}"}, []),
    ],
)
@pytest.mark.parametrize("suffix", [".exr", ".hdr"])
def test_a_folder_of_linear_frames_is_merged_as_its_files_are(how, options, suffix):
    if suffix == ".hdr" and not options and how["exposed"]:
        pytest.skip("it keeps no exposure")
    write("frames", suffix, **how)
    files = sorted(map(str, Path("frames").iterdir()))
    assert main(["merge", "frames", "--align", "none", "-o", "a.exr", *options]) == 0
    assert right(hdrgen.read("a.exr").pixels)
    if how["exposed"] or options:
        assert main(["merge", *files, "--align", "none", "-o", "b.exr", *options]) == 0
        np.testing.assert_array_equal(hdrgen.read("a.exr").pixels, hdrgen.read("b.exr").pixels)


def test_in_python_likewise():
    write("frames", ".exr")
    np.testing.assert_array_equal(
        hdrgen.merge("frames", align="none").pixels,
        hdrgen.merge(sorted(Path("frames").iterdir()), align="none").pixels,
    )
    for name in ("f1", "f2"):
        Path(f"frames/{name}.exr").unlink()
    with pytest.raises(InputError, match=r"found 1 \(f0\.exr\); an HDR image needs no merge"):
        hdrgen.merge("frames")


def test_a_folder_of_hdr_images_says_what_it_is(capsys):
    write("panoramas", ".hdr", exposed=False)
    assert main(["merge", "panoramas"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "no exposure data for every image (f0.hdr, f1.hdr, f2.hdr: no exposure metadata)" in line
    assert "HDR images need no merge, but linear frames of one scene do, with their exposures" in line
    assert "--ev" in line


def test_what_hdrgen_made_is_no_frame_unless_it_is_named(capsys):
    write("room", ".png")
    for name in ("a", "b"):
        assert main(["merge", "room", "--align", "none", "-o", f"made/{name}.exr"]) == 0
    capsys.readouterr()
    assert main(["merge", "made"]) == 2
    expected = "found 0 (none) beside a.exr, b.exr (made by hdrgen); name files one by one to have them merged"
    assert expected in capsys.readouterr().err
    shutil.copy("made/a.exr", "room/a.exr")
    assert main(["merge", "room", "--align", "none", "-o", "again.exr"]) == 0
    assert not capsys.readouterr().err


@pytest.mark.parametrize("suffix", [".exr", ".hdr", ".jxl", ".uhdr.jpg"])
def test_an_hdr_image_beside_photographs_is_told(suffix, capsys):
    write("room", ".png")
    write_image(f"room/lamp{suffix}", RADIANCE)
    assert main(["merge", "room", "--align", "none", "-o", "out.exr"]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert f"room: left out lamp{suffix} (HDR images, results and no exposures)" in line
    with pytest.warns(InputWarning, match="left out lamp"):
        hdrgen.merge("room", align="none")


def test_a_tiff_beside_exposures_of_an_hdr_image_is_not_taken_alone_unsaid(capsys):
    write_image("room/a.exr", RADIANCE)
    assert main(["expose", "room/a.exr", "--ev=-2,0,2", "-o", "room"]) == 0
    write_image("room/other.tif", np.clip(RADIANCE, 0, 1), bits=16)
    capsys.readouterr()
    assert main(["merge", "room"]) == 2
    told = capsys.readouterr().err
    assert "left out a.exr (HDR images, results and no exposures), a_ev+0.0.png, a_ev+2.0.png, a_ev-2.0.png" in told
    assert "found 1 (other.tif)" in told


@pytest.mark.parametrize("verb", ["merge", "crf"])
def test_a_photograph_of_another_size_is_told_by_every_verb(verb, capsys):
    write("room", ".png")
    write_image("room/edit.tif", np.clip(RADIANCE[:40], 0, 1), bits=16, exposure=Exposure(time=1 / 8))
    assert main([verb, "room", "-o", "out.exr" if verb == "merge" else "out.json"]) == 0
    told = capsys.readouterr()
    expected = "1 photograph belongs to no bracket (another size, camera, kind of file or time): edit.tif"
    assert expected in told.out + told.err
    with pytest.warns(InputWarning, match=r"1 photograph belongs to no bracket .*: edit\.tif"):
        assert hdrgen.merge("room", align="none").pixels.shape == (48, 64, 3)


def test_a_folder_of_photographs_alone_says_nothing():
    write("room", ".png")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        hdrgen.merge("room", align="none")


def test_a_list_does_not_make_the_size_of_groups_forgotten(capsys):
    write("room", ".png", exposed=False)
    Path("room/exposures.csv").write_text("file,time\nf0.png,0.25\nf1.png,1\nf2.png,4\n")
    assert main(["merge", "room", "--group", "2"]) == 2
    assert "expected 2 photographs for each scene, found 3" in capsys.readouterr().err
    assert main(["merge", "room", "--group", "3", "--align", "none", "-o", "all.exr"]) == 0
    assert right(hdrgen.read("all.exr").pixels)
