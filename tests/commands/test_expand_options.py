"""`hdrgen expand`: how far above white, with which response, and of photographs that know their radiance."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import hdrgen
from hdrgen.camera import EstimatedResponse, save_response
from hdrgen.cli.main import main
from hdrgen.io.codecs.jpeg_gain_map import find_gain_map
from hdrgen.io.colour import ADOBE_RGB, srgb_decoded
from tests.checkpoint_files import example_of, perturbed, write_checkpoint, write_weights
from tests.dng import write_dng


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    """A method that restores, and one that takes no response."""
    folder = tmp_path_factory.mktemp("checkpoints")
    names = ("InverseCamera", "AdaptiveITM")
    return {name: write_checkpoint(perturbed(example_of(name).model()), folder / f"{name}.ckpt") for name in names}


@pytest.fixture(autouse=True)
def photograph(tmp_path, monkeypatch):
    """A ramp of greys with a white square, PNG."""
    monkeypatch.chdir(tmp_path)
    display = np.tile(np.linspace(0, 0.85, 48, dtype=np.float32)[None, :, None], (32, 1, 3))
    display[8:20, 8:20] = 1
    return hdrgen.write("photo.png", display)


def expanded(checkpoint, *options: str, photo: str = "photo.png") -> np.ndarray:
    assert main(["expand", photo, "--ckpt_path", str(checkpoint), "--overwrite", "--no-preview", *options]) == 0
    return hdrgen.read(f"expanded/{Path(photo).stem}/{Path(photo).stem}.exr").as_float()


def test_stops_limit_what_is_restored_and_leave_the_rest(checkpoints):
    checkpoint = checkpoints["InverseCamera"]
    free = expanded(checkpoint)
    assert free.max() > 2**0.3
    flat, some = expanded(checkpoint, "--stops", "0"), expanded(checkpoint, "--stops=0.25")
    assert flat.max() == pytest.approx(1, abs=1e-3)
    assert some.max() == pytest.approx(2**0.25, rel=0.03)
    assert some.max() <= 2**0.25 * (1 + 2**-11)  # half floats
    below = free.max(axis=-1) < 0.8
    np.testing.assert_array_equal(some[below], free[below])
    np.testing.assert_array_equal(flat[below], free[below])


def test_a_response_replaces_the_estimate(checkpoints):
    save_response(EstimatedResponse(torch.linspace(0, 1, 256).pow(1.5).expand(3, -1)), "mine.json")
    display = hdrgen.read("photo.png").as_float()
    below = display.max(axis=-1) < 0.9
    for response, gamma in (("gamma:2.2", 2.2), ("mine.json", 1.5)):
        radiance = expanded(checkpoints["InverseCamera"], f"--response={response}")
        np.testing.assert_allclose(radiance[below], display[below] ** gamma, rtol=2e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("method", "options", "told"),
    [
        ("InverseCamera", ["--stops", "7"], "--stops: expected 0 to 6 stops above white, found 7"),
        ("InverseCamera", ["--stops=nan"], "--stops: expected 0 to 6 stops above white, found nan"),
        ("InverseCamera", ["--response", "kodak"], "expected a response (linear, srgb, gamma:2.2"),
        ("AdaptiveITM", ["--response", "srgb"], "--response srgb: AdaptiveITM takes no response; leave it out"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(method, options, told, checkpoints, tmp_path, capsys):
    assert main(["expand", "photo.png", "--ckpt_path", str(checkpoints[method]), *options]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "expanded").exists()


def test_an_argument_of_the_method_is_handed_on(tmp_path, capsys):
    """SingleHDR after its linearisation only, from weights that were trained to the end."""
    model = perturbed(example_of("SingleHDR").model())
    weights = write_weights(model, tmp_path / "single.safetensors")
    command = ["expand", "photo.png", "--weights", str(weights), "--overwrite"]
    (tmp_path / "half.yaml").write_text("model.until: linearisation\n")
    image = torch.from_numpy(hdrgen.read("photo.png").as_float()).movedim(2, 0)[None]
    with torch.no_grad():
        parts = {name: part[0].clamp_min(0).movedim(0, 2).numpy() for name, part in model.steps(image).items()}
    assert abs(parts["linearisation"] - parts["refinement"]).max() > 0.01
    for options, part in (
        ([], "refinement"),
        (["--model.until", "linearisation"], "linearisation"),
        (["--config", "half.yaml"], "linearisation"),
    ):
        assert main([*command, *options, "-o", "x.exr"]) == 0
        np.testing.assert_allclose(hdrgen.read("x.exr").as_float(), parts[part], rtol=2e-3, atol=2e-3)
    for wrong, told in (
        (["--model.until=half"], "--model.until: expected one of 'linearisation', 'hallucination', 'refinement'"),
        (["--model.untill", "linearisation"], "did you mean --model.until"),
        (["--model.until"], "--model.until: expected a value, found none"),
        (["--model.until", "--no-preview"], "--model.until: expected a value, found none"),
    ):
        assert main([*command, "-o", "y.exr", *wrong]) == 2
        assert told in capsys.readouterr().err
    assert not Path("y.exr").exists()


def test_a_photograph_with_a_gain_map_keeps_its_radiance(checkpoints, capsys):
    radiance = np.linspace(0.1, 6, 64 * 64 * 3, dtype=np.float32).reshape(64, 64, 3)
    hdrgen.write("ultra.uhdr.jpg", radiance)
    made = expanded(checkpoints["InverseCamera"], photo="ultra.uhdr.jpg")
    assert capsys.readouterr().out.strip().endswith("of the photograph's own gain map, without a network")
    np.testing.assert_allclose(made, hdrgen.read("ultra.uhdr.jpg", gain_map=True).as_float(), rtol=1e-3)


@pytest.mark.parametrize("left", [0.5, 0.0])
def test_a_photograph_whose_gain_map_is_cut_off_is_expanded_like_any_other(checkpoints, capsys, left):
    hdrgen.write("whole.uhdr.jpg", np.linspace(0.1, 6, 64 * 64 * 3, dtype=np.float32).reshape(64, 64, 3))
    content = Path("whole.uhdr.jpg").read_bytes()
    at = find_gain_map(Path("whole.uhdr.jpg")).start
    Path("cut.jpg").write_bytes(content[: at + int(left * (len(content) - at))])
    Image.open("cut.jpg").save("plain.png")  # Pillow takes the photograph alone
    capsys.readouterr()
    made = expanded(checkpoints["InverseCamera"], photo="cut.jpg")
    told = capsys.readouterr()
    (line,) = told.err.splitlines()
    assert line.startswith("hdrgen: warning: cut.jpg: the photograph alone is read: ")
    assert "gain map" in line
    assert "by InverseCamera, weights" in told.out
    np.testing.assert_array_equal(made, expanded(checkpoints["InverseCamera"], photo="plain.png"))


def test_raw_is_linear_wherever_it_is_not_clipped(checkpoints, tmp_path, capsys):
    y, x = np.mgrid[0:64, 0:96] / 96
    rgb = np.stack([0.1 + x / 3, 0.1 + y / 2, np.full_like(x, 0.3)], axis=-1)
    rgb[20:40, 20:40] = 1
    photo = write_dng(tmp_path / "raw.dng", rgb)
    made = expanded(checkpoints["InverseCamera"], photo="raw.dng")
    assert "as the sensor has it where it is not clipped" in capsys.readouterr().out
    linear = hdrgen.read(photo).as_float()
    known = linear.max(axis=-1) < 0.97
    assert known.mean() > 0.5
    np.testing.assert_allclose(made[known], linear[known], rtol=1e-3, atol=1e-5)
    assert made[30, 30].min() > 1


def test_white_of_a_file_that_knows_its_own_is_told_to_be_of_no_use(checkpoints, tmp_path, capsys):
    write_dng(tmp_path / "raw.dng", np.full((32, 48, 3), 0.3))
    made = expanded(checkpoints["InverseCamera"], "--white", "230", photo="raw.dng")
    assert (
        "raw.dng: white is for display values, not for this file, of which the sensor's own is used (--white)"
        in capsys.readouterr().err
    )
    np.testing.assert_array_equal(made, expanded(checkpoints["InverseCamera"], photo="raw.dng"))


def test_an_ordinary_jpeg_is_not_taken_for_more(checkpoints, capsys):
    Image.fromarray(np.full((32, 32, 3), 99, np.uint8)).save("plain.jpg")
    expanded(checkpoints["InverseCamera"], photo="plain.jpg")
    assert "by InverseCamera, weights" in capsys.readouterr().out


def test_ultra_hdr_is_the_photograph_itself_with_the_methods_gain(checkpoints):
    codes = np.tile(np.linspace(0, 215, 64, dtype=np.uint8)[None, :, None], (48, 1, 3))
    codes[8:24, 8:32] = 255
    Image.fromarray(codes).save("plain.jpg", quality=95)
    expanded(checkpoints["InverseCamera"], "--formats=exr,uhdr.jpg", photo="plain.jpg")
    with Image.open("plain.jpg") as old, Image.open("expanded/plain/plain.uhdr.jpg") as new:
        np.testing.assert_array_equal(np.asarray(old), np.asarray(new))
        linear = srgb_decoded(np.asarray(old) / 255)
    radiance = hdrgen.read("expanded/plain/plain.uhdr.jpg", gain_map=True).as_float()
    np.testing.assert_allclose(radiance[32:], linear[32:], rtol=1e-5)
    exr = hdrgen.read("expanded/plain/plain.exr").as_float()
    assert exr[16, 16, 0] > 1.1
    np.testing.assert_allclose(radiance[12:20, 12:28], exr[12:20, 12:28], rtol=0.02)


def test_ultra_hdr_of_ultra_hdr_is_the_file(checkpoints):
    hdrgen.write("ultra.uhdr.jpg", np.linspace(0.1, 6, 32 * 32 * 3, dtype=np.float32).reshape(32, 32, 3))
    expanded(checkpoints["InverseCamera"], "--formats=exr,uhdr.jpg", photo="ultra.uhdr.jpg")
    assert Path("expanded/ultra.uhdr/ultra.uhdr.uhdr.jpg").read_bytes() == Path("ultra.uhdr.jpg").read_bytes()


def test_a_photograph_whose_format_fails_leaves_the_others(checkpoints, capsys):
    """Two photographs in colours that no screen has; in the way of one's file is a folder."""
    for name in ("a", "b"):
        picture = hdrgen.read("photo.png").pixels
        hdrgen.write(f"{name}.png", picture, chromaticities=ADOBE_RGB.chromaticities)
    Path("expanded/a/a.uhdr.jpg").mkdir(parents=True)
    options = ["--overwrite", "--no-preview", "--formats=exr,uhdr.jpg", "--ckpt_path", str(checkpoints["AdaptiveITM"])]
    assert main(["expand", "a.png", "b.png", *options]) == 2
    told = capsys.readouterr().err
    assert "a.uhdr.jpg: expected a file name, found a folder" in told
    assert "1 of 2 scenes could not be written, see above: a\n" in told
    assert [path.name for path in Path("expanded/a").iterdir()] == ["a.uhdr.jpg"]
    written = hdrgen.read("expanded/b/b.uhdr.jpg", gain_map=True)
    assert written.chromaticities == hdrgen.BT2020.chromaticities
    exr = hdrgen.read("expanded/b/b.exr", colour_space=hdrgen.BT2020)
    assert exr.pixels.max() == pytest.approx(written.pixels.max(), rel=0.05)


@pytest.mark.parametrize("suffix", ["exr", "uhdr.jpg"])
def test_one_photograph_to_one_file(suffix, tmp_path, capsys):
    """GMNet's own gain behind the photograph's own JPEG, or its radiance; beside what else is there."""
    checkpoint = str(write_checkpoint(perturbed(example_of("GMNet").model()), tmp_path / "gmnet.ckpt"))
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 48, 3), dtype=np.uint8)).save("plain.jpg")
    before = set(tmp_path.iterdir())
    command = ["expand", "plain.jpg", "--weights", checkpoint, "-o", f"out.{suffix}"]
    assert main(command) == 0
    assert set(tmp_path.iterdir()) - before == {tmp_path / f"out.{suffix}"}
    assert capsys.readouterr().out.startswith(f"plain: out.{suffix}; up to ")
    made = hdrgen.read(f"out.{suffix}", gain_map=True).as_float()
    wanted = hdrgen.load(checkpoint).reconstruct("plain.jpg").as_float()
    np.testing.assert_allclose(made, wanted, rtol=0.05 if suffix == "exr" else 0.2, atol=0.02)
    if suffix == "uhdr.jpg":
        with Image.open("plain.jpg") as old, Image.open("out.uhdr.jpg") as new:
            np.testing.assert_array_equal(np.asarray(old), np.asarray(new))
    assert main(command) == 2
    assert "exists already; pass --overwrite, or another name" in capsys.readouterr().err
    assert main([*command, "--skip-existing"]) == 0
    assert main([*command, "--overwrite"]) == 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["photo.png", "-o", "out.dng"], "-o out.dng: expected a folder, or a file that ends in .exr, .hdr"),
        (["photo.png", "-o", "out.webp"], "-o out.webp: expected a folder, or a file that ends in .exr, .hdr"),
        (["photo.png", "-o", "out.png"], "-o out.png: expected a folder, or a file that ends in .exr, .hdr"),
        (["photo.png", "photo.png", "-o", "out.exr"], "-o out.exr: expected a folder for 2 photographs"),
        (["photo.png", "-o", "out.exr", "--formats=exr,hdr"], "-o out.exr: expected a folder for --formats exr,hdr"),
        (["photo.png", "-o", "out.exr", "--ev=-2,2"], "expected a folder for the exposures of --ev; or pass --no-exp"),
    ],
)
def test_a_file_for_more_than_one_result(options, told, checkpoints, tmp_path, capsys):
    hdrgen.write("second.png", hdrgen.read("photo.png").pixels)
    options = ["second.png" if index == 1 and option == "photo.png" else option for index, option in enumerate(options)]
    assert main(["expand", *options, "--ckpt_path", str(checkpoints["InverseCamera"])]) == 2
    assert told in capsys.readouterr().err
    assert not list(tmp_path.glob("out*"))


@pytest.mark.parametrize(("white", "codes"), [("250", (250, 250, 250)), ("250,240,255", (250, 240, 255))])
def test_white_below_the_largest_code_counts_as_that(checkpoints, white, codes):
    levels = np.linspace(0, 250, 48 * 32 * 3).round().astype(np.uint8).reshape(32, 48, 3)
    Image.fromarray(levels).save("clipped.png")
    Image.fromarray(np.where(levels >= np.array(codes), 255, levels).astype(np.uint8)).save("whole.png")
    found = expanded(checkpoints["InverseCamera"], "--white", white, photo="clipped.png")
    np.testing.assert_array_equal(found, expanded(checkpoints["InverseCamera"], photo="whole.png"))


@pytest.mark.parametrize(
    ("photo", "white"),
    [("photo.png", "300"), ("photo.png", "0"), ("photo.png", "0.9"), ("photo.png", "1"), ("photo.exr", "250")],
)
def test_a_white_that_cannot_be_is_refused(checkpoints, photo, white, capsys):
    hdrgen.write("photo.exr", np.linspace(0.1, 5, 48 * 32 * 3, dtype=np.float32).reshape(32, 48, 3))
    told = ["expand", photo, "--ckpt_path", str(checkpoints["InverseCamera"]), "--white", white]
    assert main(told) == 2
    assert "white" in capsys.readouterr().err.splitlines()[-1]
