"""Exported programs over photographs of any size, in tiles."""

from __future__ import annotations

import json
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeGuard

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from hdrgen.errors import InputError
from hdrgen.tiling import Tiling
from hdrgen.weights import METHOD, PROGRAM

Values: TypeAlias = ArrayLike | Tensor


def load_program(
    path: str | PathLike[str],
    *,
    tile: int | Literal["none"] = 512,
    providers: Sequence[str] = ("CPUExecutionProvider",),
) -> TiledProgram:
    """Open an ONNX program that `hdrgen export` wrote, to run it in tiles as hdrgen runs the method.

    Args:
        path: The `model.onnx`, or the folder that it is in.
        tile: Side in pixels of the tiles in which larger photographs pass the program, `none` for no tiles.
        providers: Where onnxruntime runs it, for example `["CUDAExecutionProvider"]`.

    Raises:
        InputError: No such file, another one, no onnxruntime, or no tile size.

    >>> program = hdrgen.load_program("exported", tile=1024)  # doctest: +SKIP
    >>> exposures = program.run(image=photo)["exposures"]  # doctest: +SKIP
    """
    if tile != "none" and (not isinstance(tile, int) or tile < 1):
        raise InputError(f"tile: expected none or a number of pixels, found {tile!r}", "tile")
    file = Path(path) / PROGRAM if Path(path).is_dir() else Path(path)
    if file.suffix == ".pt2":
        raise InputError(f"{file}: torch unpickles parts of such files, so hdrgen reads none; pass the .onnx beside it")
    if not file.is_file():
        raise InputError(f"{file}: expected an ONNX program that `hdrgen export` wrote, found nothing")
    session = _session(file, providers)
    card = _card(session.get_modelmeta().custom_metadata_map.get(METHOD, "{}"))
    if not {"method", "tiles", "inputs", "outputs"} <= card.keys():
        raise InputError(f"{file}: expected a program with its card, found none; export it again with `hdrgen export`")
    return TiledProgram(session, card, tile)


def _card(text: str) -> dict[str, Any]:
    """The card of a program; empty where it is none."""
    try:
        card = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return card if isinstance(card, dict) else {}


class TiledProgram:
    """A program whose photographs may be larger than memory allows at once.

    Tiles overlap as far as the method sees, and are blended as hdrgen blends them: see `HDRModule.in_tiles`.

    Args:
        session: Of onnxruntime.
        card: What `hdrgen export` noted in the program.
        tile: See `load_program`.
    """

    def __init__(self, session: Any, card: dict[str, Any], tile: int | Literal["none"]) -> None:
        self.session = session
        self.card = card
        self.tile = tile
        self._ports = {port["name"]: port["shape"] for port in card["inputs"]}
        self._outputs = [port["name"] for port in card["outputs"]]

    def __repr__(self) -> str:
        return f"TiledProgram({self.card['method']}: {', '.join(self._ports)} to {', '.join(self._outputs)})"

    def run(self, **inputs: Values) -> dict[str, NDArray[np.float32]]:
        """Run the program.

        Args:
            inputs: Floats by the names and in the shapes of `card["inputs"]`, such as `image=` `(1, 3, H, W)`.

        Returns:
            The outputs by name, in the shapes of `card["outputs"]`.

        Raises:
            InputError: Other inputs; a photograph larger than a tile, of a method that must see all of it at once.
        """
        given = self._checked(inputs)
        images = [name for name, shape in self._ports.items() if "H" in shape]
        channels = [given[name].flatten(0, -3).shape[0] for name in images]
        image = torch.cat([given[name].flatten(0, -3) for name in images])[None]
        self._check_size(image)

        def function(part: Tensor) -> tuple[Tensor, ...]:
            split = zip(images, torch.split(part, channels, dim=1), strict=True)
            parts = {name: x.view(*given[name].shape[:-2], *x.shape[-2:]) for name, x in split}
            return self._once(given | parts)

        tiling = Tiling(self.card["tiles"]["multiple"], self.card["tiles"]["overlap"])
        results = tiling.apply_all(function, image, self.tile, (None,) * len(self._outputs))
        return {name: part.numpy() for name, part in zip(self._outputs, results, strict=True)}

    def _once(self, inputs: dict[str, Tensor]) -> tuple[Tensor, ...]:
        arrays = {name: value.contiguous().numpy() for name, value in inputs.items()}
        return tuple(torch.from_numpy(result) for result in self.session.run(self._outputs, arrays))

    def _checked(self, inputs: dict[str, Values]) -> dict[str, Tensor]:
        """The inputs as tensors."""
        if inputs.keys() != self._ports.keys():
            raise InputError(f"expected the inputs {', '.join(self._ports)}, found {', '.join(inputs) or 'none'}")
        tensors = {name: _floats(name, inputs[name], shape) for name, shape in self._ports.items()}
        sizes = {tuple(tensors[name].shape[-2:]) for name, shape in self._ports.items() if "H" in shape}
        if len(sizes) > 1:
            raise InputError(f"expected inputs of one height and width, found {sorted(sizes)}")
        return tensors

    def _check_size(self, image: Tensor) -> None:
        height, width = image.shape[-2:]
        smallest = self.card["tiles"]["smallest"]
        if min(height, width) < smallest:
            raise InputError(f"expected a photograph of at least {smallest} pixels each way, found {width} x {height}")
        if self.tile != "none" and max(height, width) > self.tile and not self.card["tiles"]["exact"]:
            raise InputError(
                f"{self.card['method']} must see the whole photograph, which a tile of {self.tile} pixels is not, found"
                f" {width} x {height}; pass tile='none', or run hdrgen.load on the exported weights, which has tiles",
                "tile",
            )


def _session(file: Path, providers: Sequence[str]) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise InputError(f"{file}: needs the package onnxruntime; pip install onnxruntime") from error
    unknown = sorted({*providers} - {*onnxruntime.get_available_providers()})
    if unknown:
        known = ", ".join(onnxruntime.get_available_providers())
        raise InputError(f"expected providers of this onnxruntime ({known}), found {unknown[0]}")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors only
    try:
        return onnxruntime.InferenceSession(str(file), options, providers=list(providers))
    except Exception as error:  # onnxruntime's own kinds have no common one but this
        raise InputError(f"{file}: expected an ONNX program, found {str(error).splitlines()[0][:160]}") from error


def _floats(name: str, values: Values, shape: list[Any]) -> Tensor:
    """The values in float32."""
    try:
        array = values.detach().float().cpu().numpy() if _is_floating(values) else np.asarray(values)
    except ValueError as error:  # lists of unequal lengths
        raise InputError(f"{name}: expected floats, found {str(error).splitlines()[0]}") from error
    fits = array.ndim == len(shape) and all(n in ("H", "W", m) for n, m in zip(shape, array.shape, strict=True))
    if not fits or array.dtype.kind != "f":
        raise InputError(
            f"{name}: expected floats of shape ({', '.join(map(str, shape))}), found {array.dtype} {array.shape};"
            " image.as_float().transpose(2, 0, 1)[None] of what hdrgen.read returned is (1, 3, H, W)"
        )
    if not np.isfinite(array).all():
        raise InputError(f"{name}: expected numbers, found NaN or infinity")
    return torch.from_numpy(np.ascontiguousarray(array, np.float32))


def _is_floating(values: Values) -> TypeGuard[Tensor]:
    return isinstance(values, Tensor) and values.is_floating_point()
