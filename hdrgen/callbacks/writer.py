"""Predictions as files: exposures, radiance and a preview of every scene."""

import errno
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import BasePredictionWriter
from torch import Tensor

from hdrgen.callbacks.end_line import say
from hdrgen.callbacks.highlights import limited_highlights
from hdrgen.callbacks.result_files import ResultFiles
from hdrgen.data import GAIN_MAP, LINEAR, Sample
from hdrgen.errors import InputError, InputWarning, few_of
from hdrgen.io import (
    BT709,
    ColourSpace,
    Exposure,
    Tags,
    check_writable,
    colour_space_named,
    half_holds,
    keep_sidecars,
    read_tags,
    takes_gain_map,
    write_complete,
    write_image,
    write_with_gain,
)
from hdrgen.methods import Prediction
from hdrgen.metrics import of_all_processes
from hdrgen.tonemap import reduced, reinhard2002

SaveUltra = Callable[[Path], None]
"""Writes an Ultra HDR file."""
_HOPELESS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES)
"""What goes wrong with every file, once it has with one."""
WRITERS = min(4, os.cpu_count() or 1)
"""Exposures that are compressed at the same time."""


class PredictionWriter(BasePredictionWriter):
    """Writes `FOLDER/SCENE/SCENE_ev-2.0.png` ..., `SCENE.exr`, `SCENE.hdr` and `SCENE_preview.jpg` for each scene.

    A method that chooses the exposures itself does not know their EV: they are `SCENE_down.png` and `SCENE_up.png`.
    Each rank writes the scenes it made, batch by batch, so nothing stays in memory; a scene's files are all there, or
    none of them. No existing result is replaced unless asked, and a scene name that occurs twice is an error. Previews
    of large images are reduced, see `hdrgen.tonemap.reduced`; `hdrgen tonemap` makes pictures of full size. All files
    keep what the photograph says of camera, exposure and colours; generated exposures say the exposure time that they
    stand for.

    Args:
        folder: Where; None is `predictions`.
        overwrite: Whether existing results may be replaced.
        skip_existing: Leave out scenes whose files are all there, and of others the files that are: an interrupted
            folder goes on where it ended.
        radiance: Formats of the HDR image: linear radiance, or pictures to look at on an HDR screen (`jxl`, `avif`,
            `pq.png`, `uhdr.jpg`), in which radiance 1 is the white of the photograph. Where that is a JPEG and the
            method has a `gain` for it, `uhdr.jpg` is the photograph itself, byte for byte, with that as its gain map.
        exposures: Format of the generated exposures, display values; None writes none.
        preview: Format of the tone-mapped HDR image; None writes none.
        operator: Tone mapping of the preview, radiance `(B, 3, H, W)` to display values in [0, 1].
        colour_space: Convert all files into it; None keeps the colours of the photograph, but for `jxl`, `avif` and
            `pq.png`, which are in BT.2020, and `uhdr.jpg`, in the smallest space of screens that holds them.
        most_stops: Above white, that radiance may have: see `limited_highlights`; None: whatever it has.
        about: What made the results, for the line that is printed of each.
        name: Of the only file of the only scene, in `folder` itself: one format, no exposures, no preview. None: a
            folder for each scene.

    Raises:
        InputError: Both `overwrite` and `skip_existing`; a name for several files.
    """

    def __init__(
        self,
        folder: str | None = None,
        overwrite: bool = False,
        skip_existing: bool = False,
        radiance: Sequence[Literal["exr", "hdr", "tif", "jxl", "avif", "pq.png", "uhdr.jpg"]] = ("exr", "hdr"),
        exposures: Literal["png", "jpg"] | None = "png",
        preview: Literal["png", "jpg"] | None = "jpg",
        operator: Callable[[Tensor], Any] = reinhard2002,
        colour_space: Literal["bt709", "display-p3", "bt2020"] | None = None,
        most_stops: float | None = None,
        about: str | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__("batch")
        if overwrite and skip_existing:
            raise InputError("overwrite=True and skip_existing=True contradict each other; leave one out", "overwrite")
        if name and (len(radiance) != 1 or exposures or preview):
            raise InputError(f"name={name}: expected one format, no exposures and no preview, found more", "name")
        self.folder = Path(folder or "predictions")
        self.files = ResultFiles(self.folder, tuple(radiance), exposures, preview, name)
        self.skip_existing = skip_existing
        self.overwrite = overwrite
        self.radiance = tuple(radiance)
        self.exposures = exposures
        self.preview = preview
        self.operator = operator
        self.colour_space = colour_space
        self.most_stops = most_stops
        self.about = about
        self._total, self._failed = 1, list[str]()

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Refuse a folder that cannot be written, and formats that cannot, before any work is done."""
        if stage == "predict":
            for suffix in self.radiance:
                check_writable(self.folder / f"SCENE.{suffix}")
            nearest = next(path for path in (self.folder.absolute(), *self.folder.absolute().parents) if path.exists())
            if not nearest.is_dir() or not os.access(nearest, os.W_OK):
                found = "a folder without permission" if nearest.is_dir() else "a file"
                raise InputError(f"{nearest}: expected a folder to write to, found {found}; choose another")

    def on_predict_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Refuse results that are there already, before any work is done."""
        loader: Any = trainer.predict_dataloaders
        scenes = [loader.dataset.dataset.scene(index) for index in range(len(loader.dataset))]
        self._total, self._failed = len(scenes), []
        self.refuse(scenes)

    def write_on_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        prediction: Prediction,
        batch_indices: Sequence[int] | None,
        batch: Sample,
        batch_idx: int,
        dataloader_idx: int,
    ) -> None:
        """Write every scene of the batch, and say so. One that cannot be written is told, and the others go on.

        Raises:
            InputError: The only scene of all cannot be written; or nothing can be, as the disk is full.
        """
        for index in range(len(prediction["scene"])):
            try:
                self._write(trainer, pl_module, prediction, index, batch)
            except InputError as error:
                if self._total == 1 or getattr(error.__cause__, "errno", None) in _HOPELESS:
                    raise
                warnings.warn(InputWarning(str(error), error.argument), stacklevel=2)
                self._failed.append(prediction["scene"][index])

    def _write(
        self, trainer: Trainer, method: LightningModule, prediction: Prediction, index: int, batch: Sample
    ) -> None:
        """Write the files of one scene, and say so."""
        scene, hdr = prediction["scene"][index], prediction["hdr"][index]
        hdr = hdr if self.most_stops is None else limited_highlights(hdr, self.most_stops)
        folder, tags = self.files.folder_of(scene), _tags_of(batch, index)
        with nullcontext() if self.files.name else _all_or_none(folder):  # one file is whole by itself
            exposures = self._exposures(scene, prediction, index, tags)
            ultra = self._own_base(prediction, index, batch, method)
            written = [*exposures, *self._radiance(scene, hdr, tags, ultra)]
        done = f"{len(written)} file{'s' * (len(written) > 1)} in {folder}" if written else "nothing"
        done = str(written[0]) if self.files.name else done
        source = (batch.get("source") or [""] * (index + 1))[index]
        kept = self._sidecars(scene, batch, index)
        say(trainer, "; ".join([f"{scene}: {done}", *kept, *self._told(hdr, source)]))

    def _sidecars(self, scene: str, batch: Sample, index: int) -> list[str]:
        """Keep beside the radiance what other programs noted of the photograph; what was done, in words."""
        paths = batch.get("path")
        if not paths or not self.radiance:
            return []
        radiance = self.files.radiance_file(scene, self.radiance[0])
        return keep_sidecars([Path(paths[index])], radiance, overwrite=self.overwrite)

    def unwritten(self) -> str:
        """What to say of scenes that could not be written; nothing where all are. Each of several processes asks."""
        failed = sorted(of_all_processes(self._failed))
        if not failed:
            return ""
        return f"{len(failed)} of {self._total} scenes could not be written, see above: {few_of(failed)}"

    def _told(self, hdr: Tensor, source: str) -> list[str]:
        """What is told of a result beside its files."""
        if self.about is None:
            return []
        stops = f"up to {float(hdr.amax().clamp_min(1).log2()):.1f} stops above white"
        if source == GAIN_MAP:
            return [stops, "of the photograph's own gain map, without a network"]
        return [stops, self.about, *(["as the sensor has it where it is not clipped"] if source == LINEAR else [])]

    @property
    def _space(self) -> ColourSpace | None:
        return None if self.colour_space is None else colour_space_named(self.colour_space)

    def _exposures(self, scene: str, prediction: Prediction, index: int, tags: Tags) -> list[Path]:
        if self.exposures is None or "stack" not in prediction:
            return []

        def written(stops: float, image: Tensor) -> Path:
            return self._written(self.files.exposure_file(scene, stops), image, tags.at(stops))

        with ThreadPoolExecutor(WRITERS) as pool:  # each is turned into pixels when its turn comes
            return list(pool.map(written, prediction["ev"].tolist(), prediction["stack"][index]))

    def _own_base(self, prediction: Prediction, index: int, batch: Sample, method: object) -> SaveUltra | None:
        """What writes Ultra HDR with the photograph's own JPEG as its base; None where there is none, or no gain."""
        paths = batch.get("path")
        if "uhdr.jpg" not in self.radiance or self.colour_space or not paths or not takes_gain_map(Path(paths[index])):
            return None
        photograph, gain = Path(paths[index]), getattr(method, "gain", None)
        if (batch.get("source") or [""] * (index + 1))[index] == GAIN_MAP:
            whole = self.most_stops is None
            return (lambda path: write_complete(path, photograph.read_bytes())) if whole else None
        if gain is None:
            return None

        def save(path: Path) -> None:
            stops = gain(prediction["image"][index : index + 1])[0, 0].float().cpu().numpy()
            write_with_gain(path, photograph, stops)

        return save

    def _radiance(self, scene: str, hdr: Tensor, tags: Tags, ultra: SaveUltra | None) -> Iterator[Path]:
        written_tags = replace(tags, chromaticities=tags.chromaticities or BT709.chromaticities, made=True)
        for suffix in self.radiance:
            path = self.files.radiance_file(scene, suffix)
            if suffix == "uhdr.jpg" and ultra is not None:
                if not (self.skip_existing and path.is_file()):
                    ultra(path)
                yield path
            else:
                yield self._written(path, hdr, written_tags)
        if self.preview:
            preview = self.operator(reduced(hdr[None].float()))[0]
            yield self._written(self.files.preview_file(scene), preview, replace(tags, made=True))

    def _written(self, path: Path, image: Tensor, tags: Tags) -> Path:
        """One file, unless it is there and is to be left."""
        if self.skip_existing and path.is_file():
            return path
        pixels = half_pixels(image) if path.suffix == ".exr" and self._space is None else to_pixels(image)
        return write_image(path, pixels, colour_space=self._space, **vars(tags))

    def refuse(self, scenes: Sequence[str]) -> None:
        """Check where these scenes would be written.

        Raises:
            InputError: Two in the same folder, or one in a folder that holds files and may not be replaced.
        """
        if self.files.name:
            return self._refuse_file(scenes)
        folders = set[Path]()
        for scene in scenes:
            folder = self.files.folder_of(scene)
            if folder in folders:
                raise InputError(f"two inputs are called {scene}, and would write to the same {folder}; rename one")
            folders.add(folder)
            if not (self.overwrite or self.skip_existing) and folder.is_dir() and any(folder.iterdir()):
                raise InputError(f"{folder} holds results already; pass overwrite=True, or another folder", "overwrite")

    def _refuse_file(self, scenes: Sequence[str]) -> None:
        file = self.files.radiance_file("", self.radiance[0])
        if len(scenes) > 1:
            raise InputError(f"{file}: expected a folder for {len(scenes)} results, found a file name")
        if file.exists() and not (self.overwrite or self.skip_existing):
            raise InputError(f"{file} exists already; pass overwrite=True, or another name", "overwrite")


@contextmanager
def _all_or_none(folder: Path) -> Iterator[None]:
    """A scene that could not be finished leaves no file that was not there before: a few would look like a result."""
    before = set(folder.iterdir()) if folder.is_dir() else None
    try:
        yield
    except BaseException:
        with suppress(OSError):
            for path in set(folder.iterdir()) - (before or set()):
                path.unlink()
            if before is None:
                folder.rmdir()
        raise


def _tags_of(batch: Sample, index: int) -> Tags:
    """What the file of the photograph holds beside its pixels; nothing of a scene that was read from no file."""
    paths = batch.get("path")
    return read_tags(paths[index]) if paths else Tags(Exposure())


def to_pixels(image: Tensor) -> np.ndarray:
    """Tensor `(3, H, W)` to array `(H, W, 3)`: codes (uint8) as they are, all else as float32."""
    pixels = image if image.dtype == torch.uint8 else image.float()
    return np.ascontiguousarray(pixels.detach().cpu().permute(1, 2, 0).numpy())


def half_pixels(image: Tensor) -> np.ndarray:
    """Radiance `(3, H, W)` as the array `(H, W, 3)` of half floats that OpenEXR stores, without one of float32.

    As `to_pixels` where half floats cannot hold it: the file is then written in 32 bits.
    """
    planes = image.detach().cpu()
    if planes.dtype != torch.half and not half_holds(planes.float().flatten(0, 1).numpy()):
        return to_pixels(image)
    pixels = torch.empty(*image.shape[1:], len(image), dtype=torch.half)
    return pixels.copy_(image.detach().permute(1, 2, 0)).numpy()
