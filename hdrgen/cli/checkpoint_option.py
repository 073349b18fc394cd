"""Which checkpoint `--ckpt_path` of a light verb means."""

from __future__ import annotations

from pathlib import Path

from hdrgen.errors import InputError


def trained(asked: str, method: str | None = None) -> Path:
    """The file or exported folder; `last` and `best` are those of the newest run below the usual folder.

    Args:
        asked: what was typed.
        method: class whose runs count, for `last` and `best`; None: any.

    Raises:
        InputError: no run there.
    """
    from hdrgen.cli import lightning as train  # with torch and Lightning

    found = train.find_checkpoint(asked, train.RUNS, method)
    if found is None:
        of = f" of {method}" if method else ""
        raise InputError(f"no {asked}.ckpt{of} below {train.RUNS}; pass --ckpt_path FILE")
    return found
