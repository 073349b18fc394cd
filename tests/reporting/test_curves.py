"""Points and curves of charts."""

import math

from hdrgen.reporting.curves import charts
from hdrgen.reporting.runs import Run
from tests.reporting.parsed import Page


def run(name, curve, folder=None):
    return Run(name, folder, "", {"loss": curve}, [])


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
