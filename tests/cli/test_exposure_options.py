"""Exposures on the command line."""

import pytest

from hdrgen.cli import exposure_values, joined
from hdrgen.errors import InputError


def test_lists_and_ranges():
    assert exposure_values("2,-2,0.5") == [-2, 0.5, 2]
    assert exposure_values("-1:1") == [-1, 0, 1]
    for text in ("a", "1,1", "3:1", "0:1:0", "0:1:2:3", "0:1000:1", "inf", "1:2,3"):
        with pytest.raises(InputError, match="--ev"):
            exposure_values(text)


def test_the_end_of_a_range_belongs_to_it_in_thirds_of_a_stop():
    values = exposure_values("-1:1:0.3333333333")
    assert len(values) == 7
    assert values[-1] == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("option", ["--ev", "--times", "--ev-step"])
def test_lists_that_begin_with_a_minus(option):
    assert joined([option, "-2,0,2", "a.jpg", "-o", "x"]) == [f"{option}=-2,0,2", "a.jpg", "-o", "x"]
    assert joined([option, "-.5"]) == [f"{option}=-.5"]
    assert joined([option, "--json"]) == [option, "--json"]
    assert joined(["--exposure", "-2"]) == ["--exposure", "-2"]
