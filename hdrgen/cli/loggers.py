"""Where a run writes its log and checkpoints, settled between what was typed and what loggers take."""

from importlib.util import find_spec
from typing import Any

from jsonargparse import Namespace

from hdrgen.errors import InputError
from hdrgen.weights import RUNS

LOGGER_PACKAGES = {"WandbLogger": "wandb", "TensorBoardLogger": "tensorboard"}
"""What must be installed for a logger; the extras of hdrgen have the same names."""


def settle_runs(settings: Namespace) -> None:
    """Turn -o into the folder of the runs. It is spent by that: the saved config can be run again with another."""
    typed, settings.output = settings.output, None
    settings.grid.folder = settings.extremes.folder = None
    if typed:
        settings.trainer.default_root_dir = typed
    loggers = settings.trainer.logger
    for logger in loggers if isinstance(loggers, list) else [loggers]:
        if isinstance(logger, Namespace):
            settle_logger(logger, class_name(settings.model), settings.trainer.default_root_dir, bool(typed))


def settle_logger(logger: Namespace, method: str, root: str | None, forced: bool) -> None:
    """Put a logger's files below `root`, unless the user chose another folder, and name the run after its method.

    Raises:
        InputError: The package that the logger needs is not installed.
    """
    package = LOGGER_PACKAGES.get(class_name(logger))
    if package and find_spec(package) is None:
        raise InputError(f"{class_name(logger)} needs the package {package}: pip install 'hdrgen[{package}]'")
    arguments = logger.init_args
    if "save_dir" in arguments and (forced or arguments.save_dir in (None, ".", RUNS)):
        arguments.save_dir = root or RUNS
    if arguments.get("name") == "lightning_logs":
        arguments.name = method
    if "project" in arguments and arguments.project is None:
        arguments.project = "hdrgen"


def class_name(settings: Any) -> str:
    """Short class name of a `{class_path, init_args}` setting; empty for others."""
    return str(settings.class_path).rpartition(".")[2] if isinstance(settings, Namespace) else ""
