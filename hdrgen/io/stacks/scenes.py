"""Photographs that belong together, from what a user typed: the exposures of one scene, or of several."""

from collections.abc import Sequence
from pathlib import Path

from hdrgen.errors import InputError
from hdrgen.io.paths import with_usable_names
from hdrgen.io.stacks.finding import find_images, images_in

Members = list[Path] | None
"""The files of a scene; None where it is a whole folder."""


def grouped(sources: Sequence[str | Path]) -> dict[Path, Members]:
    """The scenes that files, folders and patterns name, by folder, in their order.

    Raises:
        InputError: Nothing given; a name that does not exist; a folder without images and without folders of images.
    """
    scenes: dict[Path, Members] = {}
    files: list[str | Path] = []
    for source in sources:
        path = Path(source).expanduser()
        if path.is_dir():
            scenes |= dict.fromkeys(_scene_folders(path))
        else:
            files.append(source)
    for file in find_images(files) if files or not scenes else []:
        members = scenes.setdefault(file.parent, [])
        if members is not None and file not in members:
            members.append(file)
    return scenes


def _scene_folders(folder: Path) -> list[Path]:
    if images_in(folder):
        return [folder]
    folders = (path for path in sorted(folder.iterdir()) if path.is_dir() and path.name[0] != ".")
    scenes = [path for path in with_usable_names(folder, folders) if images_in(path)]
    if not scenes:
        raise InputError(
            f"{folder}: expected the exposures of a scene, or a folder of them for each scene, found no images;"
            " name a folder that holds some"
        )
    return scenes
