"""Peak memory and time of writing and of reading a 24-megapixel image in each format, in processes of their own.

The pixels themselves take 72 MB at 8 bits, 144 MB at 16 bits and half floats, 288 MB at 32 bits. What the interpreter,
NumPy and OpenImageIO take without an image is the first row.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

from hdrgen.io import Image, read_image, write_image

FORMATS = {
    "JPEG": "a.jpg",
    "PNG, 8 bits": "8.png",
    "PNG, 16 bits": "16.png",
    "TIFF, 16 bits": "16.tif",
    "TIFF, float": "float.tif",
    "OpenEXR, half": "a.exr",
    "Radiance": "a.hdr",
    "Ultra HDR": "a.uhdr.jpg",
    "JPEG XL": "a.jxl",
    "AVIF": "a.avif",
}
ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, default=6000, help="of the image (%(default)s)")
    parser.add_argument("--height", type=int, default=4000, help="of the image (%(default)s)")
    parser.add_argument("--only", action="append", choices=FORMATS, help="this format; may be repeated")
    parser.add_argument("--step", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        return step(options.step[0], Path(options.step[1]), options.width, options.height)
    from benchmarks.shared.environment import print_environment  # with torch, which the steps are measured without

    print_environment()
    size = ["--width", str(options.width), "--height", str(options.height)]
    print("| format | file | writing: peak, time | reading: peak, time | pixels |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="hdrgen-large-") as folder:
        for name in ["nothing", *(options.only or FORMATS)]:
            path = Path(folder) / FORMATS.get(name, "nothing")
            written, read = (run(action, path, size) for action in ("write", "read"))
            megabytes = path.stat().st_size / 1e6 if path.exists() else 0
            print(f"| {name} | {megabytes:.1f} MB | {written[0]} | {read[0]} | {read[1]} |", flush=True)
            path.unlink(missing_ok=True)
    return 0


def run(action: str, path: Path, size: list[str]) -> list[str]:
    """What a step in a process of its own says: memory and time, and the number type."""
    command = [sys.executable, "-m", "benchmarks.large_files", *size, "--step", action, str(path)]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout.strip().split("|")


def step(action: str, path: Path, width: int, height: int) -> int:
    """Write or read one file; memory beyond that of the picture that is written."""
    warnings.simplefilter("ignore")
    pixels = picture(path, width, height) if action == "write" and path.name != "nothing" else None
    reset_peak()
    before = peak() if pixels is not None else 0
    start = time.perf_counter()
    image = act(path, pixels)
    seconds = time.perf_counter() - start
    kind = "" if image is None else image.pixels.dtype.name
    print(f"{(peak() - before) / 1e6:.0f} MB, {seconds:.1f} s|{kind}")
    return 0


def act(path: Path, pixels: np.ndarray | None) -> Image | None:
    """Write where there are pixels, else read; only import where there is no file to be."""
    if pixels is not None:
        write_image(path, pixels)
        return None
    if path.name == "nothing":
        import OpenImageIO  # noqa: F401

        return None
    return read_image(path, gain_map=True)


def picture(path: Path, width: int, height: int) -> np.ndarray:
    """Detail at several scales with noise, in the number type that the format is for; made in bands."""
    integers = {"a.jpg": np.uint8, "8.png": np.uint8, "16.png": np.uint16, "16.tif": np.uint16}
    dtype = np.dtype(integers.get(path.name, np.float16 if path.name == "a.exr" else np.float32))
    result = np.empty((height, width, 3), dtype)
    generator = np.random.default_rng(0)
    coarse = generator.random((height // 500 + 2, width // 500 + 2, 3), np.float32)
    for start in range(0, height, 250):
        rows = np.arange(start, min(start + 250, height))
        band = coarse[rows // 500][:, np.arange(width) // 500]
        band = 0.8 * band + 0.02 * generator.random((len(rows), width, 3), np.float32)
        result[start : start + 250] = band * np.iinfo(dtype).max if dtype.kind == "u" else band**3 * 20
    return result


def reset_peak() -> None:
    """Start Linux's record of the largest resident size anew."""
    Path("/proc/self/clear_refs").write_text("5")


def peak() -> int:
    """Bytes, the largest resident size since the reset."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    sys.exit(main())
