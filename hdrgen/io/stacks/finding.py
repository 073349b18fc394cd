"""Image files from what a user typed: files, folders, patterns."""

import glob
from collections.abc import Iterable, Sequence
from pathlib import Path

from hdrgen.errors import InputError
from hdrgen.io.formats import IMAGE_SUFFIXES, detect, format_list
from hdrgen.io.paths import with_usable_names
from hdrgen.io.stacks.ordering import natural_key


def images_in(folder: Path) -> list[Path]:
    """The image files directly in a folder, by suffix, in natural order; hidden files are left out.

    Warns:
        UserWarning: Names that are no UTF-8, which are left out, too.

    Raises:
        InputError: The folder's own name is no UTF-8.
    """
    return sorted(with_usable_names(folder, filter(_is_visible_image, folder.iterdir())), key=natural_key)


def find_images(sources: Sequence[str | Path]) -> list[Path]:
    """The image files that files, folders and patterns name, each once, in natural order (`img2` before `img10`).

    A folder gives the images directly in it. A pattern (`*`, `?`, `[...]`, `**`) that the shell left alone is expanded
    here; a name that exists is taken as it is, brackets and all. Images are taken by suffix, and whether one can be
    read shows when it is; a file named outright may have any suffix if its content is an image.

    Raises:
        InputError: Nothing given; a name that does not exist; a folder or pattern without images; a file that is none
            by suffix and content.
    """
    if isinstance(sources, (str, Path)):
        sources = [sources]
    if not sources:
        raise InputError("expected image files, folders or patterns, found none; name at least one")
    paths = {path for source in sources for path in _expand(source)}
    return sorted(paths, key=natural_key)


def _is_visible_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".") and path.is_file()


def _expand(source: str | Path) -> Iterable[Path]:
    path = Path(source).expanduser()
    if path.is_dir():
        return _not_empty(images_in(path), f"{path}: no images in this folder; name a folder that holds some")
    if not path.exists() and glob.has_magic(str(path)):
        matches = (Path(match) for match in glob.glob(str(path), recursive=True))  # noqa: PTH207 (takes absolute patterns)
        images = with_usable_names(path, filter(_is_visible_image, matches))
        return _not_empty(images, f"{path}: the pattern matches no image files; check it")
    if not _is_visible_image(path):
        detect(path)
    return [path]


def _not_empty(images: list[Path], message: str) -> list[Path]:
    if not images:
        raise InputError(f"{message} ({format_list()})")
    return images
