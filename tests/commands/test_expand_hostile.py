"""`hdrgen expand` of photographs that are none, or hardly: no cast, nothing that is not finite, no traceback."""

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import hdrgen
from hdrgen.cli.main import main
from tests.checkpoint_files import example_of, perturbed, write_checkpoint

CODES = np.arange(256, dtype=np.uint8)
RAMP = np.repeat(CODES[None], 64, 0)


def cartoon() -> Image.Image:
    """Flat areas of a few colours, as a palette."""
    colours = np.array([(255, 255, 255), (230, 30, 30), (250, 220, 0), (0, 0, 0)], np.uint8)
    return Image.fromarray(np.kron(colours.reshape(2, 2, 3), np.ones((24, 24, 1), np.uint8))).quantize(4)


def cmyk() -> Image.Image:
    """Black ink alone: greys."""
    return Image.merge("CMYK", [Image.new("L", (256, 64))] * 3 + [Image.fromarray(255 - RAMP)])


def panorama() -> Image.Image:
    """A row of lamps before a ramp, 16,000 pixels wide."""
    grey = np.linspace(0, 200, 16000).astype(np.uint8)
    grey[::1000] = 255
    return Image.fromarray(np.repeat(grey[None], 6, 0)).convert("RGB")


def tone_mapped() -> Image.Image:
    """Low contrast with haloes: nothing is black, and only the sun in it is white."""
    y, x = np.mgrid[0:64, 0:96]
    grey = (140 + 50 * np.sin(x / 9) * np.cos(y / 7)).astype(np.uint8)
    grey[10:20, 40:50] = 255
    return Image.fromarray(grey).convert("RGB")


PHOTOGRAPHS: dict[str, tuple[Callable[[], Image.Image], str]] = {
    "greyscale": (lambda: Image.fromarray(RAMP), "jpg"),
    "cartoon": (cartoon, "png"),
    "white": (lambda: Image.new("RGB", (64, 48), (255, 255, 255)), "jpg"),
    "black": (lambda: Image.new("RGB", (64, 48)), "jpg"),
    "cmyk": (cmyk, "jpg"),
    "pixel": (lambda: Image.new("RGB", (1, 1), (90, 90, 90)), "png"),
    "panorama": (panorama, "png"),
    "tone_mapped": (tone_mapped, "png"),
}


@pytest.fixture(scope="module", params=["InverseCamera", "LinearGain"])
def results(request, tmp_path_factory):
    """A folder of all of them, expanded at once."""
    folder = tmp_path_factory.mktemp("hostile")
    for name, (make, suffix) in PHOTOGRAPHS.items():
        make().save(folder / f"{name}.{suffix}", **({"quality": 95} if suffix == "jpg" else {}))
    if request.param == "InverseCamera":
        checkpoint = write_checkpoint(perturbed(example_of("InverseCamera").model()), folder / "a.ckpt")
        command = ["expand", str(folder), "--ckpt_path", str(checkpoint), "--device", "cpu"]
    else:
        command = ["predict", "--model", "LinearGain", "--data.predict", str(folder), "--trainer.accelerator=cpu"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # grey was copied to three channels
        assert main([*command, "-o", str(folder / "out")]) == 0
    return folder


@pytest.mark.parametrize("name", PHOTOGRAPHS)
@pytest.mark.filterwarnings("ignore")
def test_radiance_is_finite_and_casts_nothing(results, name):
    image = hdrgen.read(results / f"out/{name}/{name}.exr").as_float()
    display = hdrgen.read(next(results.glob(f"{name}.*"))).as_float()
    assert image.shape == display.shape
    assert np.isfinite(image).all()
    assert image.min() >= 0
    grey = np.ptp(display, axis=-1) == 0
    assert np.ptp(image, axis=-1)[grey].max(initial=0) <= 1e-3 * image.max()
    assert Path(results, f"out/{name}/{name}_preview.jpg").is_file()
    colours = np.unique(display.reshape(-1, 3), axis=0)
    if name == "cartoon":  # what is flat stays flat
        areas = [image[(display == colour).all(-1)] for colour in colours]
        assert max(float(np.ptp(area, axis=0).max() / max(area.max(), 1e-3)) for area in areas) < 0.25
    if name == "black":
        assert image.max() < 1e-6  # what a merge leaves where all exposures are black
    if name == "white":
        assert image.min() >= 0.99


@pytest.mark.filterwarnings("ignore")
def test_brighter_greys_have_more_radiance(results):
    """Within half a percent, over codes that JPEG has kept."""
    for name in ("greyscale", "cmyk", "panorama"):
        display = hdrgen.read(next(results.glob(f"{name}.*"))).as_float()[3, :, 0]
        radiance = hdrgen.read(results / f"out/{name}/{name}.exr").as_float()[3, :, 0]
        levels = np.array([radiance[display == level].mean() for level in np.unique(display[display < 0.9])])
        assert (np.diff(levels) >= -0.005 * levels[1:]).all()
