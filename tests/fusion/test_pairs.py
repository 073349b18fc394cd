"""How two small photographs are compared, step by step: what is looked at, and what counts as which motion."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import fdtrc

from hdrgen.fusion import bitmaps
from hdrgen.fusion.evidence import f_beyond
from hdrgen.fusion.grey import pyramid_of
from hdrgen.fusion.motions import Euclidean, Homography, Translation
from hdrgen.fusion.points import ContrastPoints, Matching, _largest, _ridge, _widened, sample, solved
from hdrgen.fusion.registration import TURN, Alignment, _Match, _Pair, _settled, align_pair, align_photographs
from hdrgen.fusion.transforms import largest_move, shift
from tests.fusion.moved import motion, photograph, scene

SIZE = HEIGHT, WIDTH = 200, 240


@pytest.fixture(scope="module")
def radiance():
    return scene(HEIGHT + 60, WIDTH + 60)


def pyramid(radiance, matrix, ev=0.0):
    return pyramid_of(photograph(radiance, ev, matrix, *SIZE, np.random.default_rng(0)))


def test_the_turn_is_the_last_parameter_of_a_rigid_motion():
    family = Euclidean()
    assert family.parameters(family.matrix(np.array([0.1, -0.2, 0.3])))[TURN] == pytest.approx([0.3])


@pytest.mark.parametrize(("degrees", "turned"), [(0, False), (1.5, True)])
def test_a_shift_is_no_turn_and_a_turn_is_one(radiance, degrees, turned):
    true = motion(degrees, 8, -5, *SIZE)
    found = align_pair(pyramid(radiance, np.eye(3)), pyramid(radiance, true, 1.0), SIZE)
    assert found.reliable
    assert (found.angle != 0) == turned
    assert found.angle == pytest.approx(degrees, abs=0.1)
    assert found.move(*SIZE) == pytest.approx((8, -5), abs=0.2)


def test_a_motion_near_another_is_looked_for_at_the_two_largest_sizes(radiance, monkeypatch):
    looked = []
    track = ContrastPoints.track

    def noted(self, image, matching, motion, start):
        looked.append((type(motion), image.shape))
        return track(self, image, matching, motion, start)

    monkeypatch.setattr(ContrastPoints, "track", noted)
    align_pair(pyramid(radiance, np.eye(3)), pyramid(radiance, shift(8, -5), 1.0), SIZE)
    sizes = [(50, 60), (100, 120), (200, 240)]
    rigid = [size for kind, size in looked if kind is Euclidean]
    assert rigid == [*sizes, *sizes[1:]]
    for kind in (Translation, Homography):
        assert [size for each, size in looked if each is kind] in ([], sizes[1:])


@pytest.mark.parametrize(("apart", "still"), [(0.2, True), (0.3, False)])
def test_a_quarter_of_a_pixel_is_left_alone(radiance, apart, still, monkeypatch):
    monkeypatch.setattr(_Pair, "moves", lambda self, match: True)
    monkeypatch.setattr(_Pair, "perspective", lambda self, match: match._replace(matrix=shift(apart, 0)))
    near = pyramid(radiance, np.eye(3))
    assert align_pair(near, near, SIZE).still == still
    assert _settled(Alignment(shift(apart, 0), False), SIZE).still == still
    assert not _settled(Alignment(shift(apart, 0), False), SIZE).reliable


@pytest.mark.parametrize(("error", "reliable"), [(0.59, True), (0.61, False)])
def test_what_differs_more_than_by_six_tenths_is_another_scene(radiance, error, reliable, monkeypatch):
    monkeypatch.setattr(_Pair, "perspective", lambda self, match: match._replace(error=error))
    near = pyramid(radiance, np.eye(3))
    assert align_pair(near, near, SIZE).reliable == reliable
    assert align_pair(near, near, SIZE, shifts_only=True).reliable


@pytest.fixture
def pair(radiance):
    near = pyramid(radiance, np.eye(3))
    return _Pair(near, near)


@pytest.mark.parametrize(("share", "chance", "moves"), [(0.94, 0.9e-9, True), (0.96, 0, False), (0.94, 1.1e-9, False)])
def test_a_motion_must_fit_better_than_none_and_not_by_chance(pair, monkeypatch, share, chance, moves):
    monkeypatch.setattr("hdrgen.fusion.registration.chance", lambda *args: chance)
    monkeypatch.setattr(pair, "error", lambda matrix: 0.5)
    assert pair.moves(_Match(Translation(), shift(3, 0), 0.5 * share)) == moves
    monkeypatch.setattr(pair, "error", lambda matrix: None)
    assert pair.moves(_Match(Translation(), shift(3, 0), 9.0)) == (chance < 1e-9)


@pytest.mark.parametrize(
    ("spread", "gain", "bend", "chance", "bent"),
    [
        (0.051, 0.96, 0.029, 0, True),
        (0.049, 0.96, 0.029, 0, False),
        (0.051, 0.98, 0.029, 0, False),
        (0.051, 0.96, 0.031, 0, False),
        (0.051, 0.96, 0.029, 2e-9, False),
    ],
)
def test_a_perspective_is_believed_where_it_is_seen_everywhere_better_and_small(
    pair, monkeypatch, spread, gain, bend, chance, bent
):
    match = _Match(Euclidean(), shift(2, 1), 0.5)
    other = _Match(Homography(), shift(2 + bend * WIDTH, 1), 0.5 * gain)
    monkeypatch.setattr(pair.points[0], "spread", lambda image, matrix: spread)
    monkeypatch.setattr(pair, "refine", lambda motion, start, finest: other)
    monkeypatch.setattr("hdrgen.fusion.registration.chance", lambda *args: chance)
    assert pair.perspective(match) is (other if bent else match)
    monkeypatch.setattr(pair, "refine", lambda motion, start, finest: None)
    assert pair.perspective(match) is match


def test_progress_is_the_share_of_photographs_that_lie(radiance):
    photos = [photograph(radiance, ev, np.eye(3), *SIZE, np.random.default_rng(0)) for ev in (-1, 0, 1)]
    shares = []
    found = align_photographs(photos, 0, progress=shares.append)
    assert shares == [0.5, 1.0]
    assert all(each.still and each.reliable for each in found)
    assert align_photographs(photos[:1], 0)[0].still


def test_the_largest_move_is_that_of_a_corner():
    assert largest_move(shift(3, -4), 20, 30) == pytest.approx(5)
    turned = motion(90, 0, 0, 21, 31)
    assert largest_move(turned, 21, 31) == pytest.approx(np.hypot(*(np.array([15, 10]) - [-10, 15])))


def test_points_are_the_steepest_of_their_cells_away_from_the_border_and_from_what_is_clipped():
    image = np.full((40, 50), 0.5, np.float32)
    image[1, 10] = image[20, 1] = image[20, 30] = image[30, 40] = 0.9
    image[30, 40] = 0.98  # clipped: it and the pixels around are no points
    points = ContrastPoints(image)
    places = {tuple(place) for place in points.places.astype(int).tolist()}
    assert places == {(29, 20), (31, 20), (30, 19), (30, 21), (2, 20), (10, 2)}
    at = [tuple(place) for place in points.places.astype(int).tolist()].index((29, 20))
    np.testing.assert_allclose(points.slopes[at], [0.2, 0], atol=1e-6)
    assert points.values[at] == 0.5
    assert points.scale == 25
    np.testing.assert_array_equal(points.centre, [25, 20])


def test_the_largest_of_each_cell_where_it_is_more_than_the_least():
    size = np.zeros((7, 9), np.float32)
    size[0, 1], size[1, 0], size[2, 3], size[3, 5], size[6, 8] = 0.5, 0.4, 0.004, 0.0041, 0.9
    rows, columns = _largest(size, 2)
    assert sorted(zip(rows.tolist(), columns.tolist(), strict=True)) == [(0, 1), (3, 5)]


def test_what_is_clipped_is_widened_to_its_eight_neighbours():
    clipped = np.zeros((6, 7), bool)
    clipped[0, 0] = clipped[3, 4] = True
    expected = np.zeros((6, 7), bool)
    expected[:2, :2] = expected[2:5, 3:6] = True
    np.testing.assert_array_equal(_widened(clipped), expected)


@pytest.mark.parametrize("end", [0.03, 0.97])
def test_a_place_between_clipped_pixels_is_not_seen(end):
    image = np.full((5, 5), 0.5, np.float32)
    places = np.array([[2.0, 2.0]])
    for value, seen in ((end, False), (end + (0.001 if end < 0.5 else -0.001), True)):
        image[3, 3] = value
        assert sample(image, places)[0].tolist() == [seen]


def test_outliers_do_not_bend_a_line():
    x = np.linspace(0, 1, 40)
    target = 2 * x + 0.3 + 0.001 * np.sin(40 * x)
    target[::10] += 5
    solution, weight = solved(np.column_stack([x, np.ones(40)]), target)
    np.testing.assert_allclose(solution, [2, 0.3], atol=0.01)
    assert (weight[::10] == 0).all()
    assert (weight[1::10] > 0.5).all()


def test_a_parameter_that_nothing_holds_stays_near_zero():
    columns = np.column_stack([np.linspace(-1, 1, 9), np.zeros(9)])
    solution, _ = solved(columns, 3 * columns[:, 0])
    np.testing.assert_allclose(solution, [3, 0], atol=1e-6)
    np.testing.assert_allclose(_ridge(np.eye(2)) - np.eye(2), np.eye(2) * (2e-9 + 1e-12), rtol=1e-3)


def test_points_that_few_share_are_not_followed(radiance):
    near = pyramid(radiance, np.eye(3))
    points, matching = ContrastPoints(near.images[0]), Matching.between(near, near)
    assert points.error(near.images[0], matching, np.eye(3)) == pytest.approx(0, abs=1e-6)
    assert points.error(near.images[0], matching, shift(WIDTH - 3, 0)) is None
    assert points.track(near.images[0], matching, Translation(), shift(WIDTH - 3, 0)) is None


def test_brightness_is_matched_by_its_order():
    near = pyramid_of(np.random.default_rng(0).random((64, 64, 3), np.float32))
    far = replace(near, images=tuple(image**2 for image in near.images))
    matching = Matching.between(near, far)
    values = near.images[0].ravel()[:100].astype(float)
    np.testing.assert_allclose(matching(values**2), values, atol=0.01)
    assert (np.diff(matching.far) > 1e-6).all()


@pytest.mark.parametrize("seed", range(8))
def test_all_shifts_at_once_are_each_of_them_by_itself(seed):
    """To the bit, which decides between two that are nearly as good."""
    random = np.random.default_rng(seed)
    height, width, reach = (int(random.integers(*ends)) for ends in ((40, 70), (40, 80), (3, 14)))
    one, other = ((random.random((height, width)) > 0.5, random.random((height, width)) > 0.2) for _ in range(2))
    if seed % 2:
        other = np.roll(one[0], (seed, -2), (0, 1)), other[1]
    moves = [(x, y) for y in range(-reach, reach + 1) for x in range(-reach, reach + 1)]
    expected = min(moves, key=lambda at: (bitmaps._difference(one, other, *at), abs(at[0]) + abs(at[1])))
    assert bitmaps._best(one, other, reach) == expected


@pytest.mark.parametrize("upper", [1, 2, 3, 8])
@pytest.mark.parametrize("lower", [1, 2, 17, 90, 1000])
def test_the_chance_of_a_large_statistic_is_scipy_s(upper, lower):
    values = (0, 1e-6, 0.1, 0.5, 1, 2, 5, 20, 1e3, 1e5)
    found = [f_beyond(upper, lower, value) for value in values]
    np.testing.assert_allclose(found, fdtrc(upper, lower, values), rtol=1e-9, atol=1e-290)


def test_torch_is_imported_while_photographs_are_aligned_only_where_one_moved(radiance, monkeypatch):
    asked = []
    monkeypatch.setattr("hdrgen.fusion.registration.import_meanwhile", asked.append)
    random = np.random.default_rng(0)
    still, moved = (photograph(radiance, 0, motion(0, x, 3 * x, *SIZE), *SIZE, random) for x in (0, 4))
    align_photographs([still, still], 0)
    align_photographs([still, moved], 0, shifts_only=True)
    assert asked == []
    assert not align_photographs([still, moved], 0)[1].still
    assert asked == ["torch"]
