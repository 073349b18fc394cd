"""`hdrgen.merge`: what the verb merges, from files, arrays and tensors."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import hdrgen
from hdrgen.camera import Gamma, TabulatedResponse, save_curve
from hdrgen.cli.main import main
from hdrgen.errors import InputError, InputWarning
from hdrgen.io import read_image
from tests.commands.brackets import EV, write_bracket
from tests.io.stacks.cards import EXPOSURES, shoot, view

PLAIN = {"response": "gamma:2.2", "align": "none"}


@pytest.fixture
def files(tmp_path):
    return write_bracket(tmp_path / "room")


def test_same_as_the_verb(files, tmp_path):
    out = tmp_path / "out.exr"
    assert main(["merge", str(files[0].parent), "-o", str(out), "--response", "gamma:2.2", "--align", "none"]) == 0
    for given in (files[0].parent, str(files[0].parent), files, [str(file) for file in reversed(files)]):
        merged = hdrgen.merge(given, **PLAIN)
        np.testing.assert_allclose(merged.pixels, read_image(out).pixels, rtol=1e-3)  # .exr has half precision
    assert merged.exposure.time == pytest.approx(1 / 8)
    hdrgen.write(tmp_path / "again.exr", merged)
    np.testing.assert_array_equal(hdrgen.read(tmp_path / "again.exr").pixels, read_image(out).pixels)


def test_arrays_and_tensors_in_any_order(files):
    arrays = [read_image(file).pixels for file in files]
    wanted = hdrgen.merge(files, **PLAIN).pixels
    merged = hdrgen.merge(arrays[::-1], ev=EV[::-1], **PLAIN)
    np.testing.assert_array_equal(merged, wanted)
    np.testing.assert_array_equal(hdrgen.merge(arrays, ev=EV, response=Gamma(2.2), align="none"), wanted)
    stack = torch.stack([torch.from_numpy(array).permute(2, 0, 1) / 255 for array in arrays])
    tensor = hdrgen.merge(stack, ev=torch.tensor(EV), **PLAIN)
    np.testing.assert_allclose(tensor.permute(1, 2, 0).numpy(), wanted, rtol=1e-4)
    np.testing.assert_allclose(hdrgen.merge(files, ev=EV, **PLAIN).pixels, wanted, rtol=1e-6)


@pytest.mark.parametrize("kind", [">u2", "<u2", ">f4", ">f8"])
def test_arrays_of_either_byte_order(files, kind):
    codes = [read_image(file).pixels.astype(np.uint16) * 257 for file in files]
    arrays = [(frame if "u" in kind else frame / 65535).astype(kind) for frame in codes]
    merged = hdrgen.merge(arrays, ev=EV, white=65535 if "u" in kind else 1, **PLAIN)
    np.testing.assert_allclose(merged, hdrgen.merge(codes, ev=EV, white=65535, **PLAIN), rtol=1e-3)


def test_images_that_were_read_say_their_exposures(files):
    images = [hdrgen.read(file) for file in files]
    wanted = hdrgen.merge(files, **PLAIN)
    for given in (images, images[::-1], tuple(images)):
        merged = hdrgen.merge(given, **PLAIN)
        np.testing.assert_array_equal(merged.pixels, wanted.pixels)
        assert (merged.exposure, merged.camera, merged.chromaticities) == (
            wanted.exposure,
            wanted.camera,
            wanted.chromaticities,
        )
    np.testing.assert_array_equal(hdrgen.merge(images, ev=EV, **PLAIN).pixels, wanted.pixels)
    silent = [replace(image, exposure=hdrgen.Exposure()) for image in images]
    np.testing.assert_array_equal(hdrgen.merge(silent, ev=EV, **PLAIN).pixels, wanted.pixels)
    with pytest.raises(InputError, match=r"found none of image 0, image 1, .*; pass ev=\[-2, 0, 2\], for example"):
        hdrgen.merge(silent, **PLAIN)
    for mixed in (files[1], images[1].pixels):
        for given in ([images[0], mixed, images[2]], [mixed, images[0], mixed]):
            with pytest.raises(
                InputError, match=r"images that hdrgen\.read returned, all or none of them, found .*Image"
            ):
                hdrgen.merge(given, ev=EV, **PLAIN)


def test_aligns_by_default(tmp_path):
    files = write_bracket(tmp_path / "held", moves=((0.5, 6, -4), (0, 0, 0), (-0.5, -3, 5)), side=(240, 320))
    merged = hdrgen.merge(files)
    assert merged.pixels.shape[0] < 240


@pytest.mark.parametrize(
    ("images", "options", "told"),
    [
        ([np.zeros((16, 16, 3), np.uint8)], {}, "at least two exposures of a scene, found 1"),
        (np.zeros((16, 16, 3), np.uint8), {"ev": [0, 1]}, r"two exposures of a scene, found uint8 \(16, 16, 3\)"),
        (torch.zeros(3, 16, 16), {"ev": [0, 1]}, r"two exposures of a scene, found torch\.float32 \(3, 16, 16\)"),
        (torch.zeros(2, 16, 16, 3), {"ev": [0, 1]}, r"expected a tensor \(S, 3, H, W\), found"),
        (None, {}, "expected files, a list of images or arrays .* found None"),
        (iter([]), {"ev": [0, 1]}, "expected files, a list of images or arrays .* found list_iterator"),
        ([torch.zeros(3, 16, 16)] * 2, {"ev": [0, 1]}, r"one tensor of all exposures, .* or torch\.stack\(images\)"),
        ([np.full((16, 16, 3), np.nan)] * 2, {"ev": [0, 1]}, "found 768 NaN"),
        ([np.zeros((16, 16, 3), np.uint8)] * 2, {}, "expected the exposures of arrays"),
        ([np.zeros((16, 16, 3), np.uint8)] * 2, {"ev": [0]}, "expected 2 EVs"),
        ([np.zeros((16, 16, 3), np.uint8), np.zeros((16, 17, 3), np.uint8)], {"ev": [0, 1]}, "of one size"),
        ([np.zeros((16, 16), np.uint8)] * 2, {"ev": [0, 1]}, "shape"),
        ([np.full((16, 16, 3), 3.0)] * 2, {"ev": [0, 1]}, "from 0 to 1"),
        (["none.png", "nowhere.png"], {}, "none.png"),
        ([np.zeros((16, 16, 3), np.uint8)] * 2, {"ev": [0, 1], "method": "mean"}, "method: expected one of debevec"),
        ([np.zeros((16, 16, 3), np.uint8)] * 2, {"ev": [0, 1], "align": "well"}, "align: expected one of homography"),
        ([np.zeros((16, 16, 3), np.uint8)] * 2, {"ev": [0, 1], "response": "none"}, "expected a response"),
        ([np.full((16, 16, 3), v, np.uint8) for v in (200, 20)], {"ev": [0, 1]}, "is darker than"),
    ],
)
def test_bad_input(images, options, told):
    with pytest.raises(InputError, match=told):
        hdrgen.merge(images, **{"align": "none"} | options)


def test_a_wrong_array_is_named_by_its_own_shape():
    images = [np.zeros((24, 36), np.uint8), np.zeros((24, 36), np.uint8)]
    with pytest.raises(InputError, match=r"found \(24, 36\)"):
        hdrgen.merge(images, ev=[0, 2])
    with pytest.raises(InputError, match=r"found \(24, 36, 4\)"):
        hdrgen.merge([np.zeros((24, 36, 4), np.uint8)] * 2, ev=[0, 2])


def test_display_values_that_rounding_put_beyond_one_are_taken():
    frames = [np.full((16, 16, 3), value, np.float32) for value in (0.5, 1.0000001, -1e-7)]
    radiance = hdrgen.merge(frames, ev=[0, 2, -2], response="gamma:2.2", align="none")
    assert np.isfinite(radiance).all()
    with pytest.raises(InputError, match=r"found 0 to 1.01"):
        hdrgen.merge([frames[0], np.linspace(0, 1.01, 768, dtype=np.float32).reshape(16, 16, 3)], ev=[0, 2])


@pytest.mark.parametrize("tags", [(1, 6, 1), (1, 1, 3), (6, 8, 6)])
def test_images_whose_orientation_tags_differ_are_merged_like_their_files(tmp_path, tags):
    files = [
        shoot(tmp_path / f"room/{n}.jpg", view(0), time, orientation=tag)
        for n, (time, tag) in enumerate(zip(EXPOSURES, tags, strict=True))
    ]
    with pytest.warns(InputWarning, match="orientation tags of the frames differ"):
        merged = hdrgen.merge([hdrgen.read(file) for file in files], **PLAIN)
    with pytest.warns(InputWarning, match="orientation tags of the frames differ"):
        np.testing.assert_array_equal(merged.pixels, hdrgen.merge(files, **PLAIN).pixels)


def test_brackets_of_one_folder_are_not_merged_into_each_other(tmp_path):
    for n in range(6):
        shoot(tmp_path / f"card/IMG_{n}.jpg", view(n // 3), EXPOSURES[n % 3])
    with pytest.raises(InputError, match=r"expected the exposures of one scene, found 2 brackets, card_IMG_0 \(3\)"):
        hdrgen.merge(tmp_path / "card")
    first, _ = hdrgen.io.grouped([tmp_path / "card"])
    assert hdrgen.merge(first.files, response="gamma:2.2", align="none").pixels.shape == (48, 64, 3)


class TestOneScaleForSeveralSets:
    """The same view, exposed two stops longer: four times the radiance, unless scaled like the first."""

    @staticmethod
    def sets(folder):
        times = [(1, 400), (1, 100), (1, 25)], [(1, 100), (1, 25), (4, 25)]
        for name, exposures in zip("ab", times, strict=True):
            for n, time in enumerate(exposures):
                shoot(folder / f"{name}/{n}.jpg", view(0) / 8, time)
        return folder / "a", folder / "b"

    def test_from_python(self, tmp_path):
        known = {"response": "gamma:2.2", "align": "none"}
        first, second = (hdrgen.merge(folder, **known) for folder in self.sets(tmp_path))
        assert np.median(second.pixels / first.pixels) == pytest.approx(4, rel=0.03)
        hdrgen.write(tmp_path / "first.exr", first)
        for like in (first, tmp_path / "first.exr"):
            scaled = hdrgen.merge(tmp_path / "b", scale_like=like, **known)
            assert np.median(scaled.pixels / first.pixels) == pytest.approx(1, rel=0.03)
            assert scaled.exposure == first.exposure or scaled.exposure.time == pytest.approx(0.01)
        hdrgen.write(tmp_path / "first.hdr", first)
        with pytest.raises(InputError, match="expected an HDR image that says its exposure"):
            hdrgen.merge(tmp_path / "b", scale_like=tmp_path / "first.hdr", **known)

    def test_from_the_command_line(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        self.sets(tmp_path)
        options = ["--response", "gamma:2.2", "--align", "none"]
        assert main(["merge", "a", *options]) == 0
        assert main(["merge", "b", *options, "--scale-like", "a.exr"]) == 0
        first, second = (hdrgen.read(f"{name}.exr").pixels.astype(float) for name in "ab")
        assert np.median(second / first) == pytest.approx(1, rel=0.03)
        assert main(["merge", "b", *options, "--scale-like", "none.exr", "--overwrite"]) == 2


@pytest.mark.parametrize("response", [lambda exposure: exposure, None, 2.2, Path(), "kodak"])
def test_a_response_that_is_none_is_told_before_anything_is_read(response):
    with pytest.raises(InputError, match="expected a response") as error:
        hdrgen.merge(["gone.jpg", "too.jpg"], response=response)
    assert error.value.argument == "response"


def test_a_response_may_be_the_path_of_its_file(tmp_path):
    levels = torch.linspace(0, 1, 257)
    file = save_curve(TabulatedResponse(levels**2, levels, "mine"), tmp_path / "curve.json")
    codes = [np.full((32, 32, 3), code, np.uint8) for code in (62, 117, 219)]
    merged = [hdrgen.merge(codes, ev=[-2, 0, 2], response=each, align="none") for each in (file, str(file))]
    np.testing.assert_array_equal(*merged)
