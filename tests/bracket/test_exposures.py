"""Exposures of a bracket: taken twice, and told by the pixels, of scenes whose radiance is known."""

import warnings

import numpy as np
import pytest

import hdrgen
from hdrgen.cli.main import main
from hdrgen.errors import InputError, InputWarning
from hdrgen.io import Exposure, write_image

STOPS = np.array([-2.0, 0.0, 2.0])
RADIANCE = np.random.default_rng(0).permuted(2.0 ** np.linspace(-6, 1.9, 64 * 64)).reshape(64, 64, 1) * [1.0, 0.9, 0.8]


def shot(stops, gamma=2.2, noise=0.0, seed=0):
    display = np.clip(RADIANCE * 2.0**stops, 0, 1) ** (1 / gamma) * 255
    display += np.random.default_rng(seed).normal(0, noise, display.shape) if noise else 0
    return np.rint(display.clip(0, 255)).astype(np.uint8)


def stops_off(merged):
    """How many stops the error differs by over the scene, where the shortest frame is not white."""
    seen = (RADIANCE < 3.5) & (RADIANCE > 0.05)
    error = np.log2(np.asarray(merged, float) / RADIANCE)[seen]
    return float(np.ptp(np.quantile(error, [0.01, 0.99])))


def files(folder, times, **options):
    folder.mkdir()
    for index, time in enumerate(times):
        write_image(folder / f"{index}.png", shot(np.log2(time), seed=index, **options), exposure=Exposure(time=time))
    return folder


def test_repeated_exposures_count_together_from_files_as_from_arrays(tmp_path):
    times = (0.25, 1.0, 4.0, 4.0)
    with pytest.warns(UserWarning, match="the same exposure in 2.png and 3.png; all of them count"):
        merged = hdrgen.merge(files(tmp_path / "a", times, noise=3.0), response="gamma:2.2", align="none").pixels
    arrays = [shot(np.log2(time), noise=3.0, seed=index) for index, time in enumerate(times)]
    same = hdrgen.merge(arrays, ev=np.log2(times).tolist(), response="gamma:2.2", align="none")
    assert np.array_equal(merged, same)
    once = hdrgen.merge(arrays[:3], ev=STOPS.tolist(), response="gamma:2.2", align="none")
    dark = RADIANCE < 0.06  # only the longest frames show it well
    spread = [float(np.std(np.log2(each / RADIANCE)[dark])) for each in (same, once)]
    assert spread[0] < 0.8 * spread[1]  # 1 / sqrt(2) if it were all noise


@pytest.mark.parametrize(("method", "off"), [("debevec", 0.2), ("robertson", 1.3)])  # its curve ripples, see its docs
def test_a_response_is_estimated_of_repeated_exposures(tmp_path, method, off):
    folder = files(tmp_path / "a", (0.25, 0.25, 1.0, 4.0, 4.0), noise=1.0)
    with pytest.warns(UserWarning, match=r"0.png and 1.png; 3.png and 4.png"):
        merged = hdrgen.merge(folder, method=method, align="none", deghost=True).pixels
    assert stops_off(merged) < off
    assert main(["crf", str(folder), "--method", method, "-o", str(tmp_path / "c.json"), "--plot", "none"]) == 0


def test_frames_that_cannot_be_of_one_exposure_are_refused():
    with pytest.raises(InputError, match=r"expected different exposures of image 1 and image 2 .*differs by"):
        hdrgen.merge([shot(-2), shot(0), shot(2)], ev=[-2, 0, 0], response="gamma:2.2", align="none")


def test_exposures_are_fitted_where_the_response_is_known(tmp_path, capsys):
    frames, believed = [shot(-2.0), shot(0.0), shot(1.8)], [-1.9, 0.0, 2.1]
    assert stops_off(hdrgen.merge(frames, ev=believed, response="gamma:2.2", align="none")) > 0.12
    fitted = hdrgen.merge(frames, ev=believed, response="gamma:2.2", align="none", fit_exposures=True)
    assert stops_off(fitted) < 0.06
    for index, (frame, stops) in enumerate(zip(frames, believed, strict=True)):
        write_image(tmp_path / f"{index}.png", frame, exposure=Exposure(time=2.0**stops))
    options = ["--response", "gamma:2.2", "--align", "none", "--fit-exposures", "-o", str(tmp_path / "a.exr")]
    assert main(["merge", str(tmp_path), *options]) == 0
    told = capsys.readouterr().out
    assert "exposures fitted (changed by up to 0.3 stops)" in told
    assert "EV +1.80" in told


def test_with_an_unknown_response_the_ends_stay_apart_and_the_middle_is_found():
    stops = [-3.0, -1.5, 0.0, 1.5]
    frames = [shot(each) for each in stops]
    believed = [-3.0, -1.2, 0.0, 1.5]
    off = [stops_off(hdrgen.merge(frames, ev=believed, align="none", fit_exposures=fit)) for fit in (False, True)]
    assert off[1] < 0.75 * off[0]


def test_linear_frames_are_fitted_with_their_channels():
    truth = [-2.0, 0.0, 2.1]
    frames = [(RADIANCE * 2.0**each).clip(0, 1).astype(np.float32) for each in truth]
    merged = hdrgen.merge(frames, ev=STOPS.tolist(), response="linear", align="none", fit_exposures=True)
    assert stops_off(merged) < 0.005


def test_frames_with_nothing_in_common_keep_their_settings():
    frames = [np.full((16, 16, 3), code, np.uint8) for code in (2, 120, 254)]
    plain = hdrgen.merge(frames, ev=[-7, 0, 7], response="srgb", align="none")
    assert np.array_equal(plain, hdrgen.merge(frames, ev=[-7, 0, 7], response="srgb", align="none", fit_exposures=True))


def test_crf_fits_the_exposures_of_its_curve_too(tmp_path, capsys):
    stops, believed = [-3.0, -1.5, 0.0, 1.5], [-3.0, -1.0, 0.0, 1.5]
    for index, (true, wrong) in enumerate(zip(stops, believed, strict=True)):
        write_image(tmp_path / f"a/{index}.png", shot(true), exposure=Exposure(time=2.0**wrong))
    residuals = []
    for more in ([], ["--fit-exposures"]):
        name = str(tmp_path / f"{len(more)}.json")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", InputWarning)
            assert main(["crf", str(tmp_path / "a"), "-o", name, "--plot", "none", *more]) == 0
        told = capsys.readouterr().out
        residuals.append(float(told.partition("residual ")[2].partition(" ")[0]))
        assert ("exposures fitted (changed by up to 0." in told) == bool(more)
    assert residuals[1] < 0.6 * residuals[0]
    assert main(["crf", str(tmp_path / "a/0.png"), "--fit-exposures"]) == 2
    assert "--fit-exposures needs several exposures" in capsys.readouterr().err
