"""Work on many files, of which one may be bad."""

import warnings
from collections.abc import Callable, Iterable, Sized
from typing import Protocol, TypeVar

from hdrgen.errors import InputError, InputWarning

Item = TypeVar("Item", covariant=True)


class Items(Sized, Iterable[Item], Protocol[Item]):
    """A sized iterable."""


def for_each(
    items: Items[Item],
    noun: str,
    do: Callable[[Item], None],
    summary: Callable[[list[tuple[Item, str]]], None] | None = None,
) -> None:
    """Call `do` for every item; a failure becomes a warning, and the others go on.

    Args:
        items: A list, or tqdm around one.
        noun: What the items are, in the plural.
        do: May raise `InputError`, and whatever a disk and the memory may.
        summary: Called with the items that failed, and why, once all have been tried.

    Raises:
        InputError: The only item failed; or, after all others, how many did.
    """
    failed = []
    for item in items:
        try:
            do(item)
        except (InputError, OSError, MemoryError) as error:
            if len(items) == 1:
                raise
            reason = str(error) or "not enough memory"
            warnings.warn(InputWarning(reason, getattr(error, "argument", None)), stacklevel=2)
            failed.append((item, reason))
    if summary is not None:
        summary(failed)
    if failed:
        raise InputError(f"{len(failed)} of {len(items)} {noun} could not be done, see above; the others are written")
