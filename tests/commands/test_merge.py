"""`hdrgen merge` as a user calls it."""

import re

import numpy as np
import pytest

from hdrgen.cli.main import main
from hdrgen.fusion import Alignment
from hdrgen.io import read_image, write_image
from tests.commands.brackets import write_bracket
from tests.fusion.moved import scene


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_bracket(tmp_path / "room")
    return tmp_path


def truth():
    return scene(156, 188)[30:-30, 30:-30]


def stops_off(pixels, expected):
    """Median and 95 % of the differences in stops, where something is shown."""
    error = np.abs(np.log2(pixels.astype(float) / expected))
    return np.median(error), np.quantile(error, 0.95)


@pytest.mark.parametrize("method", ["debevec", "linear", "robertson"])
def test_merges_to_the_scene_at_its_scale(folder, method, capsys):
    options = ["--response", "gamma:2.2", "--align", "none", "--method", method]
    assert main(["merge", "room", "-o", "out.exr", *options]) == 0
    image = read_image("out.exr")
    assert image.linear
    assert image.exposure.time == pytest.approx(1 / 8)
    assert image.chromaticities[:2] == pytest.approx((0.64, 0.33))
    middle, most = stops_off(image.pixels, truth())
    assert middle < 0.06
    assert most < 0.4
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "room/b_dark.jpg",
        "room/a_mid.jpg",
        "room/c_bright.jpg",
        "out.exr",
    ]
    assert "ordered by measured exposure" in lines[-1]


def test_defaults_align_estimate_and_name_the_result_after_the_folder(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_bracket(tmp_path / "held", moves=((0.5, 6, -4), (0, 0, 0), (-0.5, -3, 5)), side=(240, 320))
    assert main(["merge", "held", "--preview"]) == 0
    merged = read_image("held.exr").pixels
    assert merged.shape[0] < 240
    assert read_image("held_preview.jpg").pixels.shape == merged.shape
    told = capsys.readouterr().out
    assert "moved by (+6." in told or "moved by (+5.9" in told
    assert "response estimated (frames agree within" in told
    assert "cut from 320 x 240" in told


@pytest.mark.parametrize("shift", [0, 5])
def test_a_frame_that_could_not_be_aligned_is_said_to_lie_where_it_does(folder, shift, monkeypatch, capsys):
    moved = np.eye(3)
    moved[0, 2] = shift
    found = [Alignment(np.eye(3)), Alignment(np.eye(3)), Alignment(moved, reliable=False)]
    monkeypatch.setattr("hdrgen.bracket.pixels.align_photographs", lambda *_, **__: found)
    assert main(["merge", "room", "--response", "gamma:2.2"]) == 0
    out, err = capsys.readouterr()
    (line,) = (line for line in out.splitlines() if line.startswith("room/c_bright.jpg"))
    how = ("moved like its neighbour in exposure", "moved by (+5.0, +0.0)") if shift else ("left as it is", "in place")
    assert f"too little in common to align it; {how[0]}" in err
    assert how[1] in line


def test_exposures_that_files_lack_come_from_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    files = [str(path) for path in write_bracket(tmp_path / "bare", suffix=".png", exif=False)]
    results = []
    known = ["--response", "gamma:2.2", "--align", "none", "--overwrite", "-o", "out.exr"]
    for exposures in (["--times", "1/64,1/8,1"], ["--ev", "-3,0,3"], ["--ev-step", "3"]):
        assert main(["merge", *files, *exposures, *known]) == 0
        results.append(read_image("out.exr").pixels)
    assert main(["merge", *reversed(files), "--ev-step", "-3", *known]) == 0
    results.append(read_image("out.exr").pixels)
    assert all(np.array_equal(results[0], other) for other in results[1:])
    assert "ordered by --ev-step" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bare"], "no exposure metadata.*--times"),
        (["bare", "--ev", "-2,0"], "expected 3 values"),
        (["bare", "--times", "1,2,x"], "expected numbers"),
        (["bare", "--times", "1/0,2,3"], "expected numbers"),
        (["bare", "--times", "1e400,2,3"], "expected numbers"),
        (["bare", "--times", "0,2,3"], "above 0"),
        (["bare", "--ev-step", "0"], "not 0"),
        (["bare", "--ev-step", "2", "--ev", "1,2,3"], "in one way"),
        (["bare", "--ev", "1,1,2"], "expected different exposures"),
        (["bare", "--ev", "2,0,-2"], "darker than"),
        (["room", "--response", "nonsense"], "expected a response"),
        (["room", "--response", "gamma:x"], "expected a response"),
        (["room", "--method", "hdr_gan", "--ckpt_path", "a", "--weights", "b"], "--weights and --ckpt_path both"),
        (["room", "--method", "hdr_gan", "--weights", "hdr_gam"], "no weights and no file 'hdr_gam'"),
        (["room", "--weights", "hdr_gan"], "by --method hdr_gan only, found --method debevec"),
        (["room", "--method", "hdr_gan", "--ckpt_path", "none.ckpt"], "expected a checkpoint"),
        (["room", "--method", "mertens", "--deghost"], "--deghost"),
        (["room", "--deghost", "patch"], "--deghost: expected learned or patches, or no word, found 'patch'"),
        (["room", "--deghost=fill"], "--deghost: expected learned or patches, or no word, found 'fill'"),
        (["room", "--method", "mertens", "--response", "srgb"], "--response is for merges to radiance"),
        (["room", "--method", "mertens", "--preview"], "--preview"),
        (["room", "-o", "x.bmp"], "expected .*suffix"),
        (["room", "-o", "x.exr", "--method", "mertens"], "makes a picture"),
        (["room", "-o", "there.exr"], "exists already"),
        (["hall", "bare", "--ev", "0,-3,3", "-o", "x.exr"], "expected a folder for 2 results"),
        (["nowhere"], "nowhere"),
        (["room/a_mid.jpg"], "at least 2 images"),
        (["room", "--aling", "none"], "did you mean --align"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(folder, arguments, message, capsys):
    for name in ("bare", "hall"):
        write_bracket(folder / name, suffix=".png", exif=False)
    (folder / "there.exr").write_text("precious")
    before = sorted(folder.rglob("*"))
    assert main(["merge", *arguments]) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1
    assert re.search(message, told[0]), told[0]
    assert sorted(folder.rglob("*")) == before
    assert (folder / "there.exr").read_text() == "precious"


def test_several_scenes_into_a_folder(folder):
    write_bracket(folder / "hall", suffix=".png", exif=False)
    (folder / "hall/exposures.csv").write_text("file,time\nb_dark.png,1/64\na_mid.png,1/8\nc_bright.png,1\n")
    assert main(["merge", "room", "hall", "-o", "merged", "--align", "none"]) == 0
    assert sorted(path.name for path in (folder / "merged").iterdir()) == ["hall.exr", "room.exr"]


def test_a_scene_that_cannot_be_merged_does_not_stop_the_others(folder, capsys):
    write_bracket(folder / "hall")
    photograph = folder / "hall/a_mid.jpg"
    photograph.write_bytes(photograph.read_bytes()[:900])
    assert main(["merge", "hall", "room", "-o", "merged", "--align", "none"]) == 2
    assert [path.name for path in (folder / "merged").iterdir()] == ["room.exr"]
    told = capsys.readouterr().err.splitlines()
    assert "hall/a_mid.jpg" in told[0]
    assert told[-1] == "hdrgen: error: 1 of 2 scenes could not be done, see above; the others are written"


def test_mertens_makes_a_picture(folder):
    assert main(["merge", "room", "--method", "mertens", "-o", "out.png"]) == 0
    assert read_image("out.png").pixels.dtype == np.uint8


@pytest.mark.parametrize(("suffix", "kind"), [(".png", np.uint16), (".tif", np.uint16), (".jpg", np.uint8)])
def test_mertens_keeps_the_depth_of_the_photographs(folder, suffix, kind):
    """As one that is deep among them asks for; the picture is that of 8 bits, but for its finer steps."""
    for path in sorted((folder / "room").iterdir()):
        image, bits = read_image(path), 8 if "dark" in path.name else 16
        write_image(folder / f"deep/{path.stem}.png", image.as_float(), bits=bits, exposure=image.exposure)
    options = ["--method", "mertens", "--align", "none"]
    assert main(["merge", "deep", *options, "-o", f"deep{suffix}"]) == 0
    assert main(["merge", "room", *options, "-o", "plain.png"]) == 0
    fused = read_image(f"deep{suffix}")
    assert fused.pixels.dtype == kind
    if kind == np.uint16:
        np.testing.assert_allclose(fused.as_float(), read_image("plain.png").as_float(), atol=0.51 / 255)
        assert len(np.unique(fused.pixels)) > 256


def test_deep_and_linear_photographs(folder, capsys):
    """16-bit PNG keeps its depth; float TIFF is linear without being told."""
    linear = folder / "linear"
    for path in sorted((folder / "room").iterdir()):
        pixels = (read_image(path).as_float() ** 2.2).astype(np.float32)
        write_image(linear / f"{path.stem}.tif", pixels, exposure=read_image(path).exposure)
        write_image(folder / "deep" / f"{path.stem}.png", read_image(path).as_float(), bits=16)
    assert main(["merge", "linear", "-o", "linear.exr", "--align", "none"]) == 0
    assert "response linear" in capsys.readouterr().out
    assert stops_off(read_image("linear.exr").pixels, truth())[0] < 0.06
    assert (
        main(["merge", "deep", "--ev", "0,-3,3", "-o", "deep.exr", "--align", "none", "--response", "gamma:2.2"]) == 0
    )
    assert stops_off(read_image("deep.exr").pixels, truth())[0] < 0.06


def test_deghost_says_what_it_left_out(folder, capsys):
    bright = folder / "room/c_bright.jpg"
    image = read_image(bright)
    pixels = image.pixels.copy()
    pixels[30:60, 40:80] = 30
    write_image(bright, pixels, exposure=image.exposure)
    options = ["--response", "gamma:2.2", "--align", "none"]
    assert main(["merge", "room", "-o", "out.exr", "--deghost", *options]) == 0
    assert "deghosted, reference b_dark.jpg, left out" in capsys.readouterr().out
    assert stops_off(read_image("out.exr").pixels[32:58, 42:78], truth()[32:58, 42:78])[0] < 0.2
    (folder / "mine.yaml").write_text("deghost: patches\n")
    for number, words in enumerate((["--deghost", "patches"], ["--deghost=patches"], ["--config", "mine.yaml"])):
        assert main(["merge", "room", "-o", f"{number}.exr", *words, *options]) == 0
        assert "deghosted, reference b_dark.jpg, patches in" in capsys.readouterr().out
        assert np.array_equal(read_image(f"{number}.exr").pixels, read_image("0.exr").pixels)
    assert stops_off(read_image("0.exr").pixels[32:58, 42:78], truth()[32:58, 42:78])[0] < 0.2


def test_a_highlight_that_clips_in_every_frame_is_neutral_and_shadows_are_finite(folder):
    for path in (folder / "room").iterdir():
        image = read_image(path)
        pixels = image.pixels.copy()
        pixels[:20, :20] = 255
        pixels[-20:, -20:] = 0
        write_image(path.with_suffix(".png"), pixels, exposure=image.exposure)
        path.unlink()
    assert main(["merge", "room", "-o", "out.exr", "--align", "none"]) == 0
    merged = read_image("out.exr", clean=False).pixels.astype(float)
    np.testing.assert_allclose(merged[:20, :20], 8, rtol=1e-3)
    assert np.isfinite(merged).all()
    assert (merged[-20:, -20:] >= 0).all()


def test_a_trained_network_merges_by_way_of_predict(folder, monkeypatch, capsys):
    """The network's own tests are elsewhere; here it is told apart by what it returns."""

    def predict(verb, arguments):
        assert verb == "predict"
        assert arguments[:2] == ["--ckpt_path", "net.ckpt"]
        assert [name.split("/")[-1] for name in arguments[3:6]] == ["b_dark.jpg", "a_mid.jpg", "c_bright.jpg"]
        write_image(f"{arguments[-1]}/room/room.exr", np.full((96, 128, 3), 0.5, np.float32))
        print("not for the user")

    monkeypatch.setattr("hdrgen.cli.run_lightning", predict)
    (folder / "net.ckpt").touch()
    assert main(["merge", "room", "-o", "out.exr", "--method", "hdr_gan", "--ckpt_path", "net.ckpt", "--preview"]) == 0
    assert (read_image("out.exr").pixels == 0.5).all()
    assert (folder / "out_preview.jpg").is_file()
    told = capsys.readouterr().out
    assert told.splitlines() == ["out.exr: 3 exposures ordered by measured exposure, merged by net.ckpt"]


@pytest.mark.parametrize(
    "typed", [["room", "--deghost", "learned"], ["--deghost=learned", "room"], ["room", "--method", "hdr_gan"]]
)
def test_a_learned_deghosting_takes_the_weights_of_that_name(typed, folder, monkeypatch, capsys):
    monkeypatch.setattr("hdrgen.weights.entries.packaged_folder", lambda: folder)
    (folder / "hdr_gan.safetensors").touch()

    def predict(verb, arguments):
        write_image(f"{arguments[-1]}/room/room.exr", np.full((96, 128, 3), 0.5, np.float32))

    monkeypatch.setattr("hdrgen.cli.run_lightning", predict)
    assert main(["merge", *typed, "-o", "out.exr"]) == 0
    assert f"merged by {folder / 'hdr_gan.safetensors'}" in capsys.readouterr().out


def test_options_from_a_file_and_typed_ones_that_win(folder, capsys):
    (folder / "my.yaml").write_text("align: none\nresponse: srgb\npreview: true\n")
    assert main(["merge", "room", "--config", "my.yaml", "--response", "gamma:2.2", "-o", "out.exr"]) == 0
    assert "response gamma:2.2" in capsys.readouterr().out
    assert (folder / "out_preview.jpg").is_file()


def test_photographs_of_the_current_folder_are_named_by_its_name(tmp_path, monkeypatch, capsys):
    (tmp_path / "room").mkdir()
    monkeypatch.chdir(tmp_path / "room")
    for name in ("a.png", "b.png"):
        write_image(name, np.zeros((8, 8, 3), np.uint8))
    assert main(["merge", "a.png", "b.png"]) == 2
    assert capsys.readouterr().err.startswith(
        "hdrgen: error: room: no exposure data for every image (a.png, b.png: no "
    )
