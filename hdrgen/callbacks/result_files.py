"""What the files of a prediction are called, and which of them are there."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class ResultFiles(NamedTuple):
    """The files that are written for each scene, in a folder of its own, or of the only one under a name of its own.

    Attributes:
        folder: Of the folders.
        radiance: Suffixes of the HDR image.
        exposures: Suffix of the exposures; None writes none.
        preview: Suffix of the preview; None writes none.
        name: Of the only file of the only scene, in `folder` itself; None: files are called after their scenes.
    """

    folder: Path
    radiance: Sequence[str]
    exposures: str | None
    preview: str | None
    name: str | None = None

    def folder_of(self, scene: str) -> Path:
        """Folder of one scene's files."""
        return self.folder if self.name else self.folder / file_name(scene)

    def radiance_file(self, scene: str, suffix: str) -> Path:
        """An HDR image."""
        return Path(f"{self._start(scene)}.{suffix}")

    def preview_file(self, scene: str) -> Path:
        """The tone-mapped picture."""
        return Path(f"{self._start(scene)}_preview.{self.preview}")

    def exposure_file(self, scene: str, stops: float) -> Path:
        """One exposure."""
        return Path(f"{self._start(scene)}_{exposure_name(stops).lower().replace(' ', '')}.{self.exposures}")

    def complete(self, scene: str, ev: Sequence[float] = ()) -> bool:
        """Whether all files of a scene are there; what is half written has another name, and does not count.

        Args:
            scene: Its name.
            ev: Exposures that its method makes, in stops.
        """
        files = [self.radiance_file(scene, suffix) for suffix in self.radiance]
        files += [self.preview_file(scene)] if self.preview else []
        files += [self.exposure_file(scene, stops) for stops in ev] if self.exposures else []
        return all(file.is_file() for file in files)

    def existing(self, scene: str) -> list[Path]:
        """What is there under names that files of a scene have."""
        folder, start = self.folder_of(scene), self._start(scene).name
        if self.name:
            return [self.folder / self.name]
        known = {f"{start}.{suffix}" for suffix in self.radiance} | {f"{start}_preview.{self.preview}"}
        there = folder.iterdir() if folder.is_dir() else ()
        exposed = (f"{start}_", f".{self.exposures}")
        return [
            file
            for file in there
            if file.name in known or (file.name.startswith(exposed[0]) and file.name.endswith(exposed[1]))
        ]

    def _start(self, scene: str) -> Path:
        stem = self.name.removesuffix(f".{self.radiance[0]}") if self.name else file_name(scene)
        return self.folder_of(scene) / stem


def file_name(scene: str) -> str:
    """A scene's name as a part of a path.

    >>> file_name("venice/sunset")
    'venice_sunset'
    """
    return scene.replace("/", "_").replace("\\", "_").lstrip(".") or "_"


def exposure_name(stops: float) -> str:
    """What an exposure is called; where only its direction is known, `down` or `up`.

    >>> exposure_name(0.5), exposure_name(float("-inf")), exposure_name(float("inf"))
    ('EV +0.5', 'down', 'up')
    """
    if math.isinf(stops):
        return "up" if stops > 0 else "down"
    return f"EV {format_ev(stops)}"


def format_ev(stops: float) -> str:
    """An exposure as written in file names, with its sign and at least one decimal.

    >>> format_ev(-2.0), format_ev(0.5), format_ev(1 / 3)
    ('-2.0', '+0.5', '+0.333')
    """
    text = f"{stops:+.3f}".rstrip("0")
    return f"{text}0" if text.endswith(".") else text
