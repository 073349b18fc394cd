"""Whether names, lists and indices of samples can be: nothing is read beyond a shard, and no sample twice."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrgen.data.shards.members import END
from hdrgen.errors import InputError

KINDS = {"shard": "i", "offset": "i", "size": "i", "scene": "S", "group": "i", "groups": "S", "ev": "f", "first": "i"}
"""Of the arrays of an index, by NumPy's letters; its references are integers, too."""


def check_names(scenes: Sequence[str], groups: Iterable[str]) -> None:
    """Every sample has a name of its own, by which it is found again, and all names are text.

    Raises:
        InputError: Two have the same; or one is none that UTF-8 has.
    """
    for name in (*scenes, *groups):
        try:
            name.encode()
        except UnicodeEncodeError as error:
            raise InputError(f"expected names in UTF-8, found {name!a}; rename the scene's files") from error
    (twice, count), *_ = Counter(scenes).most_common(1) or [("", 0)]
    if count > 1:
        raise InputError(f"expected a name for each sample, found {twice} for {count}; rename scenes")


def check_places(offset: NDArray[Any], size: NDArray[Any], length: int, name: str) -> None:
    """Samples lie one behind the other from the first byte of a shard to its end mark.

    Args:
        offset: (n,) their first bytes.
        size: (n,) their bytes.
        length: Of the shard in bytes.
        name: Of the shard.

    Raises:
        ValueError: They do not; says which is the first that does not.

    >>> check_places(np.array([0, 512]), np.array([512, 1024]), 1536 + 1024, "shard-000000.tar")
    """
    begin = np.concatenate([[0], (offset + size)[:-1]])
    wrong = np.flatnonzero((offset != begin) | (offset < 0) | (size < 1))  # a sum beyond int64 is negative
    if len(wrong):
        at, count = offset[wrong[0]], size[wrong[0]]
        raise ValueError(f"sample {wrong[0]} of {name}: {count} bytes from {at}, where {begin[wrong[0]]} comes next")
    end = int(offset[-1]) + int(size[-1]) if len(offset) else 0
    if end + len(END) != length:
        raise ValueError(f"{name}: samples up to byte {end} and an end of {len(END)}, of {length} bytes")


def check_exposures(first: NDArray[Any], ref: NDArray[Any], stops: int) -> None:
    """Every sample has exposures, all of them belong to one, and its reference is one of its own.

    Args:
        first: (N + 1,) where the exposures of a sample begin.
        ref: (N,) index of the reference among the exposures of a sample.
        stops: Number of all exposures.

    Raises:
        ValueError: It is not so.
    """
    counts = np.diff(first)
    if first[0] != 0 or first[-1] != stops or counts.min(initial=1) < 1:
        raise ValueError(f"exposures from {first[0]} to {first[-1]} of {stops}, at least {counts.min(initial=1)} each")
    wrong = np.flatnonzero((ref < 0) | (ref >= counts))
    if len(wrong):
        raise ValueError(f"sample {wrong[0]}: reference {ref[wrong[0]]} of {counts[wrong[0]]} exposures")


def check_index(arrays: Mapping[str, NDArray[Any]], shards: Sequence[dict[str, Any]]) -> None:
    """The arrays of an index fit each other, and the shards of the manifest.

    Args:
        arrays: By the names of `hdrgen.data.shards.manifest.Index`.
        shards: Name, bytes and samples of each.

    Raises:
        ValueError: They do not; says in what.
    """
    for name, kind in (KINDS | {"ref": "i"}).items():
        if arrays[name].ndim != 1 or arrays[name].dtype.kind != kind:
            raise ValueError(f"{name}: {arrays[name].dtype} of shape {arrays[name].shape}")
    samples = [one["samples"] for one in shards]
    count = len(arrays["shard"])
    lengths = {name: len(arrays[name]) for name in ("offset", "size", "scene", "group", "ref")}
    if {*lengths.values(), len(arrays["first"]) - 1} != {count}:
        raise ValueError(f"{count} samples, with {lengths}")
    counted = min(samples, default=0) >= 0 and sum(samples) == count  # before so many are made
    if not (counted and np.array_equal(arrays["shard"], np.repeat(np.arange(len(shards)), samples))):
        raise ValueError(f"other samples than the {sum(samples)} of {len(shards)} shards, one shard after the other")
    if not np.isin(arrays["group"], np.arange(len(arrays["groups"]))).all():
        raise ValueError(f"groups from {arrays['group'].min()} to {arrays['group'].max()} of {len(arrays['groups'])}")
    check_exposures(arrays["first"], arrays["ref"], len(arrays["ev"]))
    for name in ("scene", "groups"):
        np.char.decode(arrays[name], "utf-8")
    ends = np.cumsum(samples)
    for shard, end in zip(shards, ends.tolist(), strict=True):
        part = slice(end - shard["samples"], end)
        check_places(arrays["offset"][part], arrays["size"][part], shard["bytes"], shard["name"])
