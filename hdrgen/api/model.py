"""Trained methods for notebooks and programs."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any, overload

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hdrgen.api.arrays import Array, Picture, check_channels, displayed, kind_of, photograph, stops, to_array
from hdrgen.data import Batch
from hdrgen.errors import InputError
from hdrgen.io import BT709, Image, Tags, read_tags
from hdrgen.methods import HDRModule, load_method
from hdrgen.tiling import TileSize
from hdrgen.weights import RUNS, default_weights, find_checkpoint

EV = float | Sequence[float] | Array | Tensor
File = str | PathLike[str] | Image


def load(
    path: str | PathLike[str] | None = None,
    *,
    device: str | torch.device | None = None,
    tile: TileSize = "auto",
    method: type[HDRModule] | str | None = None,
) -> Model:
    """Load a trained method. Nothing in the file is ever executed; exported programs are for `hdrgen.load_program`.

    Args:
        path: A checkpoint that `hdrgen fit` wrote, a folder or `.safetensors` file that `hdrgen export` wrote, or, as a
            text, a name that `hdrgen.catalogue` lists, such as `cevr`; None: the default weights.
        device: Where it runs; None: a GPU where there is one.
        tile: Side in pixels of the tiles that large images pass the network in, `auto` as free memory allows, `none`.
        method: Class of the method, or its import path; needed only for one that is not part of hdrgen.

    Raises:
        InputError: No checkpoint there, a damaged one, or one that holds code; a name that stands for nothing.

    >>> model = hdrgen.load()  # doctest: +SKIP
    >>> model = hdrgen.load("cevr")  # doctest: +SKIP
    >>> model = hdrgen.load("runs/CEVR/version_0/checkpoints/last.ckpt")  # doctest: +SKIP
    >>> brighter = model.generate(hdrgen.read("photo.jpg"), ev=2.0)  # doctest: +SKIP
    >>> hdrgen.write("photo.exr", model.reconstruct("photo.jpg"))  # doctest: +SKIP
    """
    file = _file_of(path)
    if file.suffix in (".onnx", ".pt2"):
        raise InputError(f"{path}: expected weights, found a program; hdrgen.load_program runs ONNX programs")
    model = Model(load_method(file, method), tile)
    return model.to(device or ("cuda" if torch.cuda.is_available() else "cpu"))


class Model:
    """A method in evaluation mode, for files, arrays and tensors.

    A photograph is a file, what `hdrgen.read` returned, an array `(H, W, 3)` (uint8, uint16, or floats in [0, 1]), or a
    tensor `(3, H, W)` or `(B, 3, H, W)` of display values in [0, 1]. What comes back is an array, channels last, for
    all but a tensor, which gives a tensor, channels first, on the model's device. Radiance of a file is an image with
    its camera, exposure and colours.

    Args:
        method: Any method; its own interface, for tensors with gradients, stays `model.method`.
        tile: See `load`.

    Raises:
        InputError: No method, or no tile size.

    >>> import numpy as np
    >>> from hdrgen.methods import LinearGain
    >>> model = Model(LinearGain())
    >>> exposures = model.generate(np.full((4, 6, 3), 0.2, np.float32), ev=[-2.2, 2.2])
    >>> [round(float(value), 3) for value in exposures[:, 0, 0, 0]]
    [0.1, 0.4]
    >>> model.reconstruct(np.full((4, 6, 3), 255, np.uint8)).shape
    (4, 6, 3)
    """

    def __init__(self, method: HDRModule, tile: TileSize = "auto") -> None:
        if not isinstance(method, HDRModule):
            raise InputError(f"expected a method of hdrgen.methods, found {kind_of(method)}; hdrgen.load opens files")
        if tile not in ("auto", "none") and (not isinstance(tile, int) or tile < 1):
            raise InputError(f"tile: expected auto, none or a number of pixels, found {tile!r}", "tile")
        self.method = method.eval()
        self.method.tile = tile
        self.method.check_tile()

    def __repr__(self) -> str:
        return f"Model({self.name}, {self.device})"

    @property
    def name(self) -> str:
        """Class name of the method."""
        return type(self.method).__name__

    @property
    def device(self) -> torch.device:
        """The device that it runs on."""
        return self.method.device

    @property
    def stack_ev(self) -> tuple[float, ...]:
        """The exposures that `reconstruct` makes and merges; empty for a method that makes none."""
        return self.method.stack_ev if self.method.generates else ()

    def to(self, device: str | torch.device) -> Model:
        """Move the method to a device, and return the model.

        Raises:
            InputError: There is no such device.
        """
        try:
            self.method.to(device)
        except (RuntimeError, AssertionError) as error:
            reason = str(error).strip().splitlines()[0]
            raise InputError(
                f"expected a device such as cpu, cuda or cuda:1, found {device}: {reason}", "device"
            ) from error
        return self

    @overload
    def generate(self, image: Tensor, ev: EV) -> Tensor: ...
    @overload
    def generate(self, image: Picture, ev: EV) -> NDArray[Any]: ...
    @torch.inference_mode()
    def generate(self, image: Picture | Tensor, ev: EV) -> Array | Tensor:
        """Other exposures of a photograph.

        Args:
            image: The photograph, see `Model`.
            ev: Stops relative to it, one or several.

        Returns:
            Display values in [0, 1], float32: `(H, W, 3)` for one EV, `(K, H, W, 3)` for several; of tensors
            `([B,] [K,] 3, H, W)`.

        Raises:
            InputError: An exposure that the method cannot make, or no photograph.
        """
        relative = torch.from_numpy(stops(ev))
        self.method.check_ev(relative)
        batched, photographs = self._batched(image)
        exposures = self.method.generate(photographs, relative.to(photographs.device))
        if isinstance(ev, float | int) or getattr(ev, "ndim", 1) == 0:  # a number, of Python, NumPy or torch
            exposures = exposures[:, 0]
        return _returned(exposures if batched else exposures[0], image)

    @overload
    def reconstruct(self, image: Tensor | Batch, ev: EV | None = None) -> Tensor: ...
    @overload
    def reconstruct(self, image: Array | Sequence[Array], ev: EV | None = None) -> NDArray[Any]: ...
    @overload
    def reconstruct(self, image: File | Sequence[File], ev: EV | None = None) -> Image: ...
    @torch.inference_mode()
    def reconstruct(
        self, image: Picture | Sequence[Picture] | Tensor | Batch, ev: EV | None = None
    ) -> Image | Array | Tensor:
        """The HDR image of a photograph, or, for a method that merges exposures, of several.

        Args:
            image: The photograph, see `Model`; or several of one scene; or a batch as data sets yield it.
            ev: Of several photographs, in stops relative to the one that sets the scale of the result, which is at 0.

        Returns:
            Linear radiance, float32, in which 1 reaches white at EV 0: of arrays `(H, W, 3)`; of tensors
            `([B,] 3, H, W)`; of files, and of what `hdrgen.read` returned, an image, which `hdrgen.write` takes with
            their camera, exposure and colours.

        Raises:
            InputError: No photograph, several for a method that takes one, or one for a method that takes several.
        """
        if isinstance(image, dict):
            missing = [key for key in ("ldr", "ev", "ref") if key not in image]
            if missing:
                raise InputError(f"expected a batch with ldr, ev and ref, found none of {', '.join(missing)}")
            there = {key: value.to(self.device) if isinstance(value, Tensor) else value for key, value in image.items()}
            return self.method.reconstruct(there)
        if self.method.input == "photograph":
            if isinstance(image, list | tuple):
                raise InputError(
                    f"{self.name} takes one photograph, found {len(image)} in a {type(image).__name__}; hdrgen.merge"
                    " merges several"
                )
            if ev is not None:
                raise InputError(f"{self.name} takes one photograph and no EV, found ev={ev!r}; see generate")
            batched, photographs = self._batched(image)  # type: ignore[arg-type]  # narrowed by the line above
            radiance = self.method.reconstruct(_batch(photographs[:, None], torch.zeros(1)))
            source: Any = image
        else:
            batched, photographs = self._several(image, ev)
            relative = _stops_of(photographs, ev)
            radiance = self.method.reconstruct(_batch(photographs, relative))
            source = image[_reference(relative)] if isinstance(image, list | tuple) else image
        return _with_tags(_returned(radiance if batched else radiance[0], image), source)

    def _batched(self, image: Picture | Tensor) -> tuple[bool, Tensor]:
        """Whether `image` is a batch, and the photographs `(B, 3, H, W)`."""
        if not isinstance(image, Tensor):
            return False, photograph(image).to(self.device)
        check_channels(image, "(3, H, W) or (B, 3, H, W)", (3, 4))
        return image.ndim == 4, displayed(image).to(self.device).reshape(-1, *image.shape[-3:])

    def _several(self, images: Picture | Sequence[Picture] | Tensor, ev: EV | None) -> tuple[bool, Tensor]:
        """Whether `images` are a batch, and the photographs `(B, S, 3, H, W)`."""
        several = isinstance(images, list | tuple | Tensor) or (isinstance(images, np.ndarray) and images.ndim == 4)
        if ev is None or not several or not len(images):  # type: ignore[arg-type]  # it is one of those
            raise InputError(
                f"{self.name} merges several exposures of a scene; pass a list of them and their EVs, ev=[-2, 0, 2]",
                "ev",
            )
        if isinstance(images, Tensor):
            check_channels(images, "(S, 3, H, W) or (B, S, 3, H, W)", (4, 5))
            return images.ndim == 5, displayed(images).to(self.device).reshape(-1, *images.shape[-4:])
        tensors = [photograph(image) for image in images]  # type: ignore[union-attr]  # as above
        if len({tuple(image.shape) for image in tensors}) > 1:
            sizes = ", ".join(f"{image.shape[-1]} x {image.shape[-2]}" for image in tensors)
            raise InputError(f"expected photographs of one size, found {sizes}")
        return False, torch.stack(tensors, dim=1).to(self.device)


def _file_of(path: str | PathLike[str] | None) -> Path:
    """The file that is meant: names are texts, and a path object is a path."""
    if path is None:
        return default_weights()
    found = find_checkpoint(path) if isinstance(path, str) else Path(path)
    if found is None:
        raise InputError(f"expected a run below {RUNS}, whose checkpoint {path!r} means, found none; pass a file")
    return found


def _returned(result: Tensor, source: object) -> Array | Tensor:
    """The result in the kind of what it was made from: tensors of tensors, arrays of all else."""
    return result if isinstance(source, Tensor) else to_array(result)


def _stops_of(images: Tensor, ev: EV | None) -> Tensor:
    given = torch.from_numpy(stops(ev if ev is not None else ()))
    if len(given) != images.shape[1] or not bool(given.isfinite().all()):
        raise InputError(f"expected {images.shape[1]} EVs, one for each photograph, found {given.tolist()}")
    return given


def _with_tags(radiance: Array | Tensor, source: object) -> Image | Array | Tensor:
    """Radiance of a file or of an `Image` as an `Image` with its metadata; any other as it is."""
    if isinstance(source, str | PathLike):
        tags = read_tags(Path(source))
    elif isinstance(source, Image):
        tags = Tags(source.exposure, source.camera, source.chromaticities)
    else:
        return radiance
    assert isinstance(radiance, np.ndarray)
    colours = tags.chromaticities or BT709.chromaticities
    return Image(radiance, linear=True, exposure=tags.exposure, chromaticities=colours, camera=tags.camera)


def _reference(ev: Tensor) -> int:
    """The exposure nearest to 0, of two the darker."""
    order = ev.argsort()
    return int(order[ev[order].abs().argmin()])


def _batch(ldr: Tensor, ev: Tensor) -> Batch:
    """A batch, dark to bright, as methods expect it."""
    order = ev.argsort()
    ref = int((order == _reference(ev)).nonzero()[0])
    ev = ev[order].to(ldr.device)
    count = len(ldr)
    return {
        "ldr": ldr[:, order],
        "ev": (ev - ev[ref]).expand(count, -1),
        "ref": torch.full((count,), ref, device=ldr.device),
        "scene": [f"image {index}" for index in range(count)],
    }
