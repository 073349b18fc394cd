"""The checkpoint that `--ckpt_path` of a light verb means."""

from pathlib import Path

from hdrgen.errors import InputError

DEFAULT = "inverse_camera"
"""The packaged weights that photographs are expanded with where no others are asked for."""


def default_checkpoint() -> Path:
    """The weights of a verb to which none were given.

    Raises:
        InputError: This installation has none.
    """
    from hdrgen.weights import find_checkpoint  # with torch

    path = find_checkpoint(DEFAULT)
    if path is None or not path.exists():
        raise InputError(f"no packaged weights {DEFAULT!r} in this installation; pass --ckpt_path FILE")
    return path


def trained(asked: str, method: str | None = None) -> Path:
    """The file or exported folder; `last` and `best` are those of the newest run below the usual folder.

    Args:
        asked: What was typed.
        method: Class whose runs count, for `last` and `best`; None: any.

    Raises:
        InputError: No run there.
    """
    from hdrgen.weights import RUNS, find_checkpoint  # with torch

    path = find_checkpoint(asked, RUNS, method)
    if path is None:
        of = f" of {method}" if method else ""
        raise InputError(f"no {asked}.ckpt{of} below {RUNS}; pass --ckpt_path FILE")
    return path
