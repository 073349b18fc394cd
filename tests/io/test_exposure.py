"""Exposure arithmetic in stops."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hdrgen.io import Exposure, Image

times = st.floats(1e-5, 1e3)
fnumbers = st.floats(0.7, 64)
isos = st.floats(25, 409600)


@given(times, fnumbers, isos)
@settings(max_examples=50)
def test_stops_follow_the_definition(time, fnumber, iso):
    assert 2 ** Exposure(time, fnumber, iso).stops == pytest.approx(time * iso / 100 / fnumber**2, rel=1e-9)


@given(times, fnumbers, isos, st.floats(-8, 8))
@settings(max_examples=50)
def test_one_stop_is_one_stop_however_it_is_made(time, fnumber, iso, stops):
    base = Exposure(time, fnumber, iso).stops
    assert Exposure(time * 2**stops, fnumber, iso).stops - base == pytest.approx(stops, abs=1e-9)
    assert Exposure(time, fnumber, iso * 2**stops).stops - base == pytest.approx(stops, abs=1e-9)
    assert Exposure(time, fnumber * 2 ** (stops / 2), iso).stops - base == pytest.approx(-stops, abs=1e-9)


@given(times, times)
@settings(max_examples=50)
def test_unknown_settings_are_constant(first, second):
    difference = Exposure(first, 8.0, 100).stops - Exposure(second, 8.0, 100).stops
    assert Exposure(first).stops - Exposure(second).stops == pytest.approx(difference, abs=1e-9)


@given(st.floats(-20, 20), times)
@settings(max_examples=50)
def test_ev_wins(ev, time):
    assert Exposure(time=time, ev=ev).stops == ev


def test_without_time_there_are_no_stops():
    assert Exposure(fnumber=8.0, iso=100).stops is None


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, math.inf])
@pytest.mark.parametrize("name", ["time", "fnumber", "iso"])
def test_impossible_settings(name, bad):
    with pytest.raises(ValueError, match=name):
        Exposure(**{name: bad})


def test_impossible_ev():
    with pytest.raises(ValueError, match="ev"):
        Exposure(ev=math.nan)


def test_in_words():
    assert str(Exposure(1 / 250, 2.8, 400)) == "0.004 s, f/2.8, ISO 400"
    assert str(Exposure(ev=-1)) == "-1 EV"
    assert str(Exposure()) == "unknown exposure"


@pytest.mark.parametrize(("dtype", "scale"), [(np.uint8, 255), (np.uint16, 65535), (np.float16, 1), (np.float32, 1)])
def test_as_float(dtype, scale):
    pixels = np.array([[[0, 1, 200]]], dtype)
    result = Image(pixels, linear=False, exposure=Exposure()).as_float()
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, pixels.astype(np.float64) / scale, rtol=1e-6)
