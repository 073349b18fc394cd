"""What `hdrgen merge` does, by OpenCV, as a process of its own: read, align, calibrate, merge or fuse, write."""

import os
import sys
from pathlib import Path

import cv2
import numpy as np

from benchmarks.shared.large_frames import EV, GAMMA


def main() -> None:
    folder, output, *steps = sys.argv[1:]
    cv2.setNumThreads(int(os.environ.get("OMP_NUM_THREADS", "-1")))
    frames = [cv2.imread(str(path)) for path in sorted(Path(folder).glob("*.jpg"))]
    times = np.exp2(np.array(EV, np.float32))
    if "align" in steps:
        moved = [np.empty_like(frame) for frame in frames]
        cv2.createAlignMTB().process(frames, moved, times, np.empty(0))
        frames = moved
    if "fuse" in steps:
        picture = cv2.createMergeMertens(1, 1, 1).process(frames)
        cv2.imwrite(output, np.clip(picture * 255, 0, 255).astype(np.uint8))
        return
    levels = (np.maximum(np.arange(256), 0.5) / 255.0)[:, None, None]
    response = np.repeat(levels**GAMMA, 3, axis=2).astype(np.float32)
    if "calibrate" in steps:
        response = cv2.createCalibrateDebevec().process(frames, times)
    cv2.imwrite(output, cv2.createMergeDebevec().process(frames, times, response))


if __name__ == "__main__":
    main()
