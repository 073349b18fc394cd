"""The page in a real browser, from disk: pixels as the formulas say, no complaints, no network, no mouse, no script."""

import numpy as np
import pytest
from PIL import Image

from hdrgen.io import read_image
from hdrgen.io.colour import srgb_encoded
from hdrgen.reporting import read_runs, write_page
from hdrgen.reporting.colour_ramp import ramp
from hdrgen.reporting.embedded_images import LUMINANCE, gain_of, packed, reduced
from tests.reporting.synthetic import SHAPE, made_test, made_training
from tests.reporting.test_embedded_images import unpacked
from tests.reporting.test_page import HOSTILE

READY = "document.documentElement.dataset.ready === ''"
HEIGHT, WIDTH = SHAPE


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("report")
    folders = [made_test(made / "ours", scenes=["a", HOSTILE]), made_test(made / "theirs", 1.0, scenes=["a", HOSTILE])]
    folders.append(made_training(made / "training", {HOSTILE: [3.0, 2.0, 1.0]}))
    write_page(read_runs(folders), made / "page.html")
    return made


@pytest.fixture
def page(browser, folder):
    browser.open(folder / "page.html")
    browser.wait(READY)
    return browser


def radiance(folder, name, run="ours"):
    return read_image(folder / run / "extremes" / "worst-1-scene0" / f"{name}.hdr").as_float()


def pixels(page, scene=0, shape=SHAPE):
    script = f"""new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {{
        const canvas = document.querySelectorAll('.stage')[{scene}];
        done(Array.from(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data));
    }})))"""
    return np.array(page.run(script)).reshape(*shape, 4)


def put(page, selector, value, scene=0):
    page.run(
        f"{{ const each = document.querySelectorAll('.scene')[{scene}].querySelector('{selector}');"
        f" each.value = {value!r}; each.dispatchEvent(new Event('input', {{ bubbles: true }})); }}"
    )


def shown(image, gain):
    return np.rint(255 * srgb_encoded(np.clip(image.astype(np.float64) * gain, 0, 1)))


@pytest.mark.parametrize("ev", [0, -3.5, 4])
def test_exposure(page, folder, ev):
    put(page, ".ev", str(ev))
    truth, result = radiance(folder, "truth"), radiance(folder, "result")
    gain = gain_of(truth) * 2.0**ev
    expected = np.concatenate([shown(result, gain)[:, : WIDTH // 2], shown(truth, gain)[:, WIDTH // 2 :]], axis=1)
    found = pixels(page)
    assert np.abs(found[..., :3] - expected).max() <= 1
    assert (found[..., 3] == 255).all()
    assert len(np.unique(found[..., 0])) > 5
    assert (
        page.run("document.querySelector('.stops').textContent")
        == {
            0: "EV +0",
            -3.5: "EV \N{MINUS SIGN}3.5",
            4: "EV +4",
        }[ev]
    )


def test_either_side_of_the_divider(page, folder):
    put(page, ".left", "result, theirs")
    put(page, ".divide", "100")
    theirs = radiance(folder, "result", "theirs")
    assert np.abs(pixels(page)[..., :3] - shown(theirs, gain_of(radiance(folder, "truth")))).max() <= 1
    put(page, ".right", "hdr_vdp2_p_map, ours")
    put(page, ".divide", "0")
    values = read_image(folder / "ours" / "extremes" / "worst-1-scene0" / "hdr_vdp2_p_map.png").as_float()[..., 0]
    np.testing.assert_array_equal(pixels(page)[..., :3], ramp()[np.rint(values * 255).astype(int)])
    put(page, ".right", "input")
    taken = read_image(folder / "ours" / "extremes" / "worst-1-scene0" / "input.png").as_float()
    assert np.abs(pixels(page)[..., :3] - taken * 255).mean() < 5  # JPEG


def test_luminance_in_false_colours(page, folder):
    put(page, ".divide", "0")
    page.run("document.querySelector('.false').click()")
    luminance = radiance(folder, "truth") @ LUMINANCE * 100
    share = np.clip((np.log10(luminance) - 0) / 3, 0, 1)
    assert np.abs(pixels(page)[..., :3] - ramp(1024)[np.rint(share * 1023).astype(int)]).max() <= 2
    legend = page.run("document.querySelector('.luminances').innerText").split()
    assert legend == ["1", "10", "100", "1000", "cd/m²,", "logarithmic"]
    assert page.run("document.querySelector('.ev').disabled")


def test_keys_are_enough(page, folder):
    page.run("document.querySelector('.ev').focus()")
    page.press("ArrowRight", 4)
    assert page.run("document.querySelector('.ev').value") == "1"
    gain = 2 * gain_of(radiance(folder, "truth"))
    assert np.abs(pixels(page)[:, -1, :3] - shown(radiance(folder, "truth"), gain)[:, -1]).max() <= 1
    page.run("document.querySelector('.left').focus()")
    page.press("Tab")
    assert page.run("document.activeElement.className") == "right"


def test_values_under_the_pointer(page, folder):
    box = "const box = document.querySelector('.stage').getBoundingClientRect();"
    at = page.run(f"{{ document.querySelector('.stage').scrollIntoView(); {box} [box.x + box.width - 2, box.y + 2]; }}")
    page.send("Input.dispatchMouseEvent", type="mouseMoved", x=at[0], y=at[1])
    value = float((radiance(folder, "truth") @ LUMINANCE)[0, -1] * 100)
    readout = page.run("document.querySelector('.viewer > .readout').textContent")
    assert readout.startswith(f"({WIDTH - 1}, 0)  result, ours ")
    assert float(readout.split("truth ")[1].split()[0]) == pytest.approx(value, rel=5e-3)
    at = page.run(
        "{ const dot = document.querySelectorAll('.chart circle')[1]; dot.scrollIntoView({ block: 'center' });"
        " const box = dot.getBoundingClientRect(); [box.x + 4, box.y + 4]; }"
    )
    page.send("Input.dispatchMouseEvent", type="mouseMoved", x=at[0], y=at[1])
    assert page.run("document.querySelector('.chart .readout').textContent") == "training, step 1: 2.00"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_looks_like_something(page, tmp_path, scheme):
    page.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    taken = np.asarray(Image.open(page.screenshot(tmp_path / "page.png")).convert("L")).astype(float)
    assert (taken.mean() > 128) == (scheme == "light")
    assert taken.std() > 10


@pytest.mark.parametrize("width", [360, 1200])
def test_wide_tables_scroll_by_themselves(page, width):
    page.send("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False)
    widths = page.run("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    page.send("Emulation.clearDeviceMetricsOverride")
    assert widths == [width, width]


def test_without_a_script(browser, folder):
    browser.send("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(folder / "page.html")
        text = browser.run("document.body.innerText")
        loaded = browser.run(
            "Array.from(document.images).filter((each) => each.naturalWidth > 0 && each.checkVisibility()).length"
        )
        assert browser.run("document.querySelector('.viewer').checkVisibility()") is False
    finally:
        browser.send("Emulation.setScriptExecutionDisabled", value=False)
    assert loaded == 2 * 6
    assert "26.00" in text


def test_no_complaints_and_nothing_asked_for(page, folder):
    """Also of a scene whose name is a script; the last test, so that it has seen all others."""
    assert page.run("document.title") == "hdrgen: ours, theirs, training"
    assert HOSTILE in page.run("document.querySelectorAll('.scene h4')[1].textContent")
    assert page.complaints == []
    asked = {address for address in page.requested if not address.startswith("data:")}
    assert asked <= {(folder / "page.html").resolve().as_uri(), "about:blank"}


def test_reduced_pictures_are_what_the_canvas_shows(browser, folder, tmp_path):
    write_page(read_runs([folder / "theirs"]), tmp_path / "small.html", side=10)
    browser.open(tmp_path / "small.html")
    browser.wait(READY)
    truth = radiance(folder, "truth", "theirs")
    put(browser, ".divide", "0")
    found = pixels(browser, shape=(6, 10))[..., :3]
    stored = unpacked(packed(reduced(truth, (10, 6))), 10, 6)
    assert np.abs(found - shown(stored, gain_of(truth))).max() <= 1
