"""Hand-held exposures whose motion is known."""

import cv2
import numpy as np


def scene(height, width, seed=0):
    """Radiance (H, W, 3) with detail at every scale, twelve stops."""
    generator = np.random.default_rng(seed)
    total = np.zeros((height, width, 3), np.float32)
    for octave in range(2, 9):
        cells = [max(2, side * 2**octave // 1024 + 2) for side in (height, width)]
        noise = generator.random((*cells, 1), np.float32) + 0.3 * generator.random((*cells, 3), np.float32)
        total += cv2.resize(noise, (width, height), interpolation=cv2.INTER_LINEAR) * 2 ** (-0.45 * octave)
    total = (total - total.min()) / (total.max() - total.min())
    return 2 ** (12 * total - 7)


def motion(degrees, x, y, height, width):
    """From pixels of the reference to those of a photograph turned about its centre and shifted."""
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    matrix = np.eye(3)
    matrix[:2, :2] = turn
    matrix[:2, 2] = centre - turn @ centre + [x, y]
    return matrix


def photograph(radiance, ev, matrix, height, width, generator):
    """An 8-bit exposure of the scene, whose middle the reference shows, with noise."""
    rows, columns = (big - small for big, small in zip(radiance.shape, (height, width), strict=False))
    place = np.array([[1, 0, columns / 2], [0, 1, rows / 2], [0, 0, 1.0]])
    seen = cv2.warpPerspective(
        radiance, place @ np.linalg.inv(matrix), (width, height), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    )
    exposure = np.clip(seen, 0, None) * 2.0**ev
    noisy = exposure + generator.normal(size=exposure.shape) * np.sqrt(exposure / 8000 + 4e-8)
    return (np.clip(noisy, 0, 1) ** (1 / 2.2) * 255 + 0.5).astype(np.uint8)
