"""The page of `hdrgen view` in a real browser, from disk: tone mapping is the package's, values are the file's."""

import base64
import shlex

import numpy as np
import pytest
import torch

from hdrgen.io import srgb_decoded, srgb_encoded, write_image
from hdrgen.reporting import write_view
from hdrgen.reporting.colour_ramp import ramp
from hdrgen.reporting.embedded_images import LUMINANCE
from hdrgen.tonemap import Graded, Reinhard2002
from tests.reporting.test_browser import READY, pixels, put
from tests.reporting.test_view_page import data_of, radiance, shown

SHAPE = (12, 16)
A, B = "a's <b>.exr", "b.exr"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("view")
    for seed, name in enumerate((A, B)):
        write_image(made / name, radiance(*SHAPE, seed), float32=True)
    write_view([made / A, made / B], made / "v.html")
    write_view([made / B], made / "other.html")
    return made


@pytest.fixture
def page(browser, folder):
    browser.open(folder / "v.html")
    browser.wait(READY)
    put(browser, ".divide", "100")  # the left image alone
    return browser


def given(folder, name=A):
    """The radiance as it is on the page, (3, H, W)."""
    return torch.from_numpy(shown(folder / "v.html", name).astype(np.float32)).permute(2, 0, 1)


def test_two_images_lie_on_either_side(page):
    assert page.run("[document.querySelector('.left').value, document.querySelector('.right').value]") == [A, B]


@pytest.mark.parametrize(
    ("key", "contrast", "saturation"), [(0, 1, 1), (1.5, 1, 1), (-1, 0.6, 1.6), (0.5, 1.8, 0), (0, 1.2, 2)]
)
def test_tone_mapping_is_that_of_the_command_it_names(page, folder, key, contrast, saturation):
    for name, value in (("key", key), ("contrast", contrast), ("saturation", saturation)):
        put(page, f".{name}", str(value))
    page.run("if (!document.querySelector('.mapped').checked) document.querySelector('.mapped').click()")
    expected = Graded(Reinhard2002(key=0.18 * 2**key), saturation, contrast)(given(folder)).permute(1, 2, 0).numpy()
    assert np.abs(pixels(page, shape=SHAPE)[..., :3] - np.rint(255 * expected)).max() <= 1
    words = shlex.split(page.run("document.querySelector('.command').textContent"))
    assert words[:3] == ["hdrgen", "tonemap", str(folder / A)]
    said = dict(zip(words[3::2], map(float, words[4::2]), strict=True))
    assert said.get("--key", 0.18) == pytest.approx(0.18 * 2**key, rel=1e-3)
    assert (said.get("--contrast", 1), said.get("--saturation", 1)) == (contrast, saturation)
    assert page.run("document.querySelector('.ev').disabled")


def test_burnt_highlights_are_the_white_of_the_command(page, folder):
    put(page, ".burnt", "3")
    mapped = pixels(page, shape=SHAPE)[..., :3]
    words = shlex.split(page.run("document.querySelector('.command').textContent"))
    white = float(words[words.index("--white") + 1])
    expected = Reinhard2002(white=white)(given(folder)).permute(1, 2, 0).numpy()
    assert np.abs(mapped - np.rint(255 * expected)).max() <= 1


def test_false_colours_in_stops(page, folder):
    page.run("document.querySelector('.false').click()")
    low, high = data_of(folder / "v.html")["stops"]
    share = (np.log2(given(folder).permute(1, 2, 0).numpy() @ LUMINANCE) - low) / (high - low)
    expected = ramp(1024)[np.rint(share.clip(0, 1) * 1023).astype(int)]
    assert np.abs(pixels(page, shape=SHAPE)[..., :3] - expected).max() <= 2
    told = page.run("document.querySelector('.luminances').innerText").split()
    assert told[0] == f"{low:+d}"
    assert "EV" in told


def test_values_under_the_pointer_in_radiance_and_stops(page, folder):
    box = "const box = document.querySelector('.stage').getBoundingClientRect();"
    at = page.run(f"{{ document.querySelector('.stage').scrollIntoView(); {box} [box.x + box.width - 2, box.y + 2]; }}")
    page.send("Input.dispatchMouseEvent", type="mouseMoved", x=at[0], y=at[1])
    told = page.run("document.querySelector('.viewer > .readout').textContent")
    pixel = given(folder)[:, 0, -1].numpy()
    words = told.split(f"{A} RGB ")[1].split(",  ")[0].replace(",", "").replace("\N{MINUS SIGN}", "-").split()
    assert [float(word) for word in words[:3]] == pytest.approx(pixel.tolist(), rel=6e-3)
    assert float(words[4]) == pytest.approx(pixel @ LUMINANCE, rel=6e-3)
    assert words[5] == "EV"
    assert float(words[6]) == pytest.approx(np.log2(pixel @ LUMINANCE), abs=0.02)


def test_histogram_counts_quarters_of_a_stop(page, folder):
    made = page.run(f"Array.from(counted(Float32Array.from({shown(folder / 'v.html', A).ravel().tolist()}), [-6, 6]))")
    stops = np.log2(shown(folder / "v.html", A) @ LUMINANCE).clip(-6, 6 - 1e-6)
    np.testing.assert_array_equal(made, np.histogram(stops, 48, (-6, 6))[0])
    inked = "Array.from(document.querySelector('.histogram').getContext('2d').getImageData(0, 0, 900, 90).data)"
    assert sum(page.run(inked)) > 0


def drop(page, files):
    """Drop files, name and content, on the page."""
    made = ", ".join(
        f"new File([Uint8Array.from(atob('{base64.b64encode(content).decode()}'), (c) => c.charCodeAt(0))], '{name}')"
        for name, content in files
    )
    page.run(
        f"{{ const data = new DataTransfer(); for (const file of [{made}]) data.items.add(file);"
        " document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));"
        " document.querySelector('.scene').taken; }"
    )


def test_a_photograph_and_another_page_join_by_being_dropped(page, folder):
    display = np.random.default_rng(2).integers(0, 256, (*SHAPE, 3), np.uint8)
    photo = write_image(folder / "photo.png", display)
    drop(page, [("photo.png", photo.read_bytes()), ("other.html", (folder / "other.html").read_bytes())])
    ends = page.run("[document.querySelector('.left').value, document.querySelector('.right').value]")
    assert ends == ["photo.png", f"{B} (2)"]
    gain = data_of(folder / "v.html")["gain"]
    expected = np.rint(255 * srgb_encoded((srgb_decoded(display / 255) * gain).clip(0, 1)))
    assert np.abs(pixels(page, shape=SHAPE)[..., :3] - expected).max() <= 1
    put(page, ".divide", "0")
    expected = np.rint(255 * srgb_encoded((shown(folder / "v.html", B) * gain).clip(0, 1)))
    assert np.abs(pixels(page, shape=SHAPE)[..., :3] - expected).max() <= 1
    drop(page, [("notes.txt", b"no picture")])
    assert "notes.txt: expected a picture" in page.run("document.querySelector('.dropped').textContent")


def test_no_complaints_and_nothing_asked_for(page, folder):
    """The last test, so that it has seen all others."""
    assert page.run("document.title") == f"hdrgen: {A}, {B}"
    assert page.complaints == []
    asked = {address for address in page.requested if not address.startswith(("data:", "blob:"))}
    assert asked <= {(folder / "v.html").resolve().as_uri(), "about:blank"}
