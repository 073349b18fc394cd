"""The pixels of a bracket in memory, made ready for a merge."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrgen.bracket.bracket import Bracket, repeats
from hdrgen.bracket.decoding import decoded_frames
from hdrgen.bracket.float_range import in_display_range, unclipped_white
from hdrgen.bracket.progress_bar import progress
from hdrgen.bracket.raw_frames import RawFrames
from hdrgen.bracket.spilled import forget, mappings_of
from hdrgen.errors import InputError
from hdrgen.fusion import Alignment, Rows, align_photographs, aligned, hold
from hdrgen.io import (
    BT709,
    SAME_EXPOSURE,
    Camera,
    Image,
    RawDevelopment,
    White,
    WhiteLevel,
    is_result,
    named_like,
    same_colours,
    turned_alike,
    white_level,
)
from hdrgen.tiling import row_slices

SAMPLE = 2**17  # pixels of each frame for calibration: 500 for each of 256 levels, and a few megabytes
ROWS = 128  # of a frame that are converted at a time
SMALLEST = 16  # pixels that alignment must leave along each side, where there are so many; it cuts to what all show
UNLIKE = 0.1  # display values by which the means of one exposure, taken twice, may differ: clouds come and go
APART = 0.25  # stops by which the exposures of a bracket differ at least, or its numbers mean something else
DARKER = 0.02  # display values by which a longer exposure may be darker in the mean: light changes a little


@dataclass
class BracketPixels:
    """Pixels of a bracket, dark to bright.

    Attributes:
        bracket: The files and their exposures.
        pixels: (H, W, 3) each: uint8 or uint16 codes, or floats in [0, 1].
        size: Height and width of the frames before alignment.
        linear: Whether they are linear (RAW, float TIFF), not encoded for display.
        camera: What took them, where the files say so.
        chromaticities: Primaries and white of their colours, where the files say so.
        rows: The frames to merge: the pixels themselves, or after `align` the area that all of them show.
        alignments: How each frame lies relative to the middle one; filled by `align`.
        white: What was found, or given, of where the frames clip, in words; empty where at their largest code.
        hot: How many hot pixels of each frame were removed; empty where nothing is known of them.
        room: Stops by which the shortest frame is darker than its settings say, with room for highlights above white.
        clips: Display values of red, green and blue from which on pixels were clipped, and have the largest code now;
            empty where none below that were.
        share: What display 1 is as radiance: of RAW files the share of the light at their white level, before which the
            sensor may clip; of radiance that clips nowhere its white.
    """

    bracket: Bracket
    pixels: list[NDArray[Any]]
    size: tuple[int, int]
    linear: bool = False
    camera: Camera | None = None
    chromaticities: tuple[float, ...] | None = None
    rows: list[Rows] = field(default_factory=list)
    alignments: list[Alignment] = field(default_factory=list)
    white: str = ""
    room: float = 0.0
    hot: tuple[int, ...] = ()
    clips: tuple[float, ...] = ()
    share: float = 1.0
    _sampled: NDArray[np.float32] | None = field(default=None, init=False, repr=False)

    @classmethod
    def read(
        cls,
        bracket: Bracket,
        max_megapixels: float,
        *,
        white: White = None,
        development: RawDevelopment | None = None,
        picture: bool = False,
    ) -> BracketPixels:
        """Read all frames.

        Args:
            bracket: The files.
            max_megapixels: Larger photographs are refused.
            white: Code at which the frames clip, or one each of red, green and blue; None: what they show.
            development: How RAW is developed, all frames alike.
            picture: Whether a picture is made of them: then what clips at a code near the largest one stays there.

        Warns:
            UserWarning: Several frames of one exposure, which all count; RAW frames whose own white balances differ.

        Raises:
            InputError: Unreadable files, more than memory holds, linear beside encoded ones, or exposures that
                contradict the pictures.
        """
        raw = RawFrames.of(bracket, white, development or RawDevelopment())
        images = decoded_frames(bracket, raw, max_megapixels)
        if raw is None:
            loaded = cls.of_images(bracket, images, white=white, picture=picture, own=True)
        else:
            loaded = cls.of_images(bracket, images, picture=picture or raw.above_white, own=True)
            loaded.white, loaded.room, loaded.hot = raw.white or loaded.white, raw.room, raw.hot
            loaded.share = raw.share
        _tell_repeats(bracket)
        return loaded

    @classmethod
    def of_images(
        cls,
        bracket: Bracket,
        images: Sequence[Image],
        *,
        white: White = None,
        picture: bool = False,
        own: bool = False,
    ) -> BracketPixels:
        """Take frames that have been read, with what their files say; for `white` and `picture` see `read`.

        Raises:
            InputError: Linear beside encoded ones, several colour spaces, or exposures that contradict the pictures.
        """
        if len({image.linear for image in images}) > 1:
            kinds = ", ".join(
                f"{frame.path.name} is {'linear' if image.linear else 'encoded'}"
                for frame, image in zip(bracket.frames, images, strict=True)
            )
            raise InputError(f"{bracket.name}: expected frames of one kind, found linear and encoded ones ({kinds})")
        _check_colours(bracket, images)
        names = [frame.path.name for frame in bracket.frames]
        images = turned_alike(images, names, bracket.name, bracket.middle)
        middle, frames = images[bracket.middle], [image.pixels for image in images]
        radiance = white is None and all(is_result(frame.path) for frame in bracket.frames)
        unclipped = unclipped_white(frames) if radiance else None
        if unclipped is not None:
            frames = [np.minimum(frame, unclipped, dtype=np.float32) / np.float32(unclipped) for frame in frames]
        loaded = cls.of(bracket, frames, white=white, picture=picture, own=own)
        loaded.share = unclipped or 1.0
        loaded.linear, loaded.camera, loaded.chromaticities = middle.linear, middle.camera, middle.chromaticities
        return loaded

    @classmethod
    def of(
        cls,
        bracket: Bracket,
        frames: Sequence[NDArray[Any]],
        *,
        white: White = None,
        picture: bool = False,
        own: bool = False,
    ) -> BracketPixels:
        """Take frames (H, W, 3) that are in memory already, encoded for display; `own` ones may be written over.

        Raises:
            InputError: Exposures that contradict the pictures.
        """
        codes, white = in_display_range(frames, bracket.name, white)
        height, width, _ = codes[0].shape
        level = white_level([_grid(frame).reshape(-1, 3) for frame in codes], bracket.ev, white)
        if level is not None:
            codes = _with_white(level, codes, own=own, picture=picture)
        loaded = cls(bracket, codes, (height, width), rows=list(codes), white=str(level or ""))
        if level is not None and level.scale == 1:
            loaded.clips = tuple(each.edge / level.top for each in level.levels)
        loaded._check_order()
        return loaded

    @property
    def ev(self) -> list[float]:
        """Stops relative to the middle frame's, of the pixels."""
        stops = self.bracket.ev
        return [stops[0] + self.room, *stops[1:]]

    def align(self, *, shifts_only: bool) -> None:
        """Bring the frames to how the middle one shows the scene, cut to what all show.

        Raises:
            InputError: They have nothing in common.
        """
        bracket = self.bracket
        with progress(f"{bracket.name}: aligning") as done:
            self.alignments = align_photographs(
                self.pixels, bracket.middle, linear=self.linear, shifts_only=shifts_only, progress=self.between(done)
            )
        for frame, alignment in zip(bracket.frames, self.alignments, strict=True):
            if not alignment.reliable:
                done_so = "left as it is" if alignment.still else "moved like its neighbour in exposure"
                warnings.warn(f"{frame.path}: shows too little in common to align it; {done_so}", stacklevel=2)
        self.rows = aligned(self.pixels, [alignment.matrix for alignment in self.alignments])
        if any(left < min(SMALLEST, side) for left, side in zip(self.rows[0].shape[:2], self.size, strict=True)):
            raise InputError(f"{bracket.name}: the frames have no area in common; leave out those that do not belong")

    @property
    def bits(self) -> int:
        """In which a picture that is made of the frames keeps what they hold: 8, or 16 where one of them has more."""
        return 8 if all(frame.dtype == np.uint8 for frame in self.pixels) else 16

    def hold_rows(self) -> None:
        """Keep the rows as they are merged, and of the photographs only a sample."""
        self._sampled = self.sample()
        self.pixels = [np.empty((0, *frame.shape[1:]), frame.dtype) for frame in self.pixels]
        hold(self.rows)

    def between(self, done: Callable[[float], None]) -> Callable[[float], None]:
        """A progress that also lets go what lies in files (`spilled.py`), while nobody reads of it."""
        mappings = mappings_of([*self.pixels, *self.rows])

        def moved(share: float) -> None:
            forget(mappings)
            done(share)

        return moved if mappings else done

    def release(self) -> None:
        """Forget the pixels, whose memory the writer may need."""
        self.pixels.clear()
        self.rows.clear()

    def sample(self) -> NDArray[np.float32]:
        """A grid of pixels of every frame, as it was before alignment: display values (S, 3, h, w)."""
        if self._sampled is None:
            return np.stack([grid.transpose(2, 0, 1) for grid in self._grids()])
        return self._sampled

    def _grids(self) -> list[NDArray[np.float32]]:
        """Display values (h, w, 3) of some pixels of every frame."""
        return [as_display(np.ascontiguousarray(_grid(pixels))) for pixels in self.pixels]

    def _check_order(self) -> None:
        """Longer exposures are brighter, equal ones equally bright: where not, a merge would be all wrong."""
        means, ev = [float(grid.mean()) for grid in self._grids()], self.bracket.ev
        for index in range(1, len(means)):
            brighter, repeated = means[index] - means[index - 1], ev[index] - ev[index - 1] < SAME_EXPOSURE
            if brighter >= -DARKER and not (repeated and brighter > UNLIKE):
                continue
            one, other = self.bracket.frames[index - 1 : index + 1]
            told = f"{other.path.name} ({other.exposure}) is darker than {one.path.name} ({one.exposure})"
            if repeated:
                names = f"{one.path.name} and {other.path.name} ({other.exposure})"
                raise InputError(
                    f"{self.bracket.name}: expected different exposures of {names}, whose brightness differs by"
                    f" {abs(brighter):.2g} of white;{_meant(self.bracket)} correct the exposures",
                    "ev",
                )
            raise InputError(
                f"{self.bracket.name}: {told} although it was exposed longer;{_reversed(means)} correct the exposures",
                "ev",
            )


def _meant(bracket: Bracket) -> str:
    """What else exposures may be that lie too near to each other, where they would lie apart then."""
    from hdrgen.bracket.readings import other_readings

    apart = [meant for ev, meant, _ in other_readings(bracket) if float(np.diff(np.sort(ev)).min()) > APART]
    return f" they may be {apart[0]};" if apart else ""


def _reversed(means: Sequence[float]) -> str:
    """What to say where every longer exposure is darker."""
    if any(brighter >= darker for darker, brighter in itertools.pairwise(means)):
        return ""
    return " all are in the opposite order, as shutter speeds (100 for 1/100 s) or stops of the wrong sign are;"


def display_frame(frame: Rows, out: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
    """Display values (3, H, W) of a frame, converted a few rows at a time, in memory that may be given."""
    height, width, _ = frame.shape
    planes = np.empty((3, height, width), np.float32) if out is None else out
    for rows in row_slices(height, ROWS):
        block = frame[rows]
        for channel, plane in enumerate(planes[:, rows]):
            plane[...] = block[..., channel]  # first apart, then divided: each by itself is four times as fast
            if block.dtype.kind == "u":
                plane /= np.float32(np.iinfo(block.dtype).max)
    return planes


def _grid(frame: NDArray[Any]) -> NDArray[Any]:
    """About `SAMPLE` pixels of a frame, (h, w, 3)."""
    height, width, _ = frame.shape
    step = max(1, int((height * width / SAMPLE) ** 0.5))
    return frame[step // 2 :: step, step // 2 :: step]


def _with_white(level: WhiteLevel, frames: list[NDArray[Any]], *, own: bool, picture: bool) -> list[NDArray[Any]]:
    """Frames in which what was clipped has the largest code, one after the other, since they may be large."""
    return [level.applied(frame, own=own or frame.dtype.kind == "f", lifted=not picture) for frame in frames]


def _tell_repeats(bracket: Bracket) -> None:
    groups = [group for group in repeats(bracket.ev) if len(group) > 1]
    if groups:
        shown = "; ".join(" and ".join(bracket.frames[index].path.name for index in group) for group in groups)
        warnings.warn(f"{bracket.name}: the same exposure in {shown}; all of them count", stacklevel=4)


def _check_colours(bracket: Bracket, images: Sequence[Image]) -> None:
    """Files without a colour space count as BT.709.

    Raises:
        InputError: Photographs in different colour spaces.
    """
    spaces = [image.chromaticities or BT709.chromaticities for image in images]
    if all(same_colours(space, spaces[0]) for space in spaces):
        return
    named = {frame.path.name: named_like(space) for frame, space in zip(bracket.frames, spaces, strict=True)}
    found = ", ".join(f"{name} {space.name if space else 'another'}" for name, space in sorted(named.items()))
    raise InputError(f"{bracket.name}: expected frames of one colour space, found {found}; convert them")


def as_display(pixels: NDArray[Any]) -> NDArray[np.float32]:
    """Display values of codes, or of floats, which are that."""
    if pixels.dtype.kind != "u":
        return pixels.astype(np.float32, copy=False)
    return pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)
