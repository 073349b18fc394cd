"""The run's configuration, beside its checkpoints."""

import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

import yaml
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.cli import SaveConfigCallback

from hdrgen.callbacks.csv_log import write_whole_rows
from hdrgen.callbacks.folders import run_folder
from hdrgen.io import write_complete
from hdrgen.plain_files import OWN, yaml_in
from hdrgen.provenance import provenance

SOFTWARE = "software.json"
"""What the training was made with, beside its configuration."""


class SaveConfig(SaveConfigCallback):
    """Writes the whole configuration where the checkpoints of the run are, and gives it to the loggers.

    A training that goes on in its own folder has one there; where that is not how it goes on, another is put beside it.

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
        described = self.parser.dump(self.config, skip_unset=False, skip_validation=True)  # parsing has checked it
        software = json.dumps(provenance(), indent=2)
        goes_on = folder.resolve() in Path(self.config.get("ckpt_path") or "").resolve().parents
        _note(folder / self.config_filename, described, _same_settings if goes_on else None)
        if stage == "fit":  # a test notes it beside its numbers
            _note(folder / SOFTWARE, software, str.__eq__ if goes_on else None)
        for logger in trainer.loggers:
            write_whole_rows(logger)
            logger.log_hyperparams(yaml.safe_load(described))

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Leave no folder of a training that ended before its first step: nothing in it could go on."""
        if trainer.is_global_zero and self._made is not None and trainer.global_step == 0:
            shutil.rmtree(self._made, ignore_errors=True)
            for folder in (self._made.parent, self._made.parent.parent):
                with suppress(OSError):  # of another run, which is in it
                    folder.rmdir()


def _note(path: Path, text: str, same: Callable[[str, str], bool] | None) -> None:
    """Write a file, beside those of its name; not where one of them says the `same`."""
    there = path.parent.glob(f"{path.stem}*{path.suffix}") if same else ()
    if same and any(same(other.read_text(encoding="utf-8"), text) for other in there):
        return
    name = _free(path)
    write_complete(name, text)
    if same and name != path:
        print(f"not all is as before: {name} says how it is now")


def _same_settings(before: str, after: str) -> bool:
    """Whether two configurations describe the same training, wherever it begins."""
    one, other = (yaml_in(text, "the configuration", OWN) for text in (before, after))
    return bool(_but_for_the_start(one) == _but_for_the_start(other))


def _but_for_the_start(settings: Any) -> Any:
    if not isinstance(settings, dict):
        return settings
    return {
        key: _but_for_the_start(value) for key, value in settings.items() if key not in ("ckpt_path", "initial_weights")
    }


def _free(path: Path) -> Path:
    """`path`, or the first of its numbered names that no earlier run in the same folder has taken."""
    names = (path.with_stem(f"{path.stem}-v{number}") for number in range(1, 10_000))
    return next(name for name in chain([path], names) if not name.exists())
