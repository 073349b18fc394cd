"""Merging of exposures for notebooks and programs: what `hdrgen merge` does, without files to write."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict, TypeGuard, Unpack, overload

import numpy as np
from numpy.typing import NDArray

from hdrgen.api.arrays import (
    Array,
    as_float,
    check_channels,
    check_pixels,
    displayed,
    kind_of,
    stops,
    to_array,
    to_tensor,
)
from hdrgen.array_kinds import is_tensor
from hdrgen.bracket import MEANS, Bracket, BracketPixels, gain_to, known_response, merge_bracket
from hdrgen.camera import CameraResponse
from hdrgen.errors import InputError
from hdrgen.io import (
    BT709,
    Exposure,
    Frame,
    Image,
    RawDevelopment,
    check_span,
    comparable,
    find_images,
    grouped,
    read_stack,
    read_tags,
    tell_single,
    true_times,
)

if TYPE_CHECKING:
    from torch import Tensor

MAX_MEGAPIXELS = 500  # of each file, as of the verbs; a larger one is more likely damaged than a photograph
Align = Literal["homography", "mtb", "none"]
File = str | PathLike[str]
Stops: TypeAlias = "Sequence[float] | Array | Tensor"
Images: TypeAlias = "File | Sequence[File] | Sequence[Image] | Sequence[Array] | Tensor"


class MergeOptions(TypedDict, total=False):
    """What `merge` takes by name."""

    method: str
    response: str | CameraResponse
    align: Align
    deghost: bool | Literal["patches"]
    fit_exposures: bool
    white: float | Sequence[float] | None
    white_balance: str | Sequence[float]
    demosaic: str
    highlights: str
    half_size: bool
    hot_pixels: str
    scale_like: File | Image | None


@overload
def merge(images: Tensor, ev: Stops | None = ..., **options: Unpack[MergeOptions]) -> Tensor: ...
@overload
def merge(images: Sequence[Array], ev: Stops | None = ..., **options: Unpack[MergeOptions]) -> NDArray[Any]: ...
@overload
def merge(
    images: File | Sequence[File] | Sequence[Image], ev: Stops | None = ..., **options: Unpack[MergeOptions]
) -> Image: ...
def merge(
    images: Images,
    ev: Stops | None = None,
    *,
    method: str = "debevec",
    response: str | CameraResponse = "auto",
    align: Align = "homography",
    deghost: bool | Literal["patches"] = False,
    fit_exposures: bool = False,
    white: float | Sequence[float] | None = None,
    white_balance: str | Sequence[float] = "camera",
    demosaic: str = "ahd",
    highlights: str = "clip",
    half_size: bool = False,
    hot_pixels: str = "remove",
    scale_like: File | Image | None = None,
) -> Image | Array | Tensor:
    """Merge exposures of a scene to one HDR image.

    Args:
        images: Files, or a folder of them; images that `hdrgen.read` returned; arrays `(H, W, 3)` of uint8, uint16 or
            floats in [0, 1]; or a tensor `(S, 3, H, W)`. In any order.
        ev: Their exposures in stops; files and images say it themselves.
        method: `debevec`, `linear` or `robertson`.
        response: `auto` (linear for RAW and float files, else estimate), `estimate`, `linear`, `srgb`, `gamma:2.2`, a
            file that `hdrgen crf` wrote, or a response of `hdrgen.camera`.
        align: How to align them; `mtb` finds shifts only, `none` leaves them where they are.
        deghost: Whether to leave out what moves; `patches` makes what is left out anew, of patches around it.
        fit_exposures: Whether the pixels decide how far the exposures lie apart; the first and the last keep their
            distance where the response is estimated, too.
        white: Code at which the photographs clip, or one each of red, green and blue: 250 of 255, 16383 of 65535 (not a
            share of them), that of the sensor of RAW files, the value of floats; None: what the exposures show.
        white_balance: Of RAW files, the same for all: `camera` (the middle exposure's), `daylight`, or multipliers of
            red, green and blue.
        demosaic: Of RAW files, LibRaw's: `ahd`, `linear`, `vng`, `ppg`, `dcb`, `dht` or `aahd`.
        highlights: Of RAW files, what becomes of what the sensor clips in the shortest exposure: `clip`, `unclip`,
            `blend` or `rebuild`.
        half_size: Of RAW files, a pixel for each 2 x 2 of the sensor.
        hot_pixels: Of RAW files, `remove` (those of an exposure that a shorter one proves to be none of the scene) or
            `keep`.
        scale_like: An image that was merged before, or its file, whose scale the result gets: of several sets of a
            panorama, all like the first.

    Returns:
        Linear radiance, in which 1 just reaches white in the middle exposure, or in that of `scale_like`: an image of
        files and images, which `hdrgen.write` takes with its camera and colours, an array `(H, W, 3)` of arrays, a
        tensor `(3, H, W)` of a tensor. Alignment cuts it to what all exposures show.

    Raises:
        InputError: Too few, unreadable or contradictory exposures, or an unknown choice.

    >>> codes = [np.full((32, 32, 3), code, np.uint8) for code in (62, 117, 219)]
    >>> radiance = merge(codes, ev=[-2, 0, 2], response="gamma:2.2", align="none")
    >>> round(float(radiance[0, 0, 0]), 2)
    0.18
    """
    _check(method, align)
    known_response(response)
    balance = white_balance if isinstance(white_balance, str) else tuple(map(float, white_balance))
    development = RawDevelopment(balance, None, demosaic, highlights, half_size, hot_pixels)
    pixels = _read(images, ev, white, development)
    if align != "none":
        pixels.align(shifts_only=align == "mtb")
    radiance = merge_bracket(pixels, method, response, deghost=deghost, fit_exposures=fit_exposures).radiance
    exposure = pixels.bracket.frames[pixels.bracket.middle].exposure
    if scale_like is not None:
        exposure, name = _exposure_of(scale_like)
        radiance *= gain_to(pixels.bracket, exposure, name)
    if is_tensor(images):
        return to_tensor(radiance).to(images.device)
    if _of_arrays(images):
        return radiance
    colours = pixels.chromaticities or BT709.chromaticities
    return Image(radiance, linear=True, exposure=exposure, chromaticities=colours, camera=pixels.camera)


def _exposure_of(image: File | Image) -> tuple[Exposure, str]:
    """The exposure of an image, and what to call it."""
    if isinstance(image, Image):
        return image.exposure, "scale_like"
    return read_tags(Path(image)).exposure, str(image)


def _check(method: str, align: str) -> None:
    for name, value, known in (("method", method, list(MEANS)), ("align", align, ["homography", "mtb", "none"])):
        if value not in known:
            raise InputError(f"{name}: expected one of {', '.join(known)}, found {value!r}", name)


def _of_arrays(images: object) -> bool:
    if is_tensor(images):
        return True
    return isinstance(images, list | tuple | np.ndarray) and not isinstance(images[0], str | PathLike | Image)


def _of_images(images: object) -> TypeGuard[Sequence[Image]]:
    return isinstance(images, list | tuple) and all(isinstance(image, Image) for image in images)


def _read(
    images: Images, ev: object, white: float | Sequence[float] | None, development: RawDevelopment
) -> BracketPixels:
    """The exposures dark to bright."""
    _check_several(images)
    given = None if ev is None else stops(ev)  # type: ignore[arg-type]  # it checks
    if given is not None and not isinstance(images, str | PathLike) and len(given) != len(images):
        raise InputError(f"expected {len(images)} EVs, one for each exposure, found {len(given)}")
    if _of_arrays(images):
        return _bracket_of(images, given, white)  # type: ignore[arg-type]  # just checked
    if _of_images(images):
        return _bracket_of_images(images, given, white)
    frames = _frames(images, given)  # type: ignore[arg-type]  # just checked
    bracket = Bracket(frames[0].path.absolute().parent.name or "stack", frames, "exposure")
    return BracketPixels.read(bracket, MAX_MEGAPIXELS, white=white, development=development)


def _check_several(images: object) -> None:
    if isinstance(images, str | PathLike):
        return
    if not (isinstance(images, list | tuple | np.ndarray) or is_tensor(images)):
        raise InputError(
            f"expected files, a list of images or arrays (H, W, 3), or a tensor (S, 3, H, W), found {kind_of(images)}"
        )
    if len({isinstance(image, Image) for image in images}) > 1:
        kinds = ", ".join(sorted({kind_of(image) for image in images}))
        raise InputError(
            f"expected images that hdrgen.read returned, all or none of them, found {kinds}; read all files, or pass"
            " image.pixels of the images"
        )
    dimensions = len(getattr(images, "shape", ()))  # 0 of a list
    if len(images) < 2 or dimensions == 3:
        count = kind_of(images) if dimensions else len(images)
        raise InputError(f"expected at least two exposures of a scene, found {count}")
    if is_tensor(images):
        check_channels(images, "(S, 3, H, W)", (4, 4))


def _frames(files: File | Sequence[File], ev: NDArray[np.float32] | None) -> list[Frame]:
    if isinstance(files, str | PathLike) and Path(files).is_dir() and ev is None:
        return _frames_in(Path(files))
    paths = find_images([Path(file) for file in ([files] if isinstance(files, str | PathLike) else files)])
    if not isinstance(files, str | PathLike) and len(paths) == len(files):
        paths = [Path(file) for file in files]  # in the caller's order, as the EVs are
    if ev is None:
        return read_stack(paths, bracket=True)
    if len(ev) != len(paths):
        raise InputError(f"expected {len(paths)} EVs, one for each exposure, found {len(ev)}")
    given = {path: Exposure(ev=stop) for path, stop in zip(paths, ev.tolist(), strict=True)}
    return read_stack(paths, given, bracket=True)


def _frames_in(folder: Path) -> list[Frame]:
    """Those of the one scene in a folder.

    Raises:
        InputError: There are several.
    """
    own = [scene for scene in grouped([folder]) if scene.folder == folder] if folder.exists() else []
    if len(own) > 1:
        named = ", ".join(f"{scene.name} ({len(scene.files or ())})" for scene in own)
        raise InputError(
            f"{folder}: expected the exposures of one scene, found {len(own)} brackets, {named}; merge the files of"
            " each by themselves: [merge(scene.files) for scene in hdrgen.io.grouped([folder])]"
        )
    tell_single(own)
    return read_stack(folder if not own or own[0].files is None else own[0].files, bracket=True)


def _bracket_of_images(
    images: Sequence[Image], ev: NDArray[np.float32] | None, white: float | Sequence[float] | None
) -> BracketPixels:
    exposures = [image.exposure for image in images] if ev is None else [Exposure(ev=stop) for stop in ev.tolist()]
    if named := ", ".join(f"image {index}" for index, one in enumerate(exposures) if one.stops is None):
        raise InputError(
            f"expected images with their exposures, found none of {named}; pass ev=[-2, 0, 2], for example",
            "ev",
        )
    order = sorted(range(len(images)), key=lambda index: exposures[index].stops or 0.0)
    frames = true_times(comparable([_frame_of(images[index], index, exposures[index]) for index in order]))
    # Where orientations differ, all are turned alike later, or refused by their tags.
    if len({image.orientation for image in images}) < 2 and len({image.pixels.shape for image in images}) > 1:
        shapes = ", ".join(str(image.pixels.shape) for image in images)
        raise InputError(f"expected exposures of one size, found {shapes}")
    bracket = Bracket("images", frames, "exposure")
    return BracketPixels.of_images(bracket, [images[index] for index in order], white=white)


def _frame_of(image: Image, index: int, exposure: Exposure) -> Frame:
    """A frame of an image; settings beside the time, or a camera, are what a camera wrote."""
    typed = image.camera is None and exposure.fnumber is None and exposure.iso is None
    return Frame(Path(f"image {index}"), exposure, listed=typed)


def _bracket_of(
    images: Sequence[Array] | Tensor, ev: NDArray[np.float32] | None, white: float | Sequence[float] | None
) -> BracketPixels:
    if ev is None or not np.isfinite(ev).all():
        raise InputError("expected the exposures of arrays, one for each; pass ev=[-2, 0, 2], for example", "ev")
    pixels = list(to_array(displayed(images.detach()))) if is_tensor(images) else list(map(_checked, images))
    if len({image.shape for image in pixels}) > 1:
        raise InputError(f"expected exposures of one size, found {', '.join(str(image.shape) for image in pixels)}")
    order = np.argsort(ev, kind="stable").tolist()
    frames = [Frame(Path(f"image {index}"), Exposure(ev=float(ev[index]))) for index in order]
    check_span(frames, "ev")
    return BracketPixels.of(Bracket("images", frames, "ev"), [pixels[index] for index in order], white=white)


def _checked(image: Array) -> Array:
    """The array itself, in the byte order of the machine, codes as codes: merging has a table for each."""
    if not isinstance(image, np.ndarray):
        raise InputError(
            f"expected arrays (H, W, 3), files, or one tensor of all exposures, found {kind_of(image)}; pass the files"
            " themselves, images that hdrgen.read returned, or torch.stack(images)"
        )
    check_pixels(image)
    native = image.astype(image.dtype.newbyteorder("="), copy=False)  # big-endian files give arrays of their own order
    return native if native.dtype.kind == "u" else displayed(as_float(native))
