"""Scales, ticks and points of charts."""

import math

import pytest

from hdrgen.reporting.curves import Scale, charts
from hdrgen.reporting.runs import Run
from tests.reporting.parsed import Page


def run(name, curve, folder=None):
    return Run(name, folder, "", {"loss": curve}, [])


def test_logarithmic_where_it_helps():
    scale = Scale([0.01, 100.0], 0.0, 400.0, may_bend=True)
    assert scale(1.0) == pytest.approx(200.0)
    assert scale.ticks() == pytest.approx([0.01, 0.1, 1.0, 10.0, 100.0])
    assert not Scale([-0.01, 100.0], 0.0, 1.0, may_bend=True).logarithmic


@pytest.mark.parametrize("values", [[0.0], [5.0, 5.0], [-3.0], [1e-9, 2e-9], [1e9, 3e9]])
def test_ticks_lie_within(values):
    scale = Scale(values, 0.0, 1.0)
    assert 2 <= len(scale.ticks()) <= 11
    assert all(-1e-6 <= scale(tick) <= 1 + 1e-6 for tick in scale.ticks())


def test_values_that_are_not_finite_are_left_out():
    page = Page(charts([run("a", [(0.0, 1.0), (1.0, math.nan), (2.0, math.inf), (3.0, 2.0)])]))
    assert sum(tag == "circle" for tag, _ in page.tags) == 2
    assert "no finite values" in charts([run("a", [(0.0, math.nan)])])


def test_long_curves_are_thinned():
    page = Page(charts([run("a", [(float(step), 1.0) for step in range(100_000)]), run("b", [(0.0, 2.0)])]))
    assert sum(tag == "circle" for tag, _ in page.tags) <= 203
    assert sum(tag == "li" for tag, _ in page.tags) == 2


def test_no_curves():
    assert charts([Run("a", None, "", {}, [])]) is None
