"""Reading a checkpoint file as data: nothing in it is ever executed."""

import pickle
import re
import zipfile
from pathlib import Path
from typing import Any

import torch

from hdrgen.errors import InputError


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """Read a Lightning checkpoint; its tensors stay on disk until they are used.

    Raises:
        InputError: there is no such file, it is damaged, or it holds more than tensors and plain values.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"expected a checkpoint file, found {'a folder' if path.is_dir() else 'nothing'} at {path}")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        raise InputError(_diagnosis(path, str(error))) from error
    if not isinstance(content, dict) or "state_dict" not in content:
        raise InputError(f"{path} is not a Lightning checkpoint: it has no state_dict; pass a file that `fit` wrote")
    return content


def _diagnosis(path: Path, error: str) -> str:
    if foreign := re.search(r"GLOBAL (\S+)", error):
        return (
            f"checkpoint {path} refused: it asks to run {foreign[1].rstrip('.')}, and only tensors and plain values are"
            " loaded; get the file from its author as weights only"
        )
    size = path.stat().st_size
    return f"checkpoint {path} is damaged or none ({size} bytes; nothing in it was run); copy or train it again"
