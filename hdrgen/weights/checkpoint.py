"""Reading a checkpoint file as data: nothing in it is ever executed."""

import json
import pickle
import re
import zipfile
from pathlib import Path
from typing import Any

import torch

from hdrgen.errors import InputError

WEIGHTS = "model.safetensors"
"""The weights in a folder that `hdrgen export` wrote."""
METHOD = "hdrgen"
"""Entry of a safetensors file's metadata that says which method the weights are of, as JSON."""


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
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        raise InputError(_diagnosis(path, str(error))) from error
    if not isinstance(content, dict) or "state_dict" not in content:
        raise InputError(f"{path} is not a Lightning checkpoint: it has no state_dict; pass a file that `fit` wrote")
    return content


def weights_in(path: str | Path) -> Path:
    """The weights in an exported folder; `path` itself where it is none."""
    inside = Path(path) / WEIGHTS
    return inside if inside.is_file() else Path(path)


def _read_safetensors(path: Path) -> dict[str, Any]:
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError as error:
        raise InputError(f"{path}: needs the package safetensors; pip install 'hdrgen[export]'") from error
    try:
        with safe_open(path, framework="pt") as file:
            method = json.loads((file.metadata() or {}).get(METHOD, "{}"))
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # it is no dict
    except (SafetensorError, OSError, ValueError) as error:
        raise InputError(_diagnosis(path, str(error))) from error
    arguments = method.get("init_args", {}) if isinstance(method, dict) else None
    if not isinstance(arguments, dict):
        raise InputError(_diagnosis(path, "expected class and arguments"))
    named = {"_class_path": method["class_path"]} if "class_path" in method else {}
    return {"state_dict": state, "hyper_parameters": {**arguments, **named}}


def _diagnosis(path: Path, error: str) -> str:
    if foreign := re.search(r"GLOBAL (\S+)", error):
        return (
            f"checkpoint {path} refused: it asks to run {foreign[1].rstrip('.')}, and only tensors and plain values are"
            " loaded; get the file from its author as weights only"
        )
    size = path.stat().st_size
    return f"checkpoint {path} is damaged or none ({size} bytes; nothing in it was run); copy or train it again"
