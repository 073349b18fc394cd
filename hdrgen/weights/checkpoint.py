"""Reading a checkpoint file as data: nothing in it is ever executed."""

import json
import re
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hdrgen.errors import InputError
from hdrgen.weights.headers import LONGEST_METHOD, METHOD
from hdrgen.weights.plain import MOST_VALUES, check_extent
from hdrgen.weights.torch_files import Unreadable, read_torch

WEIGHTS = "model.safetensors"
"""The weights in a folder that `hdrgen export` wrote."""
PROGRAM = "model.onnx"
"""The program beside them that hdrgen runs itself."""
ENTRIES: dict[str, type] = {
    "state_dict": dict,
    "hyper_parameters": dict,
    "hdrgen": dict,
    "callbacks": dict,
    "loops": dict,
    "optimizer_states": list,
    "lr_schedulers": list,
    "pytorch-lightning_version": str,
}
"""What Lightning and hdrgen write, and read again."""
CLASS = ("_class_path", "class_path")
"""Names under which a class is noted."""


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """Read a Lightning checkpoint, or what `hdrgen export` made of one: its folder or its `.safetensors` file.

    The tensors of a Lightning checkpoint stay on disk until they are used.

    Raises:
        InputError: There is no such file, it is damaged, or it holds more than tensors and plain values.
    """
    path = weights_in(path)
    if not path.is_file():
        raise InputError(f"expected a checkpoint file, found {'a folder' if path.is_dir() else 'nothing'} at {path}")
    if path.suffix == ".safetensors":
        return _read_safetensors(path)
    try:
        content = read_torch(path)
    except Unreadable as error:
        raise InputError(_diagnosis(path, str(error))) from error
    if not isinstance(content, dict) or content.get("state_dict") is None:
        raise InputError(f"{path} is not a Lightning checkpoint: it has no state_dict; pass a file that `fit` wrote")
    try:
        _check_entries(content)
    except InputError as error:
        raise InputError(f"{path} is not a Lightning checkpoint: {error}; pass a file that `fit` wrote") from error
    content["state_dict"] = dict(content["state_dict"])  # without what else an ordered one may carry
    return content


def weights_in(path: str | Path) -> Path:
    """The weights in an exported folder; `path` itself where it is none."""
    inside = Path(path) / WEIGHTS
    return inside if inside.is_file() else Path(path)


def _read_safetensors(path: Path) -> dict[str, Any]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            noted = (file.metadata() or {}).get(METHOD, "{}")
            method = json.loads(noted if len(noted) <= LONGEST_METHOD else "")
            state = {name: _in_float32(file.get_tensor(name)) for name in file.keys()}  # noqa: SIM118  # it is no dict
    except (SafetensorError, OSError, ValueError, RecursionError, MemoryError) as error:
        raise InputError(_diagnosis(path, str(error))) from error
    if not isinstance(method, dict) or not isinstance(method.get("init_args", {}), dict):
        raise InputError(_diagnosis(path, "expected class and arguments"))
    named = {"_class_path": method["class_path"]} if "class_path" in method else {}
    content = {"state_dict": state, "hyper_parameters": {**method.get("init_args", {}), **named}}
    try:
        _check_entries(content)
    except InputError as error:
        raise InputError(f"{path}: {error}; export the method again") from error
    return content


def _in_float32(tensor: Tensor) -> Tensor:
    """What was kept in half precision to make the file small, as networks compute with it."""
    return tensor.float() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor


def _check_entries(content: dict[str, Any]) -> None:
    """Whether each entry is of the kind that whoever reads it takes for granted.

    Raises:
        InputError: It is not.
    """
    for name in [name for name in ENTRIES if content.get(name, 0) is None]:
        del content[name]
    for name, kind in ENTRIES.items():
        if name in content and not isinstance(content[name], kind):
            raise InputError(f"expected a {kind.__name__} as {name}, found {type(content[name]).__name__}")
    for name, value in content["state_dict"].items():
        if not isinstance(name, str) or (isinstance(value, Tensor) and not _is_whole(value)):
            raise InputError("expected tensors by name as state_dict, found others")
    for entry in ("hyper_parameters", "hdrgen"):
        for name in CLASS:
            if not isinstance(content.get(entry, {}).get(name, ""), str):
                raise InputError(f"expected the name of a class as {name} in {entry}, found none")
    states = [*content.get("callbacks", {}).values(), *content.get("loops", {}).values()]
    states += [*content.get("optimizer_states", ()), *content.get("lr_schedulers", ())]
    if not all(isinstance(state, dict) for state in states):
        raise InputError("expected states of a training by name, found others")
    check_extent([content.get(name) for name in ("callbacks", "loops", "lr_schedulers")], longest=MOST_VALUES)


def _is_whole(tensor: Tensor) -> bool:
    """Whether the file holds all numbers of a tensor: a shape could repeat one of them without end."""
    dense = tensor.layout is torch.strided and tensor.device.type == "cpu" and not tensor.is_quantized
    return dense and tensor.numel() * tensor.element_size() <= tensor.untyped_storage().nbytes()


def _diagnosis(path: Path, error: str) -> str:
    if foreign := re.search(r"GLOBAL (\S+)", error):
        return (
            f"checkpoint {path} refused: it asks to run {foreign[1].rstrip('.')}, and only tensors and plain values are"
            " loaded; get the file from its author as weights only"
        )
    size = path.stat().st_size
    damaged = f"checkpoint {path} is damaged or not a checkpoint ({size} bytes; nothing in it was run)"
    return f"{damaged}; copy or train it again"
