"""The page of `hdrgen view` as text: what is on it, that it needs nothing else, and holds no foreign markup."""

import json

import numpy as np
import pytest

from hdrgen.errors import InputError
from hdrgen.io import DISPLAY_P3, converted, read_image, srgb_decoded, write_image
from hdrgen.io.colour import BT709
from hdrgen.reporting import write_view
from tests.reporting.parsed import Page
from tests.reporting.test_embedded_images import unpacked
from tests.reporting.test_page import HOSTILE, LINKS


def radiance(height=12, width=16, seed=0):
    return np.exp(np.random.default_rng(seed).normal(size=(height, width, 3)) * 2).astype(np.float32)


def data_of(path):
    text = path.read_text(encoding="utf-8")
    return json.loads(text.split('<script type="application/json">')[1].split("</script>")[0])


def shown(path, name):
    data = data_of(path)
    return unpacked(data["radiance"][name], *data["size"])


def test_radiance_is_on_the_page_to_a_256th_of_its_largest_channel(tmp_path):
    image = radiance() * np.float32(1e3)
    write_image(tmp_path / "a.exr", image, float32=True)
    (made,) = write_view([tmp_path / "a.exr"], tmp_path / "v.html")
    assert (np.abs(shown(tmp_path / "v.html", "a.exr") - image) <= image.max(-1, keepdims=True) / 256).all()
    assert made.words == f"{tmp_path / 'a.exr'}: 16 x 12"


def test_a_large_image_is_reduced_and_its_light_is_that_of_all_pixels(tmp_path):
    image = radiance(40, 60)
    write_image(tmp_path / "a.exr", image, float32=True)
    (made,) = write_view([tmp_path / "a.exr"], tmp_path / "v.html", side=30)
    assert made.words.endswith("a.exr: 60 x 40, reduced to 30 x 20")
    means = image.reshape(20, 2, 30, 2, 3).mean((1, 3))
    assert (np.abs(shown(tmp_path / "v.html", "a.exr") - means) <= means.max(-1, keepdims=True) / 200).all()
    luminance = image.astype(np.float64) @ [0.2126, 0.7152, 0.0722]
    light = data_of(tmp_path / "v.html")["light"]["a.exr"]
    assert light["largest"] == pytest.approx(luminance.max(), rel=1e-6)
    assert light["mean"] == pytest.approx(np.log(luminance / luminance.max() + 1e-6).mean(), rel=1e-6)


def test_photographs_and_other_colours_are_light_of_the_display(tmp_path):
    display = np.random.default_rng(0).integers(0, 256, (12, 16, 3), np.uint8)
    write_image(tmp_path / "photo.png", display)
    write_image(tmp_path / "p3.exr", radiance(), float32=True, chromaticities=DISPLAY_P3.chromaticities)
    photo, _ = write_view([tmp_path / "photo.png", tmp_path / "p3.exr"], tmp_path / "v.html")
    assert photo.words.endswith("16 x 12, display values, taken to have the sRGB curve")
    expected = srgb_decoded(display / 255)
    assert (np.abs(shown(tmp_path / "v.html", "photo.png") - expected) <= expected.max(-1, keepdims=True) / 250).all()
    expected = converted(radiance(), DISPLAY_P3.chromaticities, BT709.chromaticities).clip(0)
    assert (np.abs(shown(tmp_path / "v.html", "p3.exr") - expected) <= expected.max(-1, keepdims=True) / 250).all()


@pytest.mark.parametrize("suffix", [".hdr", ".tif", ".uhdr.jpg", ".pq.png", ".jxl", ".pfm"])
def test_formats_that_hold_radiance(suffix, tmp_path):
    path = tmp_path / f"a{suffix}"
    if suffix == ".pfm":
        path.write_bytes(b"PF\n16 12\n-1.0\n" + radiance()[::-1].clip(0, 9).tobytes())
    else:
        write_image(path, radiance().clip(0.05, 9))
    write_view([path], tmp_path / "v.html")
    expected = read_image(path, gain_map=True)
    assert expected.linear
    assert shown(tmp_path / "v.html", path.name).max() > 2


def test_one_that_alignment_cut_is_compared_and_another_shape_is_not(tmp_path):
    for name, size in (("a.exr", (100, 150)), ("b.exr", (99, 148)), ("c.exr", (150, 100))):
        write_image(tmp_path / name, radiance(*size))
    a, b, c = (tmp_path / f"{name}.exr" for name in "abc")
    made = write_view([a, b], tmp_path / "v.html")
    assert made[1].radiance.shape == made[0].radiance.shape
    with pytest.raises(
        InputError, match=r"c.exr: expected an image of the shape of .*a.exr, 150 x 100, found 100 x 150"
    ):
        write_view([a, c], tmp_path / "w.html")
    assert not (tmp_path / "w.html").exists()


@pytest.mark.filterwarnings("ignore:.*zero .black. pixels")
@pytest.mark.parametrize("value", [0.0, 1.0, 1e-30, 1e30])
def test_images_of_one_value(value, tmp_path):
    write_image(tmp_path / "a.exr", np.full((4, 5, 3), value, np.float32), float32=True)
    write_view([tmp_path / "a.exr"], tmp_path / "v.html")
    low, high = data_of(tmp_path / "v.html")["stops"]
    assert high > low
    if value:
        assert low <= np.log2(value) <= high


def test_nothing_is_loaded_and_names_stay_text(tmp_path):
    name = HOSTILE.replace("/", "\N{DIVISION SLASH}") + ".exr"
    folder = tmp_path / "<b>"
    write_image(folder / name, radiance())
    write_image(tmp_path / name, radiance())
    write_view([folder / name, tmp_path / name], tmp_path / "v.html")
    page = Page(tmp_path / "v.html")
    links = [value for _, attributes in page.tags for key, value in attributes.items() if key in LINKS]
    assert links
    assert all(link.startswith("data:image/") for link in links)
    assert {attributes.get("type") for tag, attributes in page.tags if tag == "script"} == {"application/json", None}
    assert sum(tag == "script" for tag, _ in page.tags) == 3
    assert not [1 for tag, attributes in page.tags if tag == "b" or any(each.startswith("on") for each in attributes)]
    assert name in page.text
    labelled = {attributes["for"] for tag, attributes in page.tags if tag == "label"}
    controls = [attributes["id"] for tag, attributes in page.tags if tag in ("input", "select")]
    assert labelled == set(controls)
    assert len(controls) == len(labelled)
