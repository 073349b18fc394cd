"""Small exposure stacks as files."""

import numpy as np

from hdrgen.io import Exposure, write_image
from tests.fusion.moved import motion, photograph, scene

TIMES = {"dark": 1 / 64, "mid": 1 / 8, "bright": 1.0}
EV = (-3.0, 0.0, 3.0)
HEIGHT, WIDTH = 96, 128


def write_bracket(folder, *, suffix=".jpg", exif=True, moves=((0, 0, 0), (0, 0, 0), (0, 0, 0)), side=(HEIGHT, WIDTH)):
    """Three exposures `b_dark`, `a_mid`, `c_bright` of one scene, moved as told; the files, dark to bright."""
    height, width = side
    radiance = scene(height + 60, width + 60)
    generator = np.random.default_rng(0)
    files = []
    for (name, time), ev, move, letter in zip(TIMES.items(), EV, moves, "bac", strict=True):
        matrix = motion(*move, height, width)
        pixels = photograph(radiance, ev, matrix, height, width, generator)
        path = folder / f"{letter}_{name}{suffix}"
        files.append(write_image(path, pixels, exposure=Exposure(time=time, fnumber=4.0, iso=100) if exif else None))
    return files
