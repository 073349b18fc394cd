"""What `hdrgen tonemap` does, by OpenCV alone: `python -m benchmarks.shared.opencv_tonemap SOURCE TARGET OPERATOR`.

Reads a .hdr file, maps it, and writes a JPEG of the same quality.
"""

import sys
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]


def exposure_fusion(image: Pixels) -> Pixels:
    """Five exposures around the median in 8 bits, fused."""
    encoded = (image * np.float32(0.18 / np.median(image @ np.float32([0.0722, 0.7152, 0.2126])))) ** np.float32(
        1 / 2.2
    )
    frames = [cv2.convertScaleAbs(encoded, alpha=255 * 2 ** (ev / 2.2)) for ev in (-2, -1, 0, 1, 2)]
    fused: Pixels = cv2.createMergeMertens(1.0, 1.0, 1.0).process(frames)
    return fused


OPERATORS: dict[str, Callable[[Any], Pixels]] = {
    "reinhard2005": lambda image: cv2.createTonemapReinhard(2.2, 0.0, 0.8, 0.0).process(image),
    "drago2003": lambda image: cv2.createTonemapDrago(2.2, 1.0, 0.85).process(image),
    "exposure_fusion": exposure_fusion,
}


def main(source: str, target: str, operator: str) -> int:
    cv2.setNumThreads(1)
    display = OPERATORS[operator](cv2.imread(source, cv2.IMREAD_UNCHANGED))
    return int(not cv2.imwrite(target, cv2.convertScaleAbs(display, alpha=255), [cv2.IMWRITE_JPEG_QUALITY, 95]))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
