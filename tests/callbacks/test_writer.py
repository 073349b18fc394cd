"""Prediction files, without a trainer."""

import errno
import sys

import numpy as np
import pytest
import torch
from pytorch_lightning import Trainer

from hdrgen.callbacks import PredictionWriter
from hdrgen.callbacks.result_files import file_name, format_ev
from hdrgen.callbacks.writer import to_pixels
from hdrgen.errors import InputError
from hdrgen.io import BT709, BT2020, DISPLAY_P3, Camera, Exposure, read_image, write_image
from hdrgen.io.colour import converted


@pytest.fixture
def trainer(tmp_path) -> Trainer:
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    return Trainer(accelerator="cpu", default_root_dir=tmp_path, **quiet)


def predict(writer: PredictionWriter, trainer: Trainer, *scenes: str, stack: bool = True, batch=None) -> None:
    prediction = {"scene": list(scenes), "hdr": torch.rand(len(scenes), 3, 6, 8) * 10}
    if stack:
        codes = torch.randint(256, (len(scenes), 2, 3, 6, 8), dtype=torch.uint8)
        prediction |= {"stack": codes, "ev": torch.tensor([-0.5, 3.0])}
    writer.refuse(scenes)
    writer.write_on_batch_end(trainer, None, prediction, None, batch or {}, 0, 0)


def names(folder) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_values_and_names(tmp_path, trainer, capsys):
    predict(PredictionWriter(str(tmp_path / "p")), trainer, "a", "b")
    assert names(tmp_path / "p/a") == {"a_ev-0.5.png", "a_ev+3.0.png", "a.exr", "a.hdr", "a_preview.jpg"}
    radiance = [read_image(tmp_path / f"p/b/b.{suffix}") for suffix in ("exr", "hdr")]
    assert all(image.linear for image in radiance)
    exr, hdr = (image.as_float() for image in radiance)
    brightest = exr.max(axis=-1, keepdims=True)
    assert (np.abs(exr - hdr) <= brightest * 2**-7).all()
    assert "a: 5 files in" in capsys.readouterr().out


def test_only_what_is_asked_for(tmp_path, trainer):
    predict(PredictionWriter(str(tmp_path), radiance=["exr"], exposures=None, preview=None), trainer, "a")
    assert names(tmp_path / "a") == {"a.exr"}


def test_pictures_for_hdr_screens(tmp_path, trainer):
    """Radiance 1 is diffuse white in each, so that all of them read back as the radiance."""
    pytest.importorskip("imagecodecs", reason="the extra `formats` is not installed")
    formats = ["jxl", "avif", "uhdr.jpg"]
    writer = PredictionWriter(str(tmp_path), radiance=formats, exposures=None, preview=None)
    ramp = torch.logspace(-1, 1, 64).expand(3, 48, 64) * torch.tensor([1.0, 0.9, 0.7])[:, None, None]
    writer.write_on_batch_end(trainer, None, {"scene": ["a"], "hdr": ramp[None]}, None, {}, 0, 0)
    assert names(tmp_path / "a") == {f"a.{name}" for name in formats}
    for name in formats:
        image = read_image(tmp_path / f"a/a.{name}", gain_map=True)
        wide = name != "uhdr.jpg"
        assert image.chromaticities == pytest.approx((BT2020 if wide else BT709).chromaticities)
        found = converted(image.as_float(), image.chromaticities, BT709.chromaticities)
        assert found == pytest.approx(to_pixels(ramp), rel=0.1)


def test_highlights_within_some_stops_keep_their_colour_and_order(tmp_path, trainer):
    writer = PredictionWriter(str(tmp_path), radiance=["exr"], exposures=None, preview=None, most_stops=1.5)
    hdr = torch.tensor([0.25, 1.0, 4.0, 16.0]) * torch.tensor([1.0, 0.5, 0.25])[:, None]
    writer.write_on_batch_end(trainer, None, {"scene": ["a"], "hdr": hdr[None, :, None]}, None, {}, 0, 0)
    found = read_image(tmp_path / "a/a.exr").as_float()[0]
    assert found[:, 0] == pytest.approx([0.25, 1, 2**0.75, 2**1.5], rel=1e-3)
    assert found[:, 1:] == pytest.approx(found[:, :1] * [[0.5, 0.25]], rel=1e-3)


def test_formats_that_cannot_be_written_are_told_first(tmp_path, trainer, monkeypatch):
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    with pytest.raises(InputError, match=r"SCENE\.avif: AVIF needs imagecodecs"):
        PredictionWriter(str(tmp_path), radiance=["avif"]).setup(trainer, None, "predict")


def test_methods_without_exposures(tmp_path, trainer):
    predict(PredictionWriter(str(tmp_path)), trainer, "a", stack=False)
    assert names(tmp_path / "a") == {"a.exr", "a.hdr", "a_preview.jpg"}


def test_other_tone_mapping(tmp_path, trainer):
    writer = PredictionWriter(str(tmp_path), preview="png", operator=torch.zeros_like)
    predict(writer, trainer, "a")
    assert read_image(tmp_path / "a/a_preview.png").pixels.max() == 0


def test_skipping_and_replacing_what_exists_contradict_each_other():
    with pytest.raises(InputError, match="contradict each other"):
        PredictionWriter(overwrite=True, skip_existing=True)


def test_a_scene_that_cannot_be_written_leaves_nothing_and_does_not_stop_the_others(tmp_path, trainer):
    """Its JPEG would be too wide; all formats of a scene are there, or none."""
    writer = PredictionWriter(str(tmp_path), radiance=["exr", "uhdr.jpg"], exposures=None, preview=None)
    writer._total = 3
    for name, width in (("a", 8), ("wide", 65_501), ("z", 8)):
        batch = {"scene": [name], "hdr": torch.rand(1, 3, 2, width)}
        if name == "wide":
            with pytest.warns(UserWarning, match=r"wide\.uhdr\.jpg: expected at most 65,500 pixels along a side"):
                writer.write_on_batch_end(trainer, None, batch, None, {}, 0, 0)
        else:
            writer.write_on_batch_end(trainer, None, batch, None, {}, 0, 0)
    assert names(tmp_path) == {"a", "z"}
    assert names(tmp_path / "z") == {"z.exr", "z.uhdr.jpg"}
    assert writer.unwritten() == "1 of 3 scenes could not be written, see above: wide"


def test_a_full_disk_stops_the_others(tmp_path, trainer, monkeypatch):
    def full(*arguments, **options):
        raise InputError("a.exr: cannot be written") from OSError(errno.ENOSPC, "full")

    monkeypatch.setattr("hdrgen.callbacks.writer.write_image", full)
    writer = PredictionWriter(str(tmp_path), exposures=None, preview=None)
    writer._total = 3
    with pytest.raises(InputError, match="cannot be written"):
        predict(writer, trainer, "a", stack=False)
    assert not names(tmp_path)


def test_existing_results_stay(tmp_path, trainer):
    predict(PredictionWriter(str(tmp_path)), trainer, "a")
    before = (tmp_path / "a/a.exr").read_bytes()
    with pytest.raises(InputError, match="holds results already"):
        predict(PredictionWriter(str(tmp_path)), trainer, "a")
    assert (tmp_path / "a/a.exr").read_bytes() == before
    predict(PredictionWriter(str(tmp_path), overwrite=True), trainer, "a")
    assert (tmp_path / "a/a.exr").read_bytes() != before


@pytest.mark.parametrize("overwrite", [False, True])
def test_two_inputs_of_one_name(overwrite, tmp_path, trainer):
    writer = PredictionWriter(str(tmp_path), overwrite=overwrite)
    with pytest.raises(InputError, match="two inputs"):
        predict(writer, trainer, "a", "a")


@pytest.mark.parametrize(("stops", "text"), [(0.0, "+0.0"), (-2.0, "-2.0"), (0.25, "+0.25"), (-1 / 3, "-0.333")])
def test_exposure_in_a_name(stops, text):
    assert format_ev(stops) == text


@pytest.mark.parametrize(("scene", "name"), [("a/b", "a_b"), ("../x", "_x"), ("...", "_"), ("a.b", "a.b")])
def test_scene_as_a_name_stays_in_its_folder(scene, name):
    assert file_name(scene) == name


def test_pixels():
    image = torch.arange(24.0).reshape(3, 2, 4)
    assert to_pixels(image).shape == (2, 4, 3)
    assert to_pixels(image)[1, 2].tolist() == image[:, 1, 2].tolist()


@pytest.fixture
def photograph(tmp_path):
    """Whose camera and colours are known."""
    pixels = np.full((6, 8, 3), 99, np.uint8)
    said = {"exposure": Exposure(time=0.01, fnumber=8.0, iso=200), "camera": Camera("Maker", "Model")}
    return write_image(tmp_path / "a.jpg", pixels, chromaticities=DISPLAY_P3.chromaticities, **said)


def test_files_say_what_the_photograph_says(tmp_path, trainer, photograph):
    predict(PredictionWriter(str(tmp_path / "p")), trainer, "a", batch={"path": [str(photograph)]})
    for name in ("a.exr", "a_ev-0.5.png", "a_ev+3.0.png", "a_preview.jpg"):
        image = read_image(tmp_path / "p/a" / name)
        assert image.camera == Camera("Maker", "Model")
        assert image.chromaticities == pytest.approx(DISPLAY_P3.chromaticities, abs=1e-3)
    times = {name: read_image(tmp_path / f"p/a/{name}").exposure.time for name in ("a.exr", "a_ev+3.0.png")}
    assert times == pytest.approx({"a.exr": 0.01, "a_ev+3.0.png": 0.08})


def test_another_colour_space(tmp_path, trainer, photograph):
    """Pure green of Display P3 has less red than none in BT.709."""
    writer = PredictionWriter(str(tmp_path / "p"), radiance=["exr"], preview=None, colour_space="bt709")
    prediction = {"scene": ["a"], "hdr": torch.tensor([0.0, 1, 0])[None, :, None, None].expand(1, 3, 6, 8)}
    writer.write_on_batch_end(trainer, None, prediction, None, {"path": [str(photograph)]}, 0, 0)
    image = read_image(tmp_path / "p/a/a.exr")
    assert image.as_float()[0, 0] == pytest.approx([-0.2249, 1.0421, -0.0786], abs=1e-3)
    assert image.chromaticities == pytest.approx(BT709.chromaticities)
