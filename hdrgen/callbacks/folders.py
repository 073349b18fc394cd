"""Where a run's files go."""

from pathlib import Path

from pytorch_lightning import Trainer


def run_folder(trainer: Trainer) -> Path | None:
    """The folder of this run, in which Lightning puts `checkpoints/`; None without a logger.

    Lightning's own `Trainer.log_dir` is another folder where the logger is W&B. Only rank 0 knows the run's number for
    certain.
    """
    logger = trainer.logger
    if logger is None or logger.save_dir is None:
        return None
    version = logger.version if isinstance(logger.version, str) else f"version_{logger.version}"
    return Path(logger.save_dir) / str(logger.name) / version


def verb_folder(trainer: Trainer) -> Path | None:
    """The folder of the verb's own results within the run's, such as `test`; None without a logger."""
    folder, verb = run_folder(trainer), trainer.state.fn
    return folder / verb.value if folder and verb else None
