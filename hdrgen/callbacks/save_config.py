"""The run's configuration, beside its checkpoints."""

import json
import shutil
from contextlib import suppress
from pathlib import Path

import yaml
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.cli import SaveConfigCallback
from pytorch_lightning.loggers import Logger

from hdrgen.callbacks.csv_log import write_whole_rows
from hdrgen.callbacks.folders import run_folder
from hdrgen.io import write_complete
from hdrgen.provenance import provenance

SOFTWARE = "software.json"
"""What the training was made with, beside its configuration."""


class SaveConfig(SaveConfigCallback):
    """Writes the whole configuration where the checkpoints of the run are, and gives it to the loggers.

    `hdrgen fit -c RUN/config.yaml` does the same run again. Lightning's own callback puts the file elsewhere when the
    logger is W&B or there is none. Beside it, a training notes versions and commit.
    """

    _made: Path | None = None
    """The folder of a training that was not there before."""

    def save_config(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Write `config.yaml`; on rank 0 only, so without collective calls."""
        if stage == "predict":
            return
        output = self.config.get("output") if stage != "fit" else None
        folder = run_folder(trainer) or Path(output or trainer.default_root_dir)
        is_new = not folder.exists() or not any(folder.iterdir())  # the logger may have made it already
        if stage == "fit" and run_folder(trainer) and is_new:
            self._made = folder
        write_complete(_free(folder / self.config_filename), self.parser.dump(self.config, skip_none=False))
        if stage == "fit":  # a test notes it beside its numbers
            write_complete(_free(folder / SOFTWARE), json.dumps(provenance(), indent=2))
        for logger in trainer.loggers:
            write_whole_rows(logger)
            self._log(logger)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Leave no folder of a training that ended before its first step: nothing in it could go on."""
        if trainer.is_global_zero and self._made is not None and trainer.global_step == 0:
            shutil.rmtree(self._made, ignore_errors=True)
            for folder in (self._made.parent, self._made.parent.parent):
                with suppress(OSError):  # of another run, which is in it
                    folder.rmdir()

    def _log(self, logger: Logger) -> None:
        logger.log_hyperparams(yaml.safe_load(self.parser.dump(self.config, skip_none=False)))


def _free(path: Path) -> Path:
    """`path`, or the first of its numbered names that no earlier run in the same folder has taken."""
    names = (path.with_stem(f"{path.stem}-v{number}") for number in range(1, 10_000))
    return next(name for name in (path, *names) if not name.exists())
