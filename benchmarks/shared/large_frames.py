"""Generated exposures of a large scene: detail at every scale over twelve stops, noise, and gamma 2.2.

They are written a few rows at a time and mapped into memory, without torch, so that making them adds nothing to the
peak memory that a benchmark measures.
"""

from pathlib import Path

import numpy as np

EV = [-5.0, -3.5, -2.0, -0.5, 1.0, 2.5, 4.0]
GAMMA = 2.2
FULL_WELL, READ_NOISE = 20000.0, 4.0  # electrons
ROWS = 250  # rows that are generated at a time
CHECKED = 7  # every seventh row and column is compared with the truth


def make_frames(folder: Path, height: int, width: int) -> None:
    """Write the frames, and every so many pixels of the radiance, as .npy files."""
    generator = np.random.default_rng(0)
    octaves = [generator.random((2**o * 3 + 2, 2**o * 3 + 2, 3), np.float32) for o in range(2, 9)]
    frames = [
        np.lib.format.open_memmap(folder / f"{index}.npy", "w+", np.uint8, (height, width, 3))
        for index in range(len(EV))
    ]
    truth = []
    for start in range(0, height, ROWS):
        rows = np.arange(start, min(start + ROWS, height))
        radiance = radiance_at(octaves, rows / height, np.arange(width) / width)
        truth.append(radiance[-start % CHECKED :: CHECKED, ::CHECKED])
        for frame, ev in zip(frames, EV, strict=True):
            frame[rows[0] : rows[-1] + 1] = photographed(radiance, ev, generator)
    np.save(folder / "truth.npy", np.concatenate(truth))


def radiance_at(octaves: list[np.ndarray], y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Radiance at places (y, x) in [0, 1): value noise of several sizes, as an exponent of 2."""
    total = np.zeros((len(y), len(x), 3), np.float32)
    for level, cells in enumerate(octaves):
        (top, dy), (left, dx) = (divmod(place * (len(cells) - 2), 1) for place in (y, x))
        dy, dx = dy.astype(np.float32)[:, None, None], dx.astype(np.float32)[None, :, None]
        near, far = (cells[top.astype(int) + i] for i in (0, 1))
        rows = near * (1 - dy) + far * dy
        columns = left.astype(int)
        total += (rows[:, columns] * (1 - dx) + rows[:, columns + 1] * dx) * 0.7**level
    return np.exp2(total / sum(0.7**level for level in range(len(octaves))) * 16 - 9, dtype=np.float32)


def photographed(radiance: np.ndarray, ev: float, generator: np.random.Generator) -> np.ndarray:
    """Codes of an exposure with photon and read noise."""
    exposure = radiance * np.float32(2**ev)
    noise = generator.standard_normal(exposure.shape, np.float32)
    noisy = exposure + noise * np.sqrt(exposure / FULL_WELL + (READ_NOISE / FULL_WELL) ** 2)
    return (noisy.clip(0, 1) ** np.float32(1 / GAMMA) * 255 + 0.5).astype(np.uint8)
