"""How many hot pixels of a RAW bracket are found, and how many others are taken for one, where their places are known.

Generated brackets by night: a dark ramp with texture, stars of a pixel's width, photon and read noise, three exposures
two stops apart. Hot are pixels far from each other in the longest one, each by a share of the sensor's range; found are
those that `hdrgen.io` would remove. A hot pixel whose light the shorter exposures would not show cannot be told from a
small light, and is left: the faint ones.
"""

import argparse
import sys

import numpy as np

from benchmarks.shared.environment import print_environment
from hdrgen.io.codecs.raw_sensor import Sensor
from hdrgen.io.stacks.hot_pixels import hot_pixels

STOPS = (-2.0, 0.0, 2.0)
BLACK, WHITE = 512, 16383
ELECTRONS, READ_NOISE = 30000.0, 3.0
SHARES = (0.01, 0.02, 0.05, 0.1, 0.3, 1.0)
"""By which hot pixels are brighter, of the sensor's range."""
APART = 16  # pixels between hot ones


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=1024, help="of the sensor in pixels (default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=4, help="brackets of each share (default: %(default)s)")
    options = parser.parse_args()
    print_environment()
    print("\n| brighter by, of the range | hot | found | recall | others taken for hot |\n|---|---|---|---|---|")
    totals = np.zeros(3, int)
    for share in SHARES:
        counts = sum(counted(share, options.side, seed) for seed in range(options.seeds))
        print(line(f"{share:g}", counts), flush=True)
        totals += counts
    print(line("all", totals))
    return 0


def counted(share: float, side: int, seed: int) -> np.ndarray:
    """Of one bracket: hot pixels, those of them that are found, and others."""
    generator = np.random.default_rng(seed)
    scene = np.geomspace(0.002, 0.02, side)[None] * generator.uniform(0.9, 1.1, (side, side))
    stars = generator.integers(8, side - 8, (side // 8, 2))
    for row, column in stars:
        scene[row - 1 : row + 2, column - 1 : column + 2] += generator.uniform(0.01, 0.2) * STAR
    cells = generator.permutation((side // APART - 2) ** 2)[: side // 4]
    hot = {
        (APART * (cell // (side // APART - 2)) + APART, APART * (cell % (side // APART - 2)) + APART) for cell in cells
    }
    sensors = []
    for index, stops in enumerate(STOPS):
        light = scene * 2.0**stops
        for row, column in hot if index == len(STOPS) - 1 else ():
            light[row, column] += share
        noisy = light + generator.standard_normal(light.shape) * np.sqrt(light * ELECTRONS + READ_NOISE**2) / ELECTRONS
        codes = np.rint(BLACK + noisy.clip(0, 1) * (WHITE - BLACK)).astype(np.uint16)
        sensors.append(Sensor(WHITE, (WHITE,) * 3, (BLACK,) * 3, None, None, 3, (), codes))
    found = [set(map(tuple, places.tolist())) for places in hot_pixels(sensors, STOPS)]
    others = sum(len(places) for places in found[:-1]) + len(found[-1] - hot)
    return np.array([len(hot), len(found[-1] & hot), others])


STAR = np.exp(-(np.hypot(*np.mgrid[-1:2, -1:2]) ** 2) / (2 * 0.5**2))
"""A point of light through a sharp lens."""


def line(title: str, counts: np.ndarray) -> str:
    """A row of the table."""
    hot, found, others = counts.tolist()
    return f"| {title} | {hot} | {found} | {found / hot:.0%} | {others} |"


if __name__ == "__main__":
    sys.exit(main())
