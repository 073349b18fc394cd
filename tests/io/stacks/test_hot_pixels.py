"""Hot pixels of rendered RAW brackets whose places are known; stars and lamps that are not touched."""

import numpy as np
import pytest

import hdrgen
from hdrgen.cli.main import main
from hdrgen.data import Brackets
from hdrgen.io import RawDevelopment, read_stack, shared_development
from tests import dng

HEIGHT, WIDTH = 96, 160
STOPS, TIMES = (-2, 0, 2), ((1, 4), (1, 1), (4, 1))
NOISE, HOT = 0.0006, 12  # of the range, and how many in the longest exposure


def night(seed=0, lamps=()):
    """A dark ramp with texture, (H, W, 3), and lights of a few pixels at (row, column, brightness)."""
    generator = np.random.default_rng(seed)
    scene = np.geomspace(0.002, 0.02, WIDTH)[None, :, None] * generator.uniform(0.9, 1.1, (HEIGHT, WIDTH, 1))
    scene = np.repeat(scene, 3, -1)
    for row, column, light in lamps:
        y, x = np.mgrid[:HEIGHT, :WIDTH]
        scene += light * np.exp(-((y - row) ** 2 + (x - column) ** 2) / (2 * 0.45**2))[..., None]
    return scene


def places(seed, count=HOT):
    """Where pixels are hot: 16 apart."""
    generator = np.random.default_rng(seed)
    cells = generator.permutation((HEIGHT // 16) * (WIDTH // 16))[:count]
    return [(16 * (cell // (WIDTH // 16)) + 5 + int(cell) % 2, 16 * (cell % (WIDTH // 16)) + 7) for cell in cells]


def bracket(folder, scene, hot=None, shift=0, seed=0):
    """`hot`: for each frame the places, 0.05 to 1 of the range brighter."""
    folder.mkdir()
    generator = np.random.default_rng(seed)
    for index, (stops, time) in enumerate(zip(STOPS, TIMES, strict=True)):
        rgb = np.roll(scene, index * shift, 1) * 2.0**stops + generator.normal(0, NOISE, scene.shape)
        for at, (row, column) in enumerate((hot or {}).get(index, ())):
            rgb[row, column] += np.geomspace(0.05, 1.2, HOT)[at % HOT]
        dng.write_dng(folder / f"{index}.dng", rgb.clip(0, 1), time=time, neutral=(1, 1, 1))
    return folder


def found(folder):
    frames = read_stack(folder)
    return [
        set(map(tuple, each.tolist()))
        for each in shared_development([f.path for f in frames], STOPS, 1, RawDevelopment()).hot
    ]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("frame", [1, 2])
def test_all_that_are_hot_are_found_and_none_else(tmp_path, seed, frame):
    hot = places(seed)
    expected = [set(), set(), set()]
    expected[frame] = set(hot)
    assert found(bracket(tmp_path / "a", night(seed), {frame: hot}, seed=seed)) == expected


def test_those_of_two_long_exposures_are_found_in_both(tmp_path):
    """But for the faintest, which the darkest exposure would not show if they were light."""
    hot = places(1)
    none, middle, longest = found(bracket(tmp_path / "a", night(), {1: hot, 2: hot}))
    assert (none, middle) == (set(), set(hot))
    assert set(hot[3:]) <= longest <= set(hot)


def test_stars_of_a_single_pixel_that_all_exposures_confirm_are_left(tmp_path):
    scene = night(2)
    for row, column in places(5):
        scene[row, column] = 0.2
    assert found(bracket(tmp_path / "a", scene)) == [set(), set(), set()]


@pytest.mark.parametrize("shift", [0, 2, 8])
def test_small_lights_are_left_where_the_camera_moves_too(tmp_path, shift):
    scene = night(3, [(20, 30, 0.15), (20.4, 80.5, 0.15), (60, 40.5, 0.5), (70.5, 99, 0.1)])
    for row, column in places(6)[:4]:
        scene[row, column] = 0.2
    assert found(bracket(tmp_path / "a", scene, shift=shift)) == [set(), set(), set()]


def test_noise_and_fine_texture_are_not_hot(tmp_path):
    scene = np.random.default_rng(4).uniform(0.01, 0.24, (HEIGHT, WIDTH, 3))
    assert found(bracket(tmp_path / "a", scene)) == [set(), set(), set()]


def test_at_the_borders_they_are_found_too(tmp_path):
    hot = [(0, 0), (0, 50), (HEIGHT - 1, WIDTH - 1), (40, 0), (41, WIDTH - 1), (1, 101)]
    assert found(bracket(tmp_path / "a", night(), {2: hot}))[2] == set(hot)


def test_a_merge_is_as_without_them_and_tells_how_many(tmp_path, capsys):
    clean = hdrgen.merge(bracket(tmp_path / "clean", night()), align="none").pixels
    folder = bracket(tmp_path / "hot", night(), {2: places(0)})
    removed, kept = (hdrgen.merge(folder, align="none", hot_pixels=word).pixels for word in ("remove", "keep"))
    off = [float(np.abs(np.log2((image + 0.01) / (clean + 0.01))).max()) for image in (removed, kept)]
    assert off[0] < 0.3  # the median of neighbours, of a texture of 0.3 stops
    assert off[1] > 1
    arguments = ["merge", str(folder), "--align", "none", "-o"]
    assert main([*arguments, str(tmp_path / "a.exr")]) == 0
    told = capsys.readouterr().out
    assert f"2.dng: EV +2.00 (4 s, f/2.8, ISO 200), {HOT} hot pixels removed" in told
    assert f", {HOT} hot pixels removed; " in told
    assert main([*arguments, str(tmp_path / "b.exr"), "--hot-pixels", "keep"]) == 0
    assert "removed" not in capsys.readouterr().out


def test_learned_merges_get_frames_without_them(tmp_path):
    clean = Brackets([bracket(tmp_path / "clean", night())])[0]["ldr"]
    ldr = Brackets([bracket(tmp_path / "hot", night(), {2: places(0)})])[0]["ldr"]
    assert float((ldr - clean).abs().max()) < 0.15
