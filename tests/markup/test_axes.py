"""Scales, ticks, grid lines and labels of charts."""

import pytest

from hdrgen.markup import Axes, Scale, drawn_labels, drawn_lines


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


def test_the_step_between_ticks_can_be_chosen():
    assert Scale((-12, 0), 0.0, 1.0, step=2).ticks() == [-12, -10, -8, -6, -4, -2, 0]
    assert Scale((0, 1), 0.0, 1.0, step=0.25).ticks() == [0, 0.25, 0.5, 0.75, 1]


def test_lines_and_labels_stand_at_the_ticks():
    axes = Axes(Scale((0, 4), 10.0, 50.0, step=2), Scale((0, 1), 90.0, 30.0, step=0.5))
    assert axes.place(2, 0.5) == (30.0, 60.0)
    assert axes.upright_lines() == [((x, 90.0), (x, 30.0)) for x in (10.0, 30.0, 50.0)]
    assert axes.level_lines() == [((10.0, y), (50.0, y)) for y in (90.0, 60.0, 30.0)]
    beside, below = axes.labels()[:3], axes.labels()[3:]
    assert [(label.text, label.anchor) for label in beside] == [("0", "end"), ("0.5", "end"), ("1", "end")]
    assert [(label.text, label.x) for label in below] == [("0", 10.0), ("2", 30.0), ("4", 50.0)]


def test_svg():
    (line,) = drawn_lines([((0.0, 1.0), (2.26, 3.0))], stroke="#ddd")
    assert line == '<line x1="0.0" y1="1.0" x2="2.3" y2="3.0" stroke="#ddd"></line>'
    axes = Axes(Scale((0, 1), 0.0, 10.0, step=1), Scale((0, 1), 10.0, 0.0, step=1))
    assert drawn_labels(axes.labels())[0] == '<text x="-6.0" y="14.0" text-anchor="end">0</text>'
