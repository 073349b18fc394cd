import cv2
import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from hdrgen.fusion.bitmaps import _bitmap, _difference, _share, bitmap_shift
from hdrgen.fusion.evidence import _covariance, _patches, _wald, chance
from hdrgen.fusion.grey import pyramid_of
from hdrgen.fusion.motions import Euclidean, Homography, Translation
from hdrgen.fusion.points import ContrastPoints, Matching, sample
from hdrgen.fusion.registration import TURN, align_photographs
from hdrgen.fusion.transforms import Crop, Warped, aligned, applied, common_area, corners, rescaled, shift
from tests.fusion.moved import motion, photograph, scene

HEIGHT, WIDTH = 300, 400
EV = [-3.0, 0.0, 3.0]


@pytest.fixture(scope="module")
def radiance():
    return scene(HEIGHT + 160, WIDTH + 160)


def taken(radiance, matrices):
    generator = np.random.default_rng(0)
    return [photograph(radiance, ev, m, HEIGHT, WIDTH, generator) for ev, m in zip(EV, matrices, strict=True)]


def misplaced(found, true):
    """Distances in pixels over a grid of the reference."""
    grid = np.stack(np.meshgrid(np.linspace(0, WIDTH - 1, 9), np.linspace(0, HEIGHT - 1, 9)), -1).reshape(-1, 2)
    return np.linalg.norm(applied(found, grid) - applied(true, grid), axis=1)


@pytest.mark.parametrize("moves", [((2, 30, -25), (-2, -20, 31)), ((0, 40, 3), (0.3, 0.4, -0.6))])
def test_finds_shifts_and_turns_of_noisy_exposures(radiance, moves):
    true = [motion(*moves[0], HEIGHT, WIDTH), np.eye(3), motion(*moves[1], HEIGHT, WIDTH)]
    photos = taken(radiance, true)
    copies = [photo.copy() for photo in photos]
    found = align_photographs(photos, 1)
    assert all(np.array_equal(photo, copy) for photo, copy in zip(photos, copies, strict=True))
    assert found[1].still
    for alignment, matrix in zip(found, true, strict=True):
        assert alignment.reliable
        assert np.median(misplaced(alignment.matrix, matrix)) < 0.25
    assert found[0].angle == pytest.approx(moves[0][0], abs=0.05)
    assert found[0].move(HEIGHT, WIDTH) == pytest.approx(moves[0][1:], abs=0.4)


def test_finds_the_perspective_of_a_camera_that_turned(radiance):
    tilted = motion(1, 6, -4, HEIGHT, WIDTH)
    tilted[2, :2] = [4e-5, -3e-5]
    found = align_photographs(taken(radiance, [tilted, np.eye(3), tilted]), 1)
    assert np.median(misplaced(found[0].matrix, tilted)) < 0.3


@pytest.mark.parametrize(
    ("of_turn", "of_motion", "turned", "still"),
    [(5e-5, 5e-10, True, False), (2e-4, 5e-10, False, False), (5e-5, 2e-9, True, True)],
)
def test_a_turn_needs_less_evidence_than_a_motion(radiance, monkeypatch, of_turn, of_motion, turned, still):
    """One chance in ten thousand against one in a thousand millions."""

    def told(points, image, matching, motion, matrix, simpler, tested):
        if isinstance(motion, Homography):
            return 1.0
        return of_turn if tested == TURN else of_motion

    monkeypatch.setattr("hdrgen.fusion.registration.chance", told)
    photos = taken(radiance, [np.eye(3), motion(2, 30, -25, HEIGHT, WIDTH), np.eye(3)])[:2]
    found = align_photographs(photos, 0)[1]
    assert found.still == still
    assert still or (abs(found.angle - 2) < 0.1) == turned


def test_large_photographs_are_aligned_at_a_reduced_size(radiance, monkeypatch):
    """Here of a quarter of their pixels: shifts and turns are still told in those of the photograph."""
    monkeypatch.setattr("hdrgen.fusion.grey.FINEST", HEIGHT * WIDTH / 4)
    true = [motion(2, 30, -25, HEIGHT, WIDTH), np.eye(3), motion(-2, -20, 31, HEIGHT, WIDTH)]
    for alignment, matrix in zip(align_photographs(taken(radiance, true), 1), true, strict=True):
        assert np.median(misplaced(alignment.matrix, matrix)) < 0.4


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_grey_images_are_means_over_squares_slightly_blurred(kind, monkeypatch):
    monkeypatch.setattr("hdrgen.fusion.grey.FINEST", 203 * 405 / 16)
    top = np.iinfo(kind).max if np.issubdtype(kind, np.integer) else 1
    photo = (np.random.default_rng(0).random((203, 405, 3)) * top).astype(kind)
    pyramid = pyramid_of(photo)
    grey = (photo[:200, :404].astype(np.float64) / top) @ [0.25, 0.5, 0.25]
    kernel = np.outer([1, 2, 1], [1, 2, 1]) / 16
    squares = grey.reshape(50, 4, 101, 4).mean((1, 3))
    assert pyramid.factors == (4,)
    expected = cv2.filter2D(squares, -1, kernel, borderType=cv2.BORDER_REPLICATE)
    np.testing.assert_allclose(pyramid.images[0], expected, atol=1e-6)
    linear = pyramid_of(photo, linear=True).images[0]
    expected = cv2.filter2D(squares ** (1 / 2.2), -1, kernel, borderType=cv2.BORDER_REPLICATE)
    np.testing.assert_allclose(linear, expected, atol=1e-6)


def test_smaller_grey_images_down_to_48_pixels():
    pyramid = pyramid_of(np.full((200, 401, 3), 51, np.uint8))
    assert [image.shape for image in pyramid.images] == [(200, 401), (100, 200), (50, 100)]
    assert pyramid.factors == (1, 2, 4)
    assert all(np.allclose(image, 0.2) for image in pyramid.images)


def test_leaves_aligned_photographs_exactly_as_they_are(radiance):
    photos = taken(radiance, [np.eye(3)] * 3)
    found = align_photographs(photos, 1)
    assert all(alignment.still and alignment.reliable for alignment in found)
    for photo, same in zip(photos, aligned(photos, [a.matrix for a in found]), strict=True):
        assert same.dtype == np.uint8
        np.testing.assert_array_equal(same[0:HEIGHT], photo)


def jpeg(photo, quality):
    """Through a JPEG file and back."""
    return cv2.imdecode(cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)


@pytest.mark.parametrize("quality", [75, 95])
@pytest.mark.parametrize(("height", "seed"), [(128, 3), (192, 3), (256, 2)])
def test_a_bracket_from_a_tripod_stays_however_small_and_noisy(height, seed, quality):
    generator = np.random.default_rng(seed)
    width = height * 4 // 3
    still = scene(height, width, seed)
    stops = [-5.0, -3.5, -2.0, -0.5, 1.0, 2.5, 4.0]
    photos = [jpeg(photograph(still, ev, np.eye(3), height, width, generator), quality) for ev in stops]
    assert all(alignment.still for alignment in align_photographs(photos, 3))


@pytest.mark.parametrize("quality", [75, 95])
def test_a_small_hand_held_bracket_is_aligned(quality):
    generator = np.random.default_rng(0)
    true = [motion(0.8, 3.4, -2.7, 144, 192), np.eye(3), motion(-0.6, -4.2, 1.6, 144, 192)]
    small = scene(144 + 80, 192 + 80)
    photos = [
        jpeg(photograph(small, ev, m, 144, 192, generator), quality) for ev, m in zip([-2, 0, 2], true, strict=True)
    ]
    for alignment, matrix in zip(align_photographs(photos, 1), true, strict=True):
        assert np.median(misplaced(alignment.matrix, matrix)) < 0.25


def test_one_nearly_white_exposure_is_followed_by_what_it_still_shows():
    generator = np.random.default_rng(0)
    size = 600, 800
    draws = generator.uniform(-1, 1, (2, 3)) * [2, 40, 40]
    true = [np.eye(3), *(motion(*draw, *size) for draw in draws)]
    bright = scene(size[0] + 200, size[1] + 200)
    photos = [photograph(bright, ev, m, *size, generator) for ev, m in zip([1, 2.5, 4.0], true, strict=True)]
    found = align_photographs(photos, 0)
    assert np.median(misplaced(found[2].matrix, true[2])) < 0.3


@pytest.mark.parametrize("family", [Translation(), Euclidean(), Homography()])
def test_parameters_are_those_of_the_matrix(family):
    count = family.slopes(np.zeros((1, 2)), np.zeros((1, 2))).shape[1]
    parameters = np.linspace(-0.03, 0.04, count)
    np.testing.assert_allclose(family.parameters(family.matrix(parameters)), parameters, atol=1e-12)


def test_shifts_only_are_whole_pixels_and_copied(radiance):
    true = [shift(13, -7), np.eye(3), shift(-21, 4)]
    photos = taken(radiance, true)
    found = align_photographs(photos, 1, shifts_only=True)
    for alignment, matrix in zip(found, true, strict=True):
        np.testing.assert_array_equal(alignment.matrix, matrix)
    rows = aligned(photos, true)
    assert {row.shape for row in rows} == {(HEIGHT - 11, WIDTH - 34, 3)}
    np.testing.assert_array_equal(rows[0][3:9], photos[0][3:9, 34:])


def test_deep_and_linear_photographs(radiance):
    true = [motion(-1, 12, 9, HEIGHT, WIDTH), np.eye(3), motion(1, -8, 5, HEIGHT, WIDTH)]
    linear = [((photo / 255) ** 2.2 * 65535).astype(np.uint16) for photo in taken(radiance, true)]
    found = align_photographs(linear, 1, linear=True)
    assert max(np.median(misplaced(a.matrix, m)) for a, m in zip(found, true, strict=True)) < 0.3


def test_what_shows_nothing_in_common_is_left_and_said(radiance):
    photos = taken(radiance, [np.eye(3)] * 3)
    other = photograph(scene(HEIGHT, WIDTH, seed=9), 0, np.eye(3), HEIGHT, WIDTH, np.random.default_rng(1))
    found = align_photographs([np.zeros_like(photos[0]), photos[1], other], 1)
    assert [alignment.reliable for alignment in found] == [False, True, False]
    assert all(alignment.still for alignment in found)


def test_warping_undoes_a_motion_of_a_smooth_picture():
    y, x = np.mgrid[:80, :120].astype(np.float32)
    matrix = motion(1.5, 3.3, -2.6, 80, 120)

    def picture(x, y):
        return np.stack([0.5 + 0.4 * np.sin(x / 9) * np.cos(y / 11)] * 3, -1).astype(np.float32)

    back = np.linalg.inv(matrix)
    there = applied(back, np.column_stack([x.ravel(), y.ravel()]).astype(float)).T.reshape(2, 80, 120)
    moved = picture(*there)
    crop = common_area([np.eye(3), matrix], 80, 120)
    inside = np.s_[crop.top : crop.top + crop.height, crop.left : crop.left + crop.width]
    np.testing.assert_allclose(Warped(moved, matrix, crop)[0:80], picture(x, y)[inside], atol=8e-3)
    coded = Warped((moved * 255).round().astype(np.uint8), matrix, crop)
    assert coded.dtype == np.uint16
    strips = np.concatenate([coded[start : start + 9] for start in range(0, crop.height, 9)])
    np.testing.assert_allclose(strips, coded[0:80], atol=1)
    np.testing.assert_allclose(strips / 65535, picture(x, y)[inside], atol=8e-3)


@settings(max_examples=50)
@given(st.floats(-3, 3), st.floats(-40, 40), st.floats(-40, 40))
def test_the_common_area_is_seen_by_all(degrees, x, y):
    matrix = motion(degrees, x, y, 200, 300)
    crop = common_area([np.eye(3), matrix], 200, 300)
    assert isinstance(crop, Crop)
    inside = corners(crop.height, crop.width) + np.array([crop.left, crop.top])
    places = applied(matrix, inside)
    assert (places >= -1e-3).all()
    assert (places <= np.array([299, 199]) + 1e-3).all()
    assert crop.height > 200 - 2 * (abs(y) + 20)


@pytest.mark.parametrize("family", [Translation(), Euclidean(), Homography()])
def test_slopes_are_those_of_the_motion(family):
    points = np.random.default_rng(0).uniform(-1, 1, (5, 2))
    gradient = np.random.default_rng(1).uniform(-1, 1, (5, 2))
    count = family.slopes(points, gradient).shape[1]
    for index, step in enumerate(np.eye(count) * 1e-6):
        moved = (applied(family.matrix(step), points) - applied(family.matrix(-step), points)) / 2e-6
        np.testing.assert_allclose((moved * gradient).sum(1), family.slopes(points, gradient)[:, index], atol=1e-8)


def test_a_motion_seen_at_another_size():
    matrix = motion(1, 8, 4, 100, 100)
    small = rescaled(matrix, 0.25)
    np.testing.assert_allclose(applied(small, np.zeros((1, 2)) + 1) * 4 + 1.5, applied(matrix, np.full((1, 2), 5.5)))


def test_few_patches_are_judged_as_by_students_test():
    """A motion of one parameter whose patches pull by samples is their mean; for two, Hotelling's statistic is near."""
    samples = np.random.default_rng(0).normal(0.4, 1, 7)
    mean, count = samples.mean(), len(samples)
    covariance = _covariance((samples - mean)[:, None], np.array([[float(count)]]), np.arange(count), count)
    expected = scipy.stats.ttest_1samp(samples, 0).pvalue
    assert _wald(np.array([mean]), covariance, count) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("one", "other", "differing"), [(0.014, 0.014, 0), (0.016, 0.014, 0), (0.016, 0.016, 1 / 16)])
def test_bitmaps_leave_out_what_lies_near_the_threshold_in_either_exposure(one, other, differing):
    """Between a dark and a bright half, four columns lie to either side of the median, and two at it."""
    signs = np.resize([1, -1], (20, 4))

    def bitmap(distance):
        dark, median, bright = (np.full((20, n), value) for n, value in ((30, 0.2), (2, 0.5), (30, 0.8)))
        return _bitmap(np.hstack([dark, median, 0.5 + distance * signs, bright]).astype(np.float32), 0.5)

    assert _difference(bitmap(one), bitmap(-other), 0, 0) == differing


def test_the_shift_of_bitmaps_is_found_to_either_side_and_to_the_pixel():
    generator = np.random.default_rng(0)
    large = cv2.GaussianBlur(generator.random((400, 500)), (0, 0), 4)
    large = ((large - large.min()) / np.ptp(large) * 255).astype(np.uint8)
    first = large[100:300, 100:400]
    for x, y in ((0, 0), (37, 21), (-40, 22), (39, -23), (-1, -1), (61, 40)):
        second = large[100 - y : 300 - y, 100 - x : 400 - x]
        pyramids = (pyramid_of(np.repeat(photo[..., None], 3, -1)) for photo in (first, second))
        assert bitmap_shift(*pyramids) == (x, y)


def test_the_threshold_of_bitmaps_is_the_first_share_that_neither_exposure_clips():
    grey = np.linspace(0, 1, 1001)[None].astype(np.float32)
    assert _share(grey, grey) == 0.5
    assert _share(grey, np.clip(2 * grey, 0, 1)) == 0.4
    assert _share(grey, np.clip(4 * grey, 0, 1)) == 0.2
    assert _share(np.clip(4 * grey - 3, 0, 1), grey) == 0.8


def test_too_few_patches_tell_nothing():
    """Of 40 pixels a side, three by three patches: enough for a shift, and too few for a homography."""
    generator = np.random.default_rng(0)
    large = cv2.GaussianBlur(generator.random((60, 60)), (0, 0), 2)
    large = ((large - large.min()) / np.ptp(large)).astype(np.float32)
    photos = [np.repeat(part[..., None], 3, -1) for part in (large[10:50, 10:50], large[10:50, 12:52])]
    near, far = (pyramid_of(photo) for photo in photos)
    points, matching = ContrastPoints(near.images[0]), Matching.between(near, far)
    found = {
        type(family): chance(points, far.images[0], matching, family, shift(-2, 0), np.eye(3))
        for family in (Translation(), Homography())
    }
    assert found[Translation] < 1e-3
    assert found[Homography] == 1.0


def test_a_place_is_sampled_only_between_four_pixels_of_the_picture():
    image = np.full((5, 7), 0.5, np.float32)
    image[2, 3] = 0.7
    places = [[3, 2], [2.5, 2], [0, 0], [6, 4], [-0.1, 2], [6.1, 2], [3, -0.1], [3, 4.1], [9, 9], [np.nan, 2]]
    inside, values = sample(image, np.array(places, float))
    assert inside.tolist() == [True] * 4 + [False] * 6
    np.testing.assert_allclose(values[:4], [0.7, 0.6, 0.5, 0.5], rtol=1e-6)


def test_patches_are_of_sixteen_pixels_or_a_tenth_of_what_is_seen():
    """A block of a JPEG with its colour halved has 16."""
    near = np.array([[3, 5], [18.9, 5], [19, 5], [3, 21], [40, 5]], float)
    assert _patches(near).tolist() == [0, 0, 1, 3, 2]
    far = np.array([[0, 0], [99.9, 0], [100, 0], [1000, 0]], float)
    assert _patches(far).tolist() == [0, 0, 1, 2]
    assert _patches(np.zeros((0, 2))).tolist() == []


def test_small_photographs_say_nothing_of_motion():
    photos = [np.full((12, 15, 3), value, np.uint8) for value in (40, 90, 200)]
    found = align_photographs(photos, 1)
    assert [alignment.reliable for alignment in found] == [False, True, False]
    assert all(alignment.still for alignment in found)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_interpolation_does_not_overshoot_black_and_white(dtype):
    """Bicubic interpolation rings at an edge."""
    edge = np.repeat((np.arange(20) >= 10).astype(np.float32)[None, :, None], 12, 0).repeat(3, 2)
    white = 1 if dtype == np.float32 else np.iinfo(dtype).max
    warped = Warped((edge * white).astype(dtype), shift(0.5, 0), Crop(2, 2, 8, 14))[0:8]
    top = 1 if dtype == np.float32 else 65535
    assert (warped.min(), warped.max()) == (0, top)
