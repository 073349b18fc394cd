"""XMP sidecars: what other programs noted of a photograph in a file beside it."""

import os
from collections.abc import Sequence
from pathlib import Path

from hdrgen.errors import InputError
from hdrgen.io.formats import suffix_of
from hdrgen.io.metadata.xmp import metadata_of
from hdrgen.io.paths import write_complete

_SUFFIXES = (".xmp", ".XMP")


def sidecars_of(photograph: Path) -> list[Path]:
    """Those of a photograph: `photo.xmp` (Adobe's programs) and `photo.ARW.xmp` (darktable), where they are."""
    names = [name + suffix for name in (photograph.stem, photograph.name) for suffix in _SUFFIXES]
    found = {path.name.lower(): path for path in map(photograph.with_name, names) if os.path.isfile(path)}  # noqa: PTH113 (a name that is too long is none)
    return list(found.values())


def keep_sidecars(photographs: Sequence[Path], output: Path, *, overwrite: bool) -> list[str]:
    """Copy the sidecars of the first photograph that has any beside a result, under its name; what was done, in words.

    Without the settings of developing that they hold: programs would apply these to the result.

    Args:
        photographs: What the result was made of, the one that it is like the most first.
        output: The result.
        overwrite: Whether sidecars of other content that lie there are replaced.
    """
    photograph = next((path for path in photographs if sidecars_of(path)), None)
    if photograph is None:
        return []
    told = []
    for sidecar in sidecars_of(photograph):
        whole = sidecar.stem == photograph.name
        target = output.with_name((output.name if whole else output.name[: -len(suffix_of(output))]) + ".xmp")
        if target.exists() and target.samefile(sidecar):
            continue
        if owner := next((path for path in photographs if _is_of(target, path)), None):
            told.append(f"sidecar {target.name} is that of {owner.name}, {sidecar.name} is not copied")
            continue
        content = sidecar.read_bytes()
        try:
            metadata = metadata_of(content)
        except InputError as error:
            told.append(f"sidecar {sidecar.name} is not copied: {error}")
            continue
        if metadata is None:
            told.append(f"sidecar {sidecar.name} is not copied: it holds settings of developing alone")
            continue
        if target.exists() and target.read_bytes() == metadata:
            continue
        if target.exists() and not overwrite:
            told.append(f"sidecar {target.name} is there already, {sidecar.name} is not copied")
            continue
        write_complete(target, metadata)
        less = "" if metadata == content else ", without its settings of developing"
        told.append(f"sidecar {sidecar.name} kept as {target.name}{less}")
    return told


def _is_of(target: Path, photograph: Path) -> bool:
    """Whether a file is a sidecar of a photograph already."""
    return target.exists() and any(target.samefile(own) for own in sidecars_of(photograph))
