"""The catalogue: weights that come with hdrgen, and those in the user's own folders, by name; without torch.

A name that hdrgen has packaged means the packaged file, whatever lies elsewhere: nobody's numbers change because a file
of that name has come into a folder.
"""

import os
import warnings
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import NamedTuple

from hdrgen.errors import InputError, InputWarning, suggest
from hdrgen.weights.cards import card_of, read_card
from hdrgen.weights.headers import read_header

FOLDERS = "HDRGEN_WEIGHTS"
"""Environment variable: folders of the user's own, between them what the system puts between those of PATH."""
SUFFIX = ".safetensors"
DEFAULT = "inverse_camera"
"""Name of the weights that are taken where none are named."""


class Entry(NamedTuple):
    """What is known of weights without loading them.

    Attributes:
        name: What `hdrgen.load` and `--weights` take.
        method: Class name of the method; empty where the file names none.
        size: Of the file in bytes.
        numbers: How many the network has.
        about: What it is, as its card says; empty, as the following ones, where it has none or does not say.
        score: What it reached, on what.
        terms: Its licence, and what its data demands.
        packaged: Whether it comes with hdrgen.
        path: The file.
    """

    name: str
    method: str
    size: int
    numbers: int
    about: str
    score: str
    terms: str
    packaged: bool
    path: Path


def packaged_folder() -> Path:
    """Where the weights lie that come with hdrgen."""
    return Path(str(resources.files("hdrgen.weights.packaged")))


def packaged_files() -> list[Path]:
    """The weights that come with hdrgen, by name."""
    return sorted(packaged_folder().rglob(f"[!.]*{SUFFIX}"), key=lambda path: path.stem)


def _comes_with_hdrgen(path: Path) -> bool:
    return packaged_folder() in path.parents


def own_folders() -> list[Path]:
    """The user's own folders of weights, the first of which wins: those of `HDRGEN_WEIGHTS`, or the platform's.

    Warns:
        InputWarning: The variable names a folder that is not there.
    """
    if named := os.environ.get(FOLDERS):
        folders = [Path(part).expanduser() for part in named.split(os.pathsep) if part]
        for folder in folders:
            if not folder.is_dir():
                warnings.warn(InputWarning(f"{FOLDERS}: expected folders, found none at {folder}"), stacklevel=2)
        return folders
    import platformdirs  # not needed by those who set the variable

    return [platformdirs.user_data_path("hdrgen", appauthor=False) / "weights"]


def catalogue() -> list[Entry]:
    """All weights that have a name: the packaged ones, then the user's own, each sorted.

    Warns:
        InputWarning: A file that is none of weights, or that another of its name hides.

    >>> all(entry.packaged or entry.path.parent in own_folders() for entry in catalogue())
    True
    """
    found = []
    for name, (path, *hidden) in _files().items():
        _tell_hidden(name, path, hidden)
        try:
            found.append(describe(path))
        except InputError as error:
            warnings.warn(InputWarning(f"left out {error}"), stacklevel=2)
    return found


def describe(path: Path) -> Entry:
    """What a file of weights and the card beside it say.

    Args:
        path: A `.safetensors` file.

    Warns:
        InputWarning: A card that cannot be read.

    Raises:
        InputError: No such file, or none of weights.
    """
    header = read_header(path)
    about, score, terms = _facts(card_of(path))
    size, packaged = path.stat().st_size, _comes_with_hdrgen(path)
    return Entry(path.stem, header.method, size, header.numbers, about, score, terms, packaged, path)


def find_weights(name: str) -> Path | None:
    """The file that a name stands for; None where it stands for none.

    Warns:
        InputWarning: Another file of this name lies in a folder of the user's, and is not taken.
    """
    files = _files().get(name)
    if not files:
        return None
    _tell_hidden(name, files[0], files[1:])
    return files[0]


def unknown_weights(name: str) -> InputError:
    """What to say of a name that stands for nothing."""
    known = list(_files())
    has = f"known: {', '.join(known)}" if known else f"none are packaged, and none lie in {_told(own_folders())}"
    return InputError(f"no weights and no file {name!r}{suggest(name, known)} ({has})")


def default_weights() -> Path:
    """The weights that are taken where none are named.

    Raises:
        InputError: This installation has none.
    """
    path = find_weights(DEFAULT)
    if path is None:
        raise InputError(
            f"expected the weights {DEFAULT!r}, the default, found none in {packaged_folder()} and"
            f" {_told(own_folders())}; name others, or a checkpoint",
            "ckpt_path",
        )
    return path


def _files() -> dict[str, list[Path]]:
    """The files of each name, of which the first is meant."""
    files: dict[str, list[Path]] = {path.stem: [path] for path in packaged_files()}
    for folder in own_folders():
        for path in _in(folder):
            files.setdefault(path.stem, []).append(path)
    return files


def _in(folder: Path) -> Iterator[Path]:
    try:
        yield from sorted(path for path in folder.glob(f"[!.]*{SUFFIX}") if path.is_file())
    except OSError as error:
        warnings.warn(InputWarning(f"{folder}: cannot be looked into ({error.strerror})"), stacklevel=2)


def _tell_hidden(name: str, path: Path, hidden: list[Path]) -> None:
    for other in hidden:
        taken = "the packaged ones" if _comes_with_hdrgen(path) else path
        warnings.warn(
            InputWarning(f"{other} is not used: {name!r} means {taken}; rename it, or pass its path"), stacklevel=3
        )


def _facts(card: Path) -> tuple[str, str, str]:
    if not card.is_file():
        return "", "", ""
    try:
        read = read_card(card)
    except InputError as error:
        warnings.warn(InputWarning(str(error)), stacklevel=3)
        return "", "", ""
    return read.fact("about"), read.fact("score"), read.fact("terms")


def _told(folders: list[Path]) -> str:
    return ", ".join(map(str, folders))
