"""Pictures of what a method does, to look at while it trains."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.loggers import TensorBoardLogger, WandbLogger
from pytorch_lightning.utilities import rank_zero_only
from torch import Tensor
from torch.nn.functional import interpolate

from hdrgen.callbacks.folders import run_folder
from hdrgen.callbacks.result_files import exposure_name, file_name
from hdrgen.callbacks.writer import to_pixels
from hdrgen.data import Sample
from hdrgen.io import write_image
from hdrgen.methods import Evaluation
from hdrgen.tonemap import reinhard2002

LABEL_HEIGHT = 14
"""Pixels that the caption takes above its panel."""
GAP = 2
"""Pixels between the panels of a sheet."""
Panel = tuple[str, Tensor]
"""A caption and an image `(3, H, W)` of display values in [0, 1]."""


class ImageGrid(Callback):
    """Writes contact sheets of the first scenes of validation and test: input, exposures, result, and truth below.

    They go to `grids/` in the run's folder as PNG, and to W&B or TensorBoard where that is the logger. Rank 0 only.

    Args:
        folder: Where instead of the run's folder.
        scenes: Number of scenes; 0 draws none.
        height: Height of a panel in pixels.
        every_n_epochs: How often in training.
        operator: Tone mapping of the HDR images, radiance `(B, 3, H, W)` to display values in [0, 1].
    """

    def __init__(
        self,
        folder: str | None = None,
        scenes: int = 4,
        height: int = 160,
        every_n_epochs: int = 1,
        operator: Callable[[Tensor], Any] = reinhard2002,
    ) -> None:
        self.folder = Path(folder) if folder else None
        self.scenes = scenes
        self.height = height
        self.every_n_epochs = every_n_epochs
        self.operator = operator
        self._drawn = 0

    def on_validation_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start again at the first scene."""
        self._drawn = 0

    def on_test_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start again at the first scene."""
        self._drawn = 0

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Sample,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Draw, unless this is the check before training or an epoch in between."""
        if not trainer.sanity_checking and trainer.current_epoch % self.every_n_epochs == 0:
            self._draw_batch(trainer, outputs, f"val-epoch{trainer.current_epoch:03d}")

    def on_test_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Sample,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Draw."""
        self._draw_batch(trainer, outputs, "test")

    @rank_zero_only
    def _draw_batch(self, trainer: Trainer, outputs: Evaluation, stage: str) -> None:
        base = self.folder or run_folder(trainer)
        for index, scene in enumerate(outputs["scene"]):
            if self._drawn >= self.scenes or (base is None and not trainer.loggers):
                return
            sheet = contact_sheet(panels(outputs, index, self.operator), self.height)
            if base:
                write_image(base / "grids" / f"{stage}-{file_name(scene)}.png", sheet, made=True)
            log_picture(trainer, f"{stage.partition('-')[0]}/{scene}", sheet)
            self._drawn += 1


def panels(outputs: Evaluation, index: int, operator: Callable[[Tensor], Any] = reinhard2002) -> list[list[Panel]]:
    """Two rows for one scene of a batch: what the method made, and the truth where there is one.

    Args:
        outputs: Of the method's `validation_step` or `test_step`.
        index: Of the scene in the batch.
        operator: Tone mapping of the HDR images.
    """
    batch = outputs["batch"]
    reference = int(batch["ref"][index])
    pictures: list[Panel] = [("input", batch["ldr"][index, reference])]
    true: list[Panel] = [("truth", batch["ldr"][index, reference])]
    if "stack" in outputs:
        names = [exposure_name(float(ev)) for ev in outputs["ev"][index]]
        pictures += list(zip(names, outputs["stack"][index], strict=True))
        true += [(f"true {name}", image) for name, image in zip(names, outputs["truth"][index], strict=True)]
    pictures.append(("HDR, tone-mapped", operator(outputs["hdr"][index : index + 1].float())[0]))
    if "true_hdr" in outputs:
        true.append(("true HDR", operator(outputs["true_hdr"][index : index + 1].float())[0]))
    return [pictures, true]


def contact_sheet(rows: Sequence[Sequence[Panel]], height: int = 160) -> np.ndarray:
    """Captioned images in rows, as one array.

    Args:
        rows: Captions and images of each row; the images of all rows have the same shape ratio, or nearly.
        height: To which every image is scaled, in pixels.

    Returns:
        `(H, W, 3)` float32, display values in [0, 1], on white.
    """
    drawn = [[_panel(caption, image, height) for caption, image in row] for row in rows if row]
    width = max(sum(panel.shape[1] + GAP for panel in row) for row in drawn)
    sheet = np.ones((len(drawn) * (height + LABEL_HEIGHT + GAP), width, 3), np.float32)
    for number, row in enumerate(drawn):
        top, left = number * (height + LABEL_HEIGHT + GAP), 0
        for panel in row:
            sheet[top : top + panel.shape[0], left : left + panel.shape[1]] = panel
            left += panel.shape[1] + GAP
    return sheet


def _panel(caption: str, image: Tensor, height: int) -> np.ndarray:
    width = max(1, round(image.shape[-1] * height / image.shape[-2]))
    scaled = interpolate(image[None].detach().float(), (height, width), mode="bilinear", antialias=True)[0]
    label = Image.new("RGB", (width, LABEL_HEIGHT), "white")
    ImageDraw.Draw(label).text((2, 1), caption, fill="black")
    return np.concatenate([np.asarray(label, np.float32) / 255, to_pixels(scaled.clamp(0, 1))])


def log_picture(trainer: Trainer, tag: str, sheet: np.ndarray) -> None:
    """Give a picture `(H, W, 3)` of display values to the loggers that take pictures."""
    for logger in trainer.loggers:
        if isinstance(logger, WandbLogger):
            logger.log_image(tag, [(sheet * 255).round().astype(np.uint8)])
        elif isinstance(logger, TensorBoardLogger):
            logger.experiment.add_image(tag, sheet, trainer.global_step, dataformats="HWC")
