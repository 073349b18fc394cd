"""What a safetensors file says before its tensors: which method its weights are of, and how many; without torch."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from hdrgen.errors import InputError

METHOD = "hdrgen"
"""Entry of a safetensors file's metadata that says which method the weights are of, as JSON."""
ABOUT = "__metadata__"
"""Entry of the header that is no tensor."""
LONGEST_METHOD = 2**20
"""Characters of what it says of the method."""
LONGEST_HEADER = 2**22
"""Bytes of the header. Networks have a few tens of kB."""
LENGTH = 8
"""Bytes at the beginning of the file, which say how long the header is."""


class Header(NamedTuple):
    """What a file says of itself.

    Attributes:
        class_path: Of the method; empty where it names none.
        numbers: How many the tensors hold.
        kinds: Their types as the format calls them, `F16`, sorted.
    """

    class_path: str
    numbers: int
    kinds: tuple[str, ...]

    @property
    def method(self) -> str:
        """Short name of the method's class."""
        return self.class_path.rpartition(".")[2]


def read_header(path: Path) -> Header:
    """The header of a `.safetensors` file. Nothing that it names is imported, and no tensor is read.

    Raises:
        InputError: No such file, a damaged one, or one that says more than weights do.
    """
    try:
        tensors = _header(path)
        about = tensors.pop(ABOUT, {})
        noted = about.get(METHOD, "{}") if isinstance(about, Mapping) else ""
        method = json.loads(noted if len(noted) <= LONGEST_METHOD else "")
        class_path = method.get("class_path", "")
        numbers = sum(math.prod(map(_length, tensor["shape"])) for tensor in tensors.values())
        kinds = {tensor["dtype"] for tensor in tensors.values()}
        if not all(isinstance(word, str) for word in (class_path, *kinds)):
            raise TypeError("expected texts")
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or "it is no such file, or damaged"
        raise InputError(f"{path}: expected weights as hdrgen export writes them: {reason}") from error
    return Header(class_path, numbers, tuple(sorted(kinds)))


def sorted_header(content: bytes) -> bytes:
    """The same file with its metadata in alphabetical order, which the format's own writer leaves to chance."""
    start = LENGTH + int.from_bytes(content[:LENGTH], "little")
    header = json.loads(content[LENGTH:start])
    header[ABOUT] = dict(sorted(header[ABOUT].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % LENGTH)  # tensors begin at multiples of 8 bytes
    return len(text).to_bytes(LENGTH, "little") + text + content[start:]


def _header(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ValueError("no file")
    with path.open("rb") as file:
        length = int.from_bytes(file.read(LENGTH), "little")
        if length > LONGEST_HEADER:
            raise ValueError("too long")
        header = json.loads(file.read(length))
    if not isinstance(header, dict):
        raise ValueError("no table")
    return header


def _length(side: Any) -> int:
    if not isinstance(side, int) or isinstance(side, bool) or not 0 <= side < 2**40:
        raise ValueError("no length")
    return side
