"""Reading what `torch.save` wrote, as data: nothing in it is run, and it takes no more memory than it is long."""

import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch

LONGEST_PICKLE = 2**22
"""Bytes of the part that is no tensors: names, numbers and where each tensor lies. Networks have a few hundred kB."""


class Unreadable(Exception):
    """What is in the file cannot be had."""


def read_torch(path: Path) -> Any:
    """What a file holds. Its tensors stay on disk until they are used.

    Raises:
        Unreadable: It is damaged, holds more than tensors and plain values, or would take more memory than it is long.
    """
    try:
        packed = zipfile.is_zipfile(path)
        if packed:
            _check_members(path)
        return torch.load(path, map_location="cpu", weights_only=True, mmap=packed)
    except (Exception, MemoryError) as error:  # the file decides what is called with what, so that all of them come
        raise Unreadable(str(error)) from error


def _check_members(path: Path) -> None:
    with zipfile.ZipFile(path) as file:
        members = file.infolist()
    if any(each.compress_type != zipfile.ZIP_STORED for each in members):  # torch compresses nothing
        raise pickle.UnpicklingError("compressed members")
    if any(each.filename.lower().endswith("data.pkl") and each.file_size > LONGEST_PICKLE for each in members):
        raise pickle.UnpicklingError(f"more than {LONGEST_PICKLE} bytes that are no tensors")
