"""What reading takes for each pixel: the estimate by which images are refused, beside the peak that was measured.

Each is read in a process that has read a small file of the same kind before, so that libraries do not count. Linux.
The estimates exceed what was measured by a tenth (`hdrgen/io/memory.py`).
"""

import argparse
import ctypes
import gc
import json
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import numpy as np

from hdrgen.io import read_array, read_image, write_image
from hdrgen.io.memory import needed_memory

ROOT = Path(__file__).resolve().parents[1]
SMALL = 64  # pixels along each side of the file that loads the libraries
Pixels = np.ndarray[Any, Any]


class Variant(NamedTuple):
    """A kind of file: how it is written from noise in [0, 1], (H, W, 3) float32, and how it is read."""

    suffix: str
    write: Callable[[Path, Pixels], object]
    options: dict[str, bool] = {}  # noqa: RUF012 (never changed)


class Row(NamedTuple):
    """Bytes for each pixel."""

    name: str
    estimate: float
    measured: float


def levels(pixels: Pixels, bits: int) -> Pixels:
    """Display values as integers."""
    return (pixels * (2**bits - 1)).astype(np.uint8 if bits == 8 else np.uint16)


def ours(**settings: object) -> Callable[[Path, Pixels], object]:
    """Written by hdrgen."""
    return lambda path, pixels: write_image(path, pixels, **settings)  # type: ignore[arg-type]


def pillow(mode: str, **settings: object) -> Callable[[Path, Pixels], object]:
    """Written by Pillow, in one of its modes."""

    def write(path: Path, pixels: Pixels) -> None:
        from PIL import Image

        Image.fromarray(levels(pixels, 8)).convert(mode).save(path, **settings)

    return write


def openimageio(kind: str, channels: int, **attributes: object) -> Callable[[Path, Pixels], object]:
    """Written by OpenImageIO: number type, channels (copies of the three behind the first three)."""

    def write(path: Path, pixels: Pixels) -> None:
        import OpenImageIO as oiio

        spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], channels, kind)
        for name, value in attributes.items():
            spec.attribute(name, value)
        output = oiio.ImageOutput.create(str(path))
        output.open(str(path), spec)
        output.write_image(np.ascontiguousarray(np.tile(pixels, (1, 1, 4))[..., :channels]))
        output.close()

    return write


def imagecodecs_jpeg_xl(dtype: type) -> Callable[[Path, Pixels], object]:
    """Written by libjxl itself, which says that floats and 16 bits are linear."""

    def write(path: Path, pixels: Pixels) -> None:
        import imagecodecs

        stored = pixels if dtype is np.float32 else levels(pixels, 8 * np.dtype(dtype).itemsize)
        path.write_bytes(imagecodecs.jpegxl_encode(stored, lossless=True, effort=1))

    return write


def imagecodecs_avif(path: Path, pixels: Pixels) -> None:
    """8 bits, for display."""
    import imagecodecs

    path.write_bytes(imagecodecs.avif_encode(levels(pixels, 8), level=90, speed=10))


def raw(path: Path, pixels: Pixels) -> None:
    """A Bayer sensor's, uncompressed."""
    from tests.dng import write_dng

    write_dng(path, pixels)


def array(dtype: type, channels: int = 3) -> Callable[[Path, Pixels], object]:
    """Of NumPy."""
    return lambda path, pixels: np.save(path, (pixels[..., :channels] * 200).astype(dtype))


GAIN_MAP = {"gain_map": True}
CLEAN = {"clean": True}
VARIANTS = {
    "JPEG": Variant(".jpg", pillow("RGB")),
    "JPEG, grey": Variant(".jpg", pillow("L")),
    "JPEG, progressive": Variant(".jpg", pillow("RGB", progressive=True, subsampling=0)),
    "JPEG, turned by EXIF": Variant(
        ".jpg", pillow("RGB", exif=b"Exif\0\0II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0")
    ),
    "JPEG, its gain map left out": Variant(".jpg", lambda path, pixels: ultra_hdr(path, pixels)),
    "JPEG, its gain map applied": Variant(".jpg", lambda path, pixels: ultra_hdr(path, pixels), GAIN_MAP),
    "PNG, 8 bits": Variant(".png", ours(bits=8)),
    "PNG, 8 bits, alpha": Variant(".png", openimageio("uint8", 4)),
    "PNG, 8 bits, palette": Variant(".png", pillow("P")),
    "PNG, 8 bits, grey": Variant(".png", openimageio("uint8", 1)),
    "PNG, 16 bits": Variant(".png", ours(bits=16)),
    "PNG, PQ": Variant(".pq.png", ours()),
    "TIFF, 8 bits": Variant(".tif", ours(bits=8)),
    "TIFF, 16 bits, alpha": Variant(".tif", openimageio("uint16", 4)),
    "TIFF, 16 bits, grey": Variant(".tif", openimageio("uint16", 1)),
    "TIFF, float": Variant(".tif", ours(bits=32)),
    "TIFF, float, turned by EXIF": Variant(".tif", openimageio("float", 3, Orientation=6)),
    "TIFF, double": Variant(".tif", openimageio("double", 3)),
    "OpenEXR, half": Variant(".exr", ours()),
    "OpenEXR, half, cleaned": Variant(".exr", lambda path, pixels: ours()(path, pixels - 0.5), CLEAN),
    "OpenEXR, float": Variant(".exr", ours(float32=True)),
    "OpenEXR, float, cleaned": Variant(".exr", lambda path, pixels: ours(float32=True)(path, pixels - 0.5), CLEAN),
    "OpenEXR, half, grey": Variant(".exr", openimageio("half", 1)),
    "OpenEXR, half, alpha": Variant(".exr", openimageio("half", 4)),
    "OpenEXR, half, 12 channels": Variant(".exr", openimageio("half", 12)),
    "Radiance": Variant(".hdr", ours()),
    "JPEG XL, PQ": Variant(".jxl", ours()),
    "JPEG XL, lossy": Variant(".jxl", ours(quality=90)),
    "JPEG XL, 8 bits": Variant(".jxl", imagecodecs_jpeg_xl(np.uint8)),
    "JPEG XL, 16 bits": Variant(".jxl", imagecodecs_jpeg_xl(np.uint16)),
    "JPEG XL, float": Variant(".jxl", imagecodecs_jpeg_xl(np.float32)),
    "AVIF, PQ": Variant(".avif", ours()),
    "AVIF, 8 bits": Variant(".avif", imagecodecs_avif),
    "RAW": Variant(".dng", raw),
    "array, float": Variant(".npy", array(np.float32)),
    "array, double": Variant(".npy", array(np.float64)),
    "array, 8 bits": Variant(".npy", array(np.uint8)),
    "array, half, grey": Variant(".npy", array(np.float16, 1)),
}


def ultra_hdr(path: Path, pixels: Pixels) -> None:
    """Under another name: the content decides."""
    write_image(path.with_suffix(".uhdr.jpg"), 4 * pixels).rename(path)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, default=3008, help="of the images (%(default)s)")
    parser.add_argument("--height", type=int, default=2000, help="of the images (%(default)s)")
    parser.add_argument("--only", action="append", choices=VARIANTS, help="this one; may be repeated")
    parser.add_argument("--step", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        folder, *names = options.step
        print(json.dumps([step(name, Path(folder)) for name in names]))
        return 0
    from benchmarks.shared.environment import print_environment  # with torch, which the steps are measured without

    print_environment()
    print("| bytes for each pixel | estimate | measured |\n|---|---|---|")
    for name in options.only or VARIANTS:
        (row,) = measured([name], options.width, options.height)
        low = " (too low)" if row.estimate < row.measured else ""
        print(f"| {name} | {row.estimate:.1f}{low} | {row.measured:.1f} |", flush=True)
    return 0


def measured(names: Sequence[str], width: int, height: int) -> list[Row]:
    """Write these variants, and read them in a process."""
    with tempfile.TemporaryDirectory(prefix="hdrgen-reading-") as folder:
        for name in names:
            write(name, Path(folder), width, height)
        command = [sys.executable, "-m", "benchmarks.reading_memory", "--step", folder, *names]
        # Which memory glibc keeps would otherwise depend on what was read before.
        alike = {**os.environ, "MALLOC_MMAP_THRESHOLD_": str(2**17)}
        said = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=ROOT, env=alike).stdout
        pixels = width * height
        each = zip(names, json.loads(said), strict=True)
        return [Row(name, *(count / pixels for count in counts)) for name, counts in each]


def write(name: str, folder: Path, width: int, height: int) -> None:
    """The file to measure, and a small one."""
    generator = np.random.default_rng(0)
    for size, shape in (("large", (height, width, 3)), ("small", (SMALL, SMALL, 3))):
        VARIANTS[name].write(file_of(name, size, folder), 0.1 + 0.8 * generator.random(shape, np.float32))


def file_of(name: str, size: str, folder: Path) -> Path:
    """Where a variant lies."""
    return folder / f"{list(VARIANTS).index(name)}-{size}{VARIANTS[name].suffix}"


def step(name: str, folder: Path) -> tuple[float, int]:
    """Estimate and measurement of reading one file, in bytes."""
    warnings.simplefilter("ignore")
    read = read_array if VARIANTS[name].suffix == ".npy" else read_image
    read(file_of(name, "small", folder), **VARIANTS[name].options)
    estimates: list[float] = []

    def note(path: Path, width: int, height: int, bytes_each: float, *others: object) -> None:
        estimates.append(needed_memory(width, height, bytes_each))

    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)  # else memory that was freed before would serve unseen
    with mock.patch("hdrgen.io.codecs.codec.check_memory", note), mock.patch("hdrgen.io.arrays.check_memory", note):
        Path("/proc/self/clear_refs").write_text("5")  # the record of the largest resident size begins anew
        before = resident("VmRSS")
        read(file_of(name, "large", folder), **VARIANTS[name].options)
    mapped = file_of(name, "large", folder).stat().st_size if read is read_array else 0  # which the system takes back
    return max(estimates), resident("VmHWM") - before - mapped


def resident(which: str) -> int:
    """Bytes of this process that are in memory: now (`VmRSS`), or at most since the record began (`VmHWM`)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(which))


if __name__ == "__main__":
    sys.exit(main())
