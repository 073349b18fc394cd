"""Images of one pixel, one row or one column through every verb that takes images: a result or one line."""

from pathlib import Path

import numpy as np
import pytest

from hdrgen.cli.main import main
from hdrgen.fusion import align_photographs
from hdrgen.io import read_image, write_image
from hdrgen.metrics import all_metrics
from hdrgen.tonemap import all_operators

SHAPES = [(1, 1), (1, 7), (7, 1), (2, 2), (3, 2)]
EV = (-3.0, 0.0, 3.0)
METRICS = [name for name, metric in all_metrics().items() if not metric.needs]


@pytest.fixture(params=SHAPES, ids=str)
def shape(request, tmp_path, monkeypatch):
    """Three exposures and two pairs to compare, in the current folder."""
    monkeypatch.chdir(tmp_path)
    radiance = np.random.default_rng(0).uniform(0.1, 1, (*request.param, 3)).astype(np.float32)
    for at, ev in enumerate(EV):
        write_image(f"b{at}.png", (np.clip(radiance * 2**ev, 0, 1) ** (1 / 2.2) * 255).round().astype(np.uint8))
    for name, gain in (("truth", 10.0), ("result", 11.0)):
        write_image(f"{name}.exr", radiance * np.float32(gain))
        write_image(f"{name}.png", radiance * np.float32(gain / 11))
    return request.param


def told(arguments, capsys):
    """The exit status, 0 or 2, where 2 comes with one line of error; a traceback would be an exception here."""
    status = main(list(map(str, arguments)))
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("hdrgen: error:")]
    assert status in (0, 2)
    assert len(errors) == (status == 2), errors
    return status


MERGES = [
    [],
    ["--align", "mtb"],
    ["--align", "none"],
    ["--deghost", "--preview"],
    ["--method", "linear", "--response", "srgb"],
    ["--method", "robertson", "--response", "gamma:2.2", "--deghost"],
    ["--method", "mertens"],
]


def test_merges(shape, capsys):
    for at, options in enumerate(MERGES):
        suffix = ".png" if "mertens" in options else ".exr"
        arguments = ["merge", "b0.png", "b1.png", "b2.png", "--ev=-3,0,3", *options, "-o", f"out{at}{suffix}"]
        assert told(arguments, capsys) == 0, options
        assert read_image(f"out{at}{suffix}").pixels.shape[:2] == shape
    told(["merge", "b0.png", "b1.png", "b2.png", "--ev=-3,0,3", "--method", "robertson", "-o", "last.exr"], capsys)


def test_responses_exposures_and_facts(shape, capsys):
    told(["crf", "b0.png", "b1.png", "b2.png", "--ev=-3,0,3", "-o", "curve.json"], capsys)
    assert told(["info", "b0.png", "b1.png", "truth.exr"], capsys) == 0
    for format_ in ("png", "jpg", "tif"):
        assert told(["expose", "truth.exr", "--format", format_, "-o", format_], capsys) == 0
        assert len(list(Path(format_).iterdir())) >= 3


def test_every_operator(shape, capsys):
    for name in all_operators():
        assert told(["tonemap", "truth.exr", "--operator", name, "-o", f"{name}.png"], capsys) == 0, name
        assert read_image(f"{name}.png").pixels.shape[:2] == shape


def test_every_metric(shape, capsys):
    for name in METRICS:
        suffix = "png" if all_metrics()[name].domain == "display" else "exr"
        told(["compare", f"truth.{suffix}", f"result.{suffix}", "--metrics", name], capsys)
    for suffix in ("png", "exr"):
        assert told(["compare", f"truth.{suffix}", f"result.{suffix}"], capsys) == 0


@pytest.mark.parametrize("size", [(1, 4000), (15, 40), (16, 300), (40, 16)])
@pytest.mark.parametrize("shifts_only", [False, True])
def test_narrow_photographs_are_aligned_or_said_to_be_left(size, shifts_only):
    photographs = [np.random.default_rng(at).integers(0, 256, (*size, 3)).astype(np.uint8) for at in range(2)]
    first, second = align_photographs(photographs, 0, shifts_only=shifts_only)
    assert first.reliable
    assert first.still
    assert second.still or min(size) >= 16
