"""Work on many files, of which one may be bad."""

import warnings
from collections.abc import Callable, Iterable, Sized
from typing import Protocol, TypeVar

from hdrgen.errors import InputError, InputWarning

Item = TypeVar("Item", covariant=True)


class Items(Sized, Iterable[Item], Protocol[Item]):
    """A sized iterable."""


def for_each(items: Items[Item], noun: str, do: Callable[[Item], None]) -> None:
    """Call `do` for every item; a failure becomes a warning, and the others go on.

    Args:
        items: A list, or tqdm around one.
        noun: What the items are, in the plural.
        do: May raise `InputError`.

    Raises:
        InputError: The only item failed; or, after all others, how many did.
    """
    failed = 0
    for item in items:
        try:
            do(item)
        except InputError as error:
            if len(items) == 1:
                raise
            warnings.warn(InputWarning(str(error), error.argument), stacklevel=2)
            failed += 1
    if failed:
        raise InputError(f"{failed} of {len(items)} {noun} could not be done, see above; the others are written")
