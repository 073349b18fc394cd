"""Results that any program wrote, scored as if a method had just made them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from hdrgen.callbacks import file_name
from hdrgen.comparison import read_pixels, tensor_of
from hdrgen.data import EV_TOLERANCE, Batch
from hdrgen.errors import InputError
from hdrgen.exchange.found import Found, found_in
from hdrgen.methods import Evaluation, HDRModule, merge_stack, source_of
from hdrgen.metrics import EvaluationProtocol

_NAMED = 3
"""Most scenes that an error names."""


class WrittenResults(HDRModule):
    """HDR images and exposures from files, in the place of a method: `hdrgen test --results FOLDER`.

    Files are called after their scenes, `SCENE.exr`, `.npy`, `.tif` or `.hdr` and `SCENE_ev+1.0.png`, in the folder or
    in folders called `SCENE`, as `predict` writes them. Images have the size of the scene's frames, and are then
    resized as the protocol resizes the truth, or they have the protocol's size. Radiance is linear BT.709 (or what an
    EXR says of its colours), 1 being the white of the input where the protocol aligns no scale. Exposures alone are
    merged as the protocol merges those of a method.

    Args:
        folder: With the files.
        name: What tables and reports call it; None: the name of the folder.

    Raises:
        InputError: No results in the folder.
    """

    input = "bracket"

    def __init__(self, folder: str, name: str | None = None) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.folder = Path(folder).expanduser()
        self.found = found_in(self.folder)
        self.name = name or self.folder.resolve().name
        self._frame_size: tuple[int, ...] = ()
        self._judging = EvaluationProtocol()

    # -- what there is -----------------------------------------------------------------------------------------------

    @property
    def offered(self) -> list[float]:
        """The exposures that any of the scenes has."""
        return sorted({ev for found in self.found.values() for ev in found.exposures})

    @property
    def has_radiance(self) -> bool:
        """Whether any of the scenes has an HDR image."""
        return any(found.radiance for found in self.found.values())

    def can_generate(self, ev: Tensor) -> Tensor:
        """Those that any of the scenes has: that another lacks one is an error, not a mean over fewer scenes."""
        return torch.tensor([_nearest(self.offered, stops) is not None for stops in ev.flatten().tolist()]).view_as(ev)

    def on_test_epoch_start(self) -> None:
        """Look for all scenes before the first is scored.

        Raises:
            InputError: Some have no results.
        """
        super().on_test_epoch_start()
        scenes = getattr(getattr(self.trainer, "datamodule", None), "test", None)
        self._check_there(scenes, sum(self.trainer.num_test_batches) if self.trainer.world_size == 1 else 0)

    def _check_there(self, scenes: Sequence[object] | None, batches: float) -> None:
        count = int(min(len(scenes or ()), batches))  # with limit_test_batches, the first ones
        names = [scenes.scene(index) for index in range(count)]  # type: ignore[union-attr]
        missing = [scene for scene in names if file_name(scene) not in self.found]
        if missing:
            listed = ", ".join(missing[:_NAMED]) + (f" and {len(missing) - _NAMED} more" * (len(missing) > _NAMED))
            raise InputError(
                f"{self.folder}: expected results of all {len(names)} scenes, such as {file_name(missing[0])}.exr,"
                f" found none of {listed}"
            )

    # -- in the place of a method ------------------------------------------------------------------------------------

    def evaluate(self, batch: Batch, stage: str) -> Evaluation:
        """As for every method."""
        self._judging = self.protocol(stage)
        self._frame_size = tuple(batch["ldr"].shape[-2:])
        return super().evaluate(batch, stage)

    def generate_targets(self, batch: Batch, exposures: Sequence[float] | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """The written exposures, their EV and the true ones; see `EvaluatedModule`."""
        truth, stops = self.true_targets(batch, exposures)
        if not stops.numel():
            return truth, stops, truth
        written = [
            torch.stack([self._exposure(scene, ev, batch) for ev in row.tolist()])
            for scene, row in zip(batch["scene"], stops, strict=True)
        ]
        return torch.stack(written), stops, truth

    def reconstruct_under(self, batch: Batch, protocol: EvaluationProtocol) -> Tensor:
        """The written HDR images; where there are none at all, the written exposures as the protocol merges them."""
        if self.has_radiance:
            return torch.stack([self._radiance(scene, batch) for scene in batch["scene"]])
        wanted = self.offered if protocol.stack_ev is None else protocol.stack_ev
        stops = sorted({0.0, *(ev for ev in wanted if _nearest(self.offered, ev) is not None)})
        merge = protocol.merge or merge_stack
        stacks = [
            torch.stack([image if ev == 0 else self._exposure(scene, ev, batch) for ev in stops])
            for scene, image in zip(batch["scene"], source_of(batch), strict=True)
        ]
        merged: Tensor = merge(torch.stack(stacks), torch.tensor(stops, device=batch["ldr"].device))
        return merged

    def _radiance(self, scene: str, batch: Batch) -> Tensor:
        path = self._files_of(scene).radiance
        if path is None:
            raise InputError(
                f"{scene}: expected an HDR image in {self.folder}, as other scenes have one, found none; write"
                f" {file_name(scene)}.exr"
            )
        return self._read(path, "hdr", scene, batch)

    def _exposure(self, scene: str, ev: float, batch: Batch) -> Tensor:
        exposures = self._files_of(scene).exposures
        nearest = _nearest(list(exposures), ev)
        if nearest is None:
            raise InputError(
                f"{scene}: expected the exposure EV {ev:+g} in {self.folder}, as other scenes have it, found"
                f" {', '.join(f'EV {stops:+g}' for stops in sorted(exposures)) or 'none'}"
            )
        return self._read(exposures[nearest], "ldr", scene, batch)

    def _files_of(self, scene: str) -> Found:
        if file_name(scene) not in self.found:
            raise InputError(f"{self.folder}: expected results of {scene}, found none")
        return self.found[file_name(scene)]

    def _read(self, path: Path, key: str, scene: str, batch: Batch) -> Tensor:
        """`(3, H, W)` in the size of the batch."""
        image = read_pixels(path)
        if image.linear != (key == "hdr"):
            expected, found = ("radiance", "display values") if key == "hdr" else ("display values", "radiance")
            raise InputError(f"{path}: expected {expected}, found {found}")
        pixels = tensor_of(image, "float32").to(batch["ldr"].device)
        size = tuple(batch["ldr"].shape[-2:])
        if tuple(pixels.shape[-2:]) != size and tuple(pixels.shape[-2:]) == self._frame_size:
            pixels = replace(self._judging, input_ev=0.0).prepared({key: pixels})[key]
        if tuple(pixels.shape[-2:]) != size:
            sizes = dict.fromkeys(f"{width} x {height}" for height, width in (self._frame_size, size))
            found = f"{pixels.shape[-1]} x {pixels.shape[-2]}"
            raise InputError(f"{path}: expected the size of scene {scene}, {' or '.join(sizes)}, found {found}")
        return pixels[0]


def _nearest(offered: Sequence[float], ev: float) -> float | None:
    """The exposure that is meant, within the tolerance of all exposures; None where there is none."""
    close = [stops for stops in offered if stops == ev or abs(stops - ev) <= EV_TOLERANCE]
    return min(close, key=lambda stops: 0.0 if stops == ev else abs(stops - ev), default=None)
