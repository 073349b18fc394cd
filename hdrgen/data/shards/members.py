"""A sample as the plain files of a tar archive, and back."""

import io
import json
import math
import tarfile
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from hdrgen.data.dataset import local_reference
from hdrgen.data.packing import as_rows, packed, unpacked
from hdrgen.data.sample import Sample
from hdrgen.errors import InputError

Radiance = Literal["half", "float"]
"""How truth is kept: as float16, or as it is."""
HALF_MAX = 65504.0
"""Largest float16."""
PAGE = tarfile.BLOCKSIZE
END = bytes(2 * PAGE)
"""Of an archive."""
BOMB = (MemoryError, Image.DecompressionBombError)
"""What a header raises that promises more than there is."""
FACTS, TRUTH, RESPONSE = "json", "hdr.npy", "inverse_response.npy"
"""Files of a sample beside its frames, `0.png`, `1.png` and so on, dark to bright."""


def fragment_of(sample: Sample, key: str, radiance: Radiance) -> bytes:
    """The part of a tar archive that holds a sample.

    Frames that are 8-bit codes become PNG, all others arrays of the smallest exact type: display values lose nothing.
    Truth as float16 is wrong by 2^-11 of each value at most, from 2^-14 to 65504 times a power of two that is 1 unless
    some value is larger than 65504; what is less than 2^-14 of that power is wrong by 2^-25 of it at most.

    Args:
        sample: All exposures of a scene.
        key: What its files begin with; no dot.
        radiance: How truth is kept.

    Raises:
        InputError: Truth that is NaN or infinite.
    """
    facts: dict[str, Any] = {
        "scene": sample["scene"],
        "ev": [as_number(stops) for stops in sample["ev"].tolist()],
        "ref": int(sample["ref"]),
    }
    files: dict[str, bytes] = {}
    for number, frame in enumerate(sample["ldr"]):
        codes = packed(frame)
        eight = codes.dtype == np.uint8
        files[f"{number}.png" if eight else f"{number}.npy"] = _png(codes) if eight else _npy(codes)
    if "hdr" in sample:
        truth, facts["hdr_stops"] = _reduced(as_rows(sample["hdr"]), radiance, sample["scene"])
        files[TRUTH] = _npy(truth)
    if "inverse_response" in sample:
        files[RESPONSE] = _npy(sample["inverse_response"].numpy())
    if "optimal" in sample:
        facts["optimal"] = sample["optimal"].tolist()
    members = {FACTS: json.dumps(facts).encode()} | files
    return b"".join(_member(f"{key}.{suffix}", content) for suffix, content in members.items())


def files_in(fragment: bytes) -> dict[str, memoryview]:
    """The files of a sample by what follows its key.

    Raises:
        InputError: No part of an archive, or a damaged one.
    """
    files, at, content = dict[str, memoryview](), 0, memoryview(fragment)
    while at < len(content):
        try:
            info = tarfile.TarInfo.frombuf(fragment[at : at + PAGE], "utf-8", "strict")
        except (tarfile.HeaderError, UnicodeDecodeError) as error:
            raise _damaged(error) from error
        at += PAGE
        if not 0 <= info.size <= len(content) - at:
            raise _damaged(ValueError(f"{info.name} of {info.size} bytes, with {len(content) - at} left"))
        files[info.name.partition(".")[2]] = content[at : at + info.size]
        at += _padded(info.size)
    return files


def sample_in(fragment: bytes, frames: Sequence[int]) -> Sample:
    """Some exposures of a sample; no others are decoded.

    Raises:
        InputError: The archive is damaged, or another program's.
    """
    files = files_in(fragment)
    try:
        return _sample(files, json.loads(bytes(files[FACTS])), frames)
    except (LookupError, TypeError, ValueError, OSError, EOFError, OverflowError, RuntimeError, *BOMB) as error:
        raise _damaged(error) from error


def _sample(files: Mapping[str, memoryview], facts: Mapping[str, Any], frames: Sequence[int]) -> Sample:
    ev = torch.tensor([float(facts["ev"][frame]) for frame in frames])
    decoded = {frame: unpacked(_frame(files, frame)) for frame in set(frames)}
    sample = Sample(
        ldr=torch.stack([decoded[frame] for frame in frames]),
        ev=ev,
        ref=torch.tensor(local_reference(frames, facts["ref"])),
        scene=str(facts["scene"]),
    )
    if TRUTH in files:
        sample["hdr"] = unpacked(_array(files[TRUTH])) * 2.0 ** facts["hdr_stops"]
    if RESPONSE in files:
        sample["inverse_response"] = torch.from_numpy(_array(files[RESPONSE]))
    if set(optimal := facts.get("optimal", [math.nan])) <= set(frames):
        sample["optimal"] = torch.tensor([frames.index(one) for one in optimal])
    return sample


def _reduced(truth: NDArray[Any], radiance: Radiance, scene: str) -> tuple[NDArray[Any], int]:
    """Truth in its type, and the stops by which it was divided."""
    if not np.isfinite(truth).all():
        raise InputError(f"scene {scene}: expected finite radiance, found NaN or infinity; mend its truth")
    if radiance == "float":
        return truth, 0
    stops = max(0, math.ceil(math.log2(max(float(np.abs(truth).max(initial=0)), 1) / HALF_MAX)))
    return (truth / np.float32(2.0**stops)).astype(np.float16), stops


def _frame(files: Mapping[str, memoryview], number: int) -> NDArray[Any]:
    if (name := f"{number}.png") in files:
        return np.asarray(Image.open(io.BytesIO(files[name]), formats=["PNG"]))
    return _array(files[f"{number}.npy"])


def _png(codes: NDArray[Any]) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(codes).save(stream, "PNG", compress_level=4)
    return stream.getvalue()


def _npy(values: NDArray[Any]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.ascontiguousarray(values), allow_pickle=False)
    return stream.getvalue()


def _array(content: memoryview) -> NDArray[Any]:
    array: NDArray[Any] = np.load(io.BytesIO(content), allow_pickle=False)
    return array


def _member(name: str, content: bytes) -> bytes:
    """A file as it stands in a tar archive; no time and no owner, so that the same sample is the same bytes."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    return info.tobuf(tarfile.USTAR_FORMAT) + content + bytes(_padded(len(content)) - len(content))


def _padded(size: int) -> int:
    return -(-size // PAGE) * PAGE


def as_number(stops: float) -> float | str:
    """As JSON has it, which knows no infinity."""
    return stops if math.isfinite(stops) else str(stops)


def _damaged(error: Exception) -> InputError:
    return InputError(f"a damaged shard ({error or type(error).__name__}); look with hdrgen pack --check")
