"""A folder of thirty scenes as a photographer has them, for `hdrgen merge FOLDER -o MERGED --preview`.

Real brackets beside brackets of panoramas: JPEG, PNG, 16-bit TIFF and RAW, hand-held, with hot pixels, RAW beside JPEG,
three brackets in the folder of a memory card; pictures that hdrgen wrote; a scene with a file that was cut off, and one
without exposures.
"""

import argparse
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hdrgen.io import Exposure, read_image, write_image
from tests.dng import write_dng

STOPS = (-4.0, -2.0, 0.0, 2.0)
SIDE = (600, 900)
NEUTRAL = np.array((0.5, 1.0, 0.8))
TIME = 1 / 32


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stacks", type=Path, required=True, help="folder with a folder of photographs for each scene")
    parser.add_argument("--moving", type=Path, help="the same, of scenes with 0.png, 1.png, 2.png and exposures.npy")
    parser.add_argument("--hdri", type=Path, required=True, help="folder of panoramas, at least 20")
    parser.add_argument("folder", type=Path, help="to be made")
    options = parser.parse_args()
    for stack in sorted(path for path in options.stacks.iterdir() if path.is_dir()):
        shutil.copytree(stack, options.folder / stack.name)
    for stack in sorted(options.moving.iterdir()) if options.moving else ():
        target = options.folder / f"moving_{stack.name}"
        target.mkdir(parents=True)
        stops = np.load(stack / "exposures.npy").tolist()
        lines = [f"{index}.png,{stop}" for index, stop in enumerate(stops)]
        (target / "exposures.csv").write_text("\n".join(["file,ev", *lines]) + "\n")
        for index in range(len(stops)):
            shutil.copy(stack / f"{index}.png", target)
    render(sorted(options.hdri.rglob("*.hdr")), options.folder)
    return 0


def render(panoramas: list[Path], folder: Path) -> None:
    """The brackets of panoramas."""
    views = iter(panoramas)
    for kind in (".jpg", ".jpg", ".jpg", ".jpg", ".jpg", ".png", ".png", ".tif", ".tif"):
        path = next(views)
        display(path, folder / f"view_{path.stem}", kind)
    for drift in (3, 11):
        path = next(views)
        display(path, folder / f"held_{path.stem}", ".jpg", drift=drift)
    for hot, beside in ((0, False), (200, False), (0, True), (0, False)):
        path = next(views)
        raw(path, folder / f"raw_{path.stem}", hot=hot, beside=beside)
    for number in range(3):
        display(next(views), folder / "card", ".jpg", first=1 + 4 * number, stops=STOPS[: 4 - number % 2])
    own(next(views), folder / "with_own_pictures")
    broken = folder / "cut_off"
    display(next(views), broken, ".jpg")
    cut = sorted(broken.iterdir())[1]
    cut.write_bytes(cut.read_bytes()[:9000])
    unknown = folder / "unknown_exposures"
    display(next(views), unknown, ".png", known=False)


def view(path: Path, seed: int) -> NDArray[np.float32]:
    """A part of a panorama enlarged twice, whose median is a tenth of white."""
    whole = read_image(path).as_float()
    height, width = (min(side, whole_side) for side, whole_side in zip((300, 450), whole.shape, strict=False))
    generator = np.random.default_rng(seed)
    row, column = (int(generator.integers(0, whole.shape[axis] - side + 1)) for axis, side in ((0, height), (1, width)))
    part = whole[row : row + height, column : column + width]
    return np.kron(part / np.median(part) * 0.1, np.ones((2, 2, 1), np.float32))


def shots(path: Path, stops: tuple[float, ...], drift: int = 0) -> Iterator[tuple[float, NDArray[np.float64]]]:
    """Exposures in sensor values, with noise; `drift` pixels to the right from one to the next."""
    scene, generator = view(path, len(path.stem)), np.random.default_rng(1)
    room = drift * len(stops)
    for index, stop in enumerate(stops):
        shift = scene[:, index * drift : scene.shape[1] - room + index * drift]
        light = shift.astype(np.float64) * 2.0**stop
        yield stop, (light + generator.normal(0, 1, light.shape) * np.sqrt(1e-6 + 1e-4 * light.clip(0, 1))).clip(0, 1)


def display(
    path: Path,
    folder: Path,
    suffix: str,
    *,
    drift: int = 0,
    first: int = 1,
    stops: tuple[float, ...] = STOPS,
    known: bool = True,
) -> None:
    """A bracket as a camera encodes it, with its exposures in EXIF."""
    for index, (stop, light) in enumerate(shots(path, stops, drift)):
        exposure = Exposure(time=TIME * 2.0**stop, fnumber=8.0, iso=100) if known else None
        pixels = (light ** (1 / 2.2)).astype(np.float32)
        write_image(
            folder / f"IMG_{first + index:04}{suffix}", pixels, exposure=exposure, bits=16 if suffix == ".tif" else None
        )


def raw(path: Path, folder: Path, *, hot: int, beside: bool) -> None:
    """A bracket of a Bayer sensor; hot pixels in its longest exposure; `beside`: a JPEG of each as cameras write."""
    folder.mkdir(parents=True)
    generator = np.random.default_rng(2)
    for index, (stop, light) in enumerate(shots(path, STOPS)):
        camera = light * NEUTRAL
        if stop == max(STOPS):
            places = (generator.integers(0, side, hot) for side in camera.shape[:2])
            camera[*places] = generator.uniform(0.3, 1, (hot, 1))
        write_dng(folder / f"DSC_{index:04}.dng", camera, neutral=tuple(NEUTRAL), time=(round(2.0 ** (stop + 4)), 512))
        (folder / f"DSC_{index:04}.xmp").write_text("<x:xmpmeta xmlns:x='adobe:ns:meta/'/>")
        if beside:
            exposure = Exposure(time=TIME * 2.0**stop, fnumber=2.8, iso=200)
            write_image(folder / f"DSC_{index:04}.jpg", (light ** (1 / 2.2)).astype(np.float32), exposure=exposure)


def own(path: Path, folder: Path) -> None:
    """A bracket with a merge of it and a preview of that."""
    display(path, folder, ".jpg")
    exposure = Exposure(time=TIME, fnumber=8.0, iso=100)
    radiance = view(path, len(path.stem))
    write_image(folder / "merged.exr", radiance, exposure=exposure, made=True)
    write_image(folder / "merged_preview.jpg", radiance.clip(0, 1), exposure=exposure, made=True)


if __name__ == "__main__":
    sys.exit(main())
