"""The same for many files, of which one may be bad."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sized
from typing import Protocol, TypeVar

from hdrgen.errors import InputError

Item = TypeVar("Item", covariant=True)


class Items(Sized, Iterable[Item], Protocol[Item]):
    """What can be counted and gone through."""


def for_each(items: Items[Item], noun: str, do: Callable[[Item], None]) -> None:
    """Do it for every item; what fails is told in a line, and the others go on.

    Args:
        items: to go through, such as a list, or tqdm around one.
        noun: what they are, in the plural.
        do: may raise `InputError`.

    Raises:
        InputError: the only item failed; or, after all others, how many did.
    """
    failed = 0
    for item in items:
        try:
            do(item)
        except InputError as error:
            if len(items) == 1:
                raise
            warnings.warn(str(error), stacklevel=2)
            failed += 1
    if failed:
        raise InputError(f"{failed} of {len(items)} {noun} could not be done, see above; the others are written")
