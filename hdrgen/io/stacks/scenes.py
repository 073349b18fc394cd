"""Photographs that belong together, from what a user typed: the exposures of one scene, or of several."""

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hdrgen.errors import InputError, InputWarning
from hdrgen.io.headers import known_header
from hdrgen.io.paths import with_usable_names
from hdrgen.io.stacks.exposure_lists import exposure_list_for
from hdrgen.io.stacks.finding import find_images, images_in
from hdrgen.io.stacks.originals import frames_among, named_originals, originals, photographs_among, tell_left_out
from hdrgen.io.stacks.splitting import Shot, Split, in_order, split
from hdrgen.io.stacks.stack import exposures_of

_CARD = "DCIM"
"""Where the folders of photographs are on a memory card."""
_CARD_FOLDER = re.compile(r"[1-9]\d\d[0-9A-Z_]{5}", re.IGNORECASE)
"""As cameras name the folders of a card (DCF): when their counter is full, a bracket goes on in the next."""


@dataclass(frozen=True)
class Scene:
    """The exposures of one scene.

    Attributes:
        name: Of the folder, and of the first photograph where the folder holds several scenes; unique among the scenes
            of one call.
        folder: Where they lie.
        files: The photographs; None where they are those of the folder.
        single: Photographs beside them that belong to no scene; of a folder's or card's first scene only.
    """

    name: str
    folder: Path
    files: tuple[Path, ...] | None = None
    single: tuple[Path, ...] = ()

    @property
    def photographs(self) -> list[Path]:
        """The photographs, also where they are those of the folder."""
        return frames_among(images_in(self.folder)) if self.files is None else list(self.files)


def grouped(sources: Sequence[str | Path], count: int | None = None) -> list[Scene]:
    """The scenes that files, folders and patterns name, in their order.

    A folder with photographs is a scene, and each folder in it; files named one by one are a scene, whatever folders
    they lie in. Where one of these is several brackets by time, exposures and their number, each is a scene; see
    `hdrgen.io.stacks.splitting.split`. The folders of a memory card (100CANON, 101CANON) count as one. Pictures that
    hdrgen made are left out, and JPEG files of the camera's RAW files; HDR images, too, unless there are no others.

    Args:
        sources: Files, folders and patterns.
        count: So many photographs are one scene, in the order in which they were taken; 0: all are one, None: as found.

    Warns:
        InputWarning: Images of a folder are left out that hdrgen did not make.

    Raises:
        InputError: Nothing given; a name that does not exist; a folder without images and without folders of images; a
            count that does not divide the photographs.
    """
    folders: list[Path] = []
    files: list[str | Path] = []
    for source in sources:
        path = Path(source).expanduser()
        if path.is_dir():
            folders += [each for each in _scene_folders(path) if each not in folders]
        else:
            files.append(source)
    scenes = [scene for together in _cards(folders) for scene in _of_folders(together, count)]
    if files or not scenes:
        named = [path for path in find_images(files) if path.parent not in folders]
        scenes += _of_files(named, count) if named else []
    return _with_own_names(scenes)


def of_no_bracket(scenes: Sequence[Scene]) -> str:
    """Which photographs belong to none of the scenes, in words; nothing where all do."""
    single = [path.name for scene in scenes for path in scene.single]
    if not single:
        return ""
    one = len(single) == 1
    belong = f"{len(single)} photograph{' belongs' if one else 's belong'} to no bracket"
    return f"{belong} (another size, camera, kind of file or time): {', '.join(single)}"


def tell_single(scenes: Sequence[Scene]) -> None:
    """Say which photographs belong to none of the scenes.

    Warns:
        InputWarning: There are some.
    """
    if told := of_no_bracket(scenes):
        warnings.warn(InputWarning(f"{scenes[0].folder}: {told}"), stacklevel=3)


def _scene_folders(folder: Path) -> list[Path]:
    """A folder that holds photographs, and those in it that hold several; of a memory card those in its DCIM."""
    own = images_in(folder)
    inner = (path for path in sorted(folder.iterdir()) if path.is_dir() and path.name[0] != ".")
    inside = {path: images for path in with_usable_names(folder, inner) if (images := images_in(path))}
    photographed = {path: len(photographs_among(images)) for path, images in inside.items()}
    if own:
        scenes = [path for path, count in photographed.items() if count > 1]
        return [folder, *scenes] if not scenes or photographs_among(own) else scenes
    scenes = [path for path, count in photographed.items() if count]
    card = next((path for path in folder.iterdir() if path.name.upper() == _CARD and path.is_dir()), None)
    if not scenes and card is not None and folder.name.upper() != _CARD:  # a link to itself would never end
        return _scene_folders(card)
    if not (scenes := scenes or list(inside)):
        raise InputError(
            f"{folder}: expected the exposures of a scene, or a folder of them for each scene, found no images;"
            " name a folder that holds some"
        )
    return scenes


def _cards(folders: Sequence[Path]) -> list[list[Path]]:
    """The folders of one card together, all others by themselves."""
    result: dict[Path, list[Path]] = {}
    for folder in folders:
        own = _CARD_FOLDER.fullmatch(folder.name) and exposure_list_for(folder) is None
        result.setdefault(folder.parent / "*" if own else folder, []).append(folder)
    return list(result.values())


def _of_folders(folders: Sequence[Path], count: int | None) -> list[Scene]:
    first = folders[0]
    if len(folders) == 1 and not count and exposure_list_for(first) is not None:
        return [Scene(_name(first), first)]
    images = [path for folder in folders for path in images_in(folder)]
    tell_left_out(first, images)
    if len(folders) == 1 and count == 0:
        return [Scene(_name(first), first)]
    files = frames_among(images) or originals(images)
    found = _split(files, count)
    if len(folders) == 1 and len(found.brackets) == 1 and not found.single:
        whole = set(found.brackets[0]) == set(images_in(first))
        return [Scene(_name(first), first, None if whole else tuple(found.brackets[0]))]
    return _scenes_of(found)


def _of_files(files: Sequence[Path], count: int | None) -> list[Scene]:
    kept = named_originals(files) if count is None else list(files)
    folders = list(dict.fromkeys(path.parent for path in kept))
    if len(folders) > 1 and count is None and not _differ(kept):
        by_folder = [[path for path in kept if path.parent == folder] for folder in folders]
        if all(len(part) > 1 and _differ(part) for part in by_folder):  # such as a/*.jpg b/*.jpg
            return [Scene(_name(part[0].parent), part[0].parent, tuple(part)) for part in by_folder]
    return _scenes_of(_split(kept, count))


def _scenes_of(found: Split) -> list[Scene]:
    """The brackets by the names of their folders, with that of their first photograph where a folder has several."""
    folders = [files[0].parent for files in found.brackets]
    scenes = [
        Scene(
            _name(folder) if folders.count(folder) == 1 else f"{_name(folder)}_{files[0].stem}",
            folder,
            tuple(files),
        )
        for folder, files in zip(folders, found.brackets, strict=True)
    ]
    return [replace(scenes[0], single=tuple(found.single)), *scenes[1:]]


def _split(files: Sequence[Path], count: int | None) -> Split:
    if not count:
        return split(_shots(files)) if count is None else Split([list(files)], [])
    if len(files) % count:
        names = f"{files[0].name} to {files[-1].name}"
        raise InputError(f"expected {count} photographs for each scene, found {len(files)} in all ({names})", "group")
    paths = [shot.path for shot in in_order(_shots(files))]
    return Split([paths[start : start + count] for start in range(0, len(paths), count)], [])


def _shots(files: Sequence[Path]) -> list[Shot]:
    """What the headers tell; of a file that cannot be read nothing, which its merge will say."""
    exposures = exposures_of(files)
    return [_shot(path, exposures[path].stops if path in exposures else None) for path in files]


def _shot(path: Path, stops: float | None) -> Shot:
    try:
        header = known_header(path)
    except InputError:
        return Shot(path, None)
    reading, size = header.reading, (header.width, header.height)
    kind = tuple(sorted(size)), reading.camera, header.format.codec.sensor
    return Shot(path, stops, reading.exposure.time or 0.0, reading.taken, reading.bracketed, kind)


def _differ(files: Sequence[Path]) -> bool:
    """Whether all exposures are known, and none comes twice."""
    stops = [round(one.stops, 2) for one in exposures_of(files).values() if one.stops is not None]
    return len(set(stops)) == len(files)


def _name(folder: Path) -> str:
    return (folder.name if folder.name not in ("", "..") else folder.resolve().name) or "stack"


def _with_own_names(scenes: Sequence[Scene]) -> list[Scene]:
    """Names of which none comes twice, as results are called by them: with the folder above, a number."""
    names = [scene.name for scene in scenes]
    above = [
        scene if names.count(scene.name) == 1 else replace(scene, name=f"{_name(scene.folder.parent)}_{scene.name}")
        for scene in scenes
    ]
    result: dict[str, Scene] = {}
    for scene in above:
        name, number = scene.name, 2
        while name in result:
            name, number = f"{scene.name}_{number}", number + 1
        result[name] = replace(scene, name=name)
    return list(result.values())
