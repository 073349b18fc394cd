"""What photographs say of their exposure, how much of them is clipped, and how well they overlap."""

import itertools
import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hdrgen.bracket.float_range import float_white
from hdrgen.bracket.progress_bar import progress
from hdrgen.errors import InputError, without_advice
from hdrgen.io import (
    FileFormat,
    Header,
    Image,
    RawDevelopment,
    Scene,
    WhiteLevel,
    grouped,
    images_in,
    originals,
    read_header,
    read_image,
    read_stack,
    shared_development,
    turned_alike,
)

WHITE, BLACK = 0.99, 0.01  # display values; linear ones are encoded with the square root first
WELL_EXPOSED = (0.05, 0.95)  # display values between which a pixel is neither noise nor clipped
OVERLAP = 0.05  # share of the pixels that two neighbours must both expose well
SAMPLE = 2**18  # pixels of each photograph that are counted: 0.1 % of them are 262, steady enough to print
PHOTO_COLUMNS = ("file", "camera", "time", "f", "ISO", "EV", "bits", "size", "clipped", "crushed", "notes")


@dataclass
class Photo:
    """What is known of one photograph.

    Attributes:
        header: What the file says without its pixels being read.
        image: What else the file says; its pixels are a grid of the photograph's.
        stops: Exposure, None where it is unknown.
        notes: What a user should know.
        ev: Stops relative to the middle one; None where any is unknown.
        overlap: Share of the pixels that it and the next brighter one both expose well.
        white: Display value above which a pixel is clipped.
    """

    header: Header
    image: Image
    stops: float | None
    notes: list[str]
    ev: float | None = None
    overlap: float | None = None
    white: float = WHITE

    @property
    def radiance(self) -> bool:
        """Whether it is an HDR image, which has no white; RAW files and TIFFs have one."""
        return self.image.pixels.dtype.kind == "f" and self.image.linear and self.header.format is not FileFormat.TIFF

    @property
    def display(self) -> NDArray[np.float32]:
        """(h, w, 3), in [0, 1]."""
        values = self.image.as_float().clip(0, 1)
        return np.sqrt(values) if self.image.linear else values

    @property
    def clipped(self) -> float:
        """Share of the pixels with a channel at white."""
        return float((self.display > self.white).any(-1).mean())

    @property
    def crushed(self) -> float:
        """Share of the pixels with a channel at black."""
        return float((self.display < BLACK).any(-1).mean())

    @property
    def well_exposed(self) -> NDArray[np.bool_]:
        """Which pixels are well exposed."""
        display = self.display
        well: NDArray[np.bool_] = (display.max(-1) < min(WELL_EXPOSED[1], self.white)) & (
            display.mean(-1) > WELL_EXPOSED[0]
        )
        return well

    def record(self) -> dict[str, object]:
        """Everything, for JSON."""
        exposure = self.image.exposure
        return {
            "file": str(self.header.path),
            "format": self.header.format.name,
            "camera": str(self.image.camera or "") or None,
            "time": exposure.time,
            "fnumber": exposure.fnumber,
            "iso": exposure.iso,
            "stops": self.stops,
            "ev": self.ev,
            "type": str(self.image.pixels.dtype),
            "linear": self.image.linear,
            "width": self.header.width,
            "height": self.header.height,
            "clipped": None if self.radiance else round(self.clipped, 5),
            "crushed": None if self.radiance else round(self.crushed, 5),
            "overlap_with_next": None if self.overlap is None else round(self.overlap, 5),
            "notes": self.notes,
        }

    def row(self) -> tuple[str, ...]:
        """The cells of the table."""
        exposure, kind = self.image.exposure, self.image.pixels.dtype
        time = "-" if exposure.time is None else _seconds(exposure.time)
        fnumber = "-" if exposure.fnumber is None else f"{exposure.fnumber:.3g}"
        iso = "-" if exposure.iso is None else f"{exposure.iso:g}"
        ev = "-" if self.ev is None else f"{self.ev:+.2f}"
        bits = f"{8 * kind.itemsize}{'' if kind.kind == 'u' else ' float'}{' linear' if self.image.linear else ''}"
        size = f"{self.header.width} x {self.header.height}"
        shares = ("-", "-") if self.radiance else (f"{self.clipped:.1%}", f"{self.crushed:.1%}")
        name = self.header.path.name
        camera = str(self.image.camera or "") or "-"
        return (name, camera, time, fnumber, iso, ev, bits, size, *shares, "; ".join(self.notes))


def inspect_photographs(sources: list[str], max_megapixels: float) -> tuple[dict[Path, list[Photo]], list[Path]]:
    """Inspect the photographs of a list of files, folders and patterns.

    Args:
        sources: Files, folders of photographs or of scenes, and patterns.
        max_megapixels: Larger photographs are refused.

    Returns:
        The photographs by scene, dark to bright where that is known, with those of no scene by themselves; and the
        files that cannot be read, each of which a warning was given for.

    Raises:
        InputError: Nothing was found, or a single file that cannot be read.
    """
    scenes = _photographs(grouped(sources))
    paths = [path for members in scenes.values() for path in members]
    photos: dict[Path, Photo] = {}
    with progress("looking") as done:
        for count, path in enumerate(paths, 1):
            try:
                photos[path] = _photo(path, max_megapixels)
            except InputError as error:
                if len(paths) == 1:
                    raise
                warnings.warn(str(error), stacklevel=2)
            done(count / len(paths))
    by_scene = {scene: [photos[path] for path in members if path in photos] for scene, members in scenes.items()}
    unreadable = [path for path in paths if path not in photos]
    return {scene: _in_order(photos) for scene, photos in by_scene.items() if photos}, unreadable


def _photographs(scenes: Sequence[Scene]) -> dict[Path, list[Path]]:
    """By the folder of each scene, with its name where the folder has several, and those that belong to none."""
    result: dict[Path, list[Path]] = {}
    folders = [scene.folder for scene in scenes]
    for scene in scenes:
        several = folders.count(scene.folder) > 1
        files = originals(images_in(scene.folder)) if scene.files is None else list(scene.files)
        result[scene.folder / scene.name if several else scene.folder] = files
    for scene in scenes:
        if scene.single:
            result[scene.folder / "(no bracket)"] = list(scene.single)
    return result


def _photo(path: Path, max_megapixels: float) -> Photo:
    header = read_header(path)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        image = read_image(path, max_megapixels=max_megapixels)
    notes = [_note(warning.message).removeprefix(f"{path}: ") for warning in caught]
    step = max(1, int((image.pixels[..., 0].size / SAMPLE) ** 0.5))
    grid = np.ascontiguousarray(image.pixels[step // 2 :: step, step // 2 :: step])
    small = replace(image, pixels=grid)
    return Photo(header, small, image.exposure.stops, notes)


def _note(warning: Warning | str) -> str:
    """What a warning says, but not what to pass to a reader: here nobody does."""
    argument = getattr(warning, "argument", None)
    return str(warning) if argument is None else without_advice(str(warning), argument)


def _in_order(photos: list[Photo]) -> list[Photo]:
    """The photographs of one folder, compared: dark to bright where their exposures are known, then the others."""
    _complete_from_stack(photos)
    known = sorted((photo for photo in photos if photo.stops is not None), key=_stops)
    unknown = [photo for photo in photos if photo.stops is None]
    for photo in unknown:
        if not photo.radiance:
            photo.notes.append("no exposure data (a merge needs them passed along, or in exposures.csv)")
    if known:
        _compare_all(known)
    return known + unknown


def _compare_all(photos: Sequence[Photo]) -> None:
    """Set what only all exposures together, dark to bright, tell: EV, white, overlap."""
    middle = _stops(photos[(len(photos) - 1) // 2])
    _turn_alike(photos)
    _scale_floats(photos)
    _find_white([photo for photo in photos if not photo.image.linear])
    _find_sensor([photo for photo in photos if photo.header.format is FileFormat.RAW])
    for photo in photos:
        photo.ev = _stops(photo) - middle
    for darker, brighter in itertools.pairwise(photos):
        _compare(darker, brighter)


def _scale_floats(photos: Sequence[Photo]) -> None:
    """Divide exposures in floating point by their white, which a merge would take, and note which that is."""
    floats = [photo for photo in photos if photo.image.pixels.dtype.kind == "f" and not photo.radiance]
    white, about = float_white([photo.image.pixels for photo in floats]) if floats else (1.0, "")
    for photo in floats if about else ():
        photo.image = replace(photo.image, pixels=photo.image.pixels / np.float32(white))
        photo.notes.append(about)


def _find_white(photos: Sequence[Photo]) -> None:
    """Set the white of encoded photographs, where it is below the largest code."""
    if len({photo.image.pixels.shape for photo in photos}) != 1:
        return
    pixels = [photo.image.pixels.reshape(-1, 3) for photo in photos]
    white = WhiteLevel.found(pixels, [_stops(photo) for photo in photos])
    if white is None:
        return
    for photo in photos:
        photo.white = (min(level.edge for level in white.levels) - 0.5) / white.top
        photo.notes.append(f"{white} here")


def _find_sensor(photos: Sequence[Photo]) -> None:
    """Note what the frames of a RAW bracket share: where the sensor clips, and which white balances differ."""
    if len(photos) < 2:
        return
    paths, middle = [photo.header.path for photo in photos], (len(photos) - 1) // 2
    photos[middle].notes += shared_development(
        paths, list(map(_stops, photos)), middle, RawDevelopment(hot_pixels="keep")
    ).notes


def _turn_alike(photos: Sequence[Photo]) -> None:
    """Where the orientation tags of exposures differ, see them as a merge does, and note it."""
    if len({photo.image.orientation for photo in photos}) < 2:
        return
    tags = [photo.image.orientation for photo in photos]
    with warnings.catch_warnings(), suppress(InputError):  # another size: noted below
        warnings.simplefilter("ignore")
        images = [photo.image for photo in photos]
        turned = turned_alike(images, [str(tag) for tag in tags], "photographs", (len(photos) - 1) // 2)
        for photo, image in zip(photos, turned, strict=True):
            photo.image = image
    for photo, tag in zip(photos, tags, strict=True):
        photo.notes.append(f"orientation tag {tag}, which differs within the bracket")


def _stops(photo: Photo) -> float:
    return photo.stops if photo.stops is not None else 0.0


def _complete_from_stack(photos: list[Photo]) -> None:
    """Take the exposures that a list beside the files or their names give, as a merge would."""
    paths = [photo.header.path for photo in photos]
    try:
        # Of a single photograph, too, a list beside it tells the exposure
        source = paths if len(paths) > 1 else paths[0].parent
        frames = {frame.path: frame.exposure for frame in read_stack(source, bracket=True)}
    except InputError:  # not one stack: each file's own metadata then has to do
        return
    for photo in photos:
        exposure = frames.get(photo.header.path, photo.image.exposure)
        photo.image = replace(photo.image, exposure=exposure)
        photo.stops = exposure.stops


def _compare(darker: Photo, brighter: Photo) -> None:
    if _stops(brighter) - _stops(darker) < 0.01:
        brighter.notes.append(f"same exposure as {darker.header.path.name}")
    if darker.image.pixels.shape != brighter.image.pixels.shape:
        brighter.notes.append(f"another size than {darker.header.path.name}")
        return
    darker.overlap = float((darker.well_exposed & brighter.well_exposed).mean())
    if darker.overlap < OVERLAP:
        name = brighter.header.path.name
        darker.notes.append(f"overlaps too little with {name}: both expose {darker.overlap:.1%} of the pixels well")


def _seconds(time: float) -> str:
    """As cameras show it: 1/250, 0.8, 13.

    >>> _seconds(0.004), _seconds(0.8), _seconds(1 / 3)
    ('1/250', '0.8', '1/3')
    """
    inverse = 1 / time
    return f"1/{round(inverse)}" if inverse > 1.5 and abs(inverse - round(inverse)) < 0.02 * inverse else f"{time:g}"
