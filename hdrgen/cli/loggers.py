"""Where a run writes its log and checkpoints, settled between what was typed and what loggers take."""

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from jsonargparse import Namespace

from hdrgen.cli.completion import run_of_config
from hdrgen.errors import InputError
from hdrgen.methods import HDRModule
from hdrgen.weights import RUNS, logged_until, read_checkpoint

AUTO = "auto"
"""Of the options of ModelCheckpoint: what the method names."""

LOGGER_PACKAGES = {"WandbLogger": "wandb", "TensorBoardLogger": "tensorboard"}
"""What must be installed for a logger; the extras of hdrgen have the same names."""
ROOT, SAVE_DIR = "--trainer.default_root_dir", ".save_dir"
"""The option for the folder of the runs, and the end of those that give a logger one of its own."""
ELSEWHERE = ("-o", "--output", ROOT, "--trainer.logger", "--checkpoint.dirpath")
"""Beginnings of options that put a run, or its log, somewhere else."""


def settle_runs(settings: Namespace, typed: Sequence[str]) -> None:
    """Turn -o into the folder of the runs. It is spent by that: the saved config can be run again with another.

    Args:
        settings: Of the verb.
        typed: The command line, of which a folder of the runs counts more than that of a logger in a configuration.
    """
    output, settings.output = settings.output, None
    settings.grid.folder = settings.extremes.folder = None
    if output:
        settings.trainer.default_root_dir = output
    rooted = any(word.startswith(ROOT) for word in typed) and not any(SAVE_DIR in word for word in typed)
    loggers = settings.trainer.logger
    for logger in loggers if isinstance(loggers, list) else [loggers]:
        if isinstance(logger, Namespace):
            settle_logger(logger, class_name(settings.model), settings.trainer.default_root_dir, bool(output) or rooted)


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


class OwnRun(NamedTuple):
    """The run that a training goes on with: in its `folder`, `until` the last step of its log that still counts."""

    folder: Path
    until: int


def own_run(typed: Sequence[str], settings: Namespace) -> OwnRun | None:
    """The run whose configuration and whose newest checkpoint were both named, and no other place.

    An older checkpoint of it, such as the best, is where another run branches off: nothing of this one is written over.

    Args:
        typed: The command line, the verb first.
        settings: What was made of it, with the checkpoint's path.
    """
    folder, checkpoint = run_of_config(typed[1:]), settings.ckpt_path
    if folder is None or not checkpoint or any(option.startswith(ELSEWHERE) for option in typed[1:]):
        return None
    if settings.trainer.get("fast_dev_run"):
        return None
    path = Path(checkpoint)
    last = path.with_name("last.ckpt")
    if path.resolve().parent != folder.resolve() / "checkpoints" or not _takes_folder(settings.trainer.logger, folder):
        return None
    if last.is_file() and path.stat().st_mtime_ns < last.stat().st_mtime_ns:
        return None
    until = logged_until(read_checkpoint(path).get("loops", {}))
    return None if until is None else OwnRun(folder, until)


def within(run: OwnRun | None, loggers: Any) -> Any:
    """The settings of loggers that write into the folder of a run; without one, as they are."""
    if run is None:
        return loggers
    if isinstance(loggers, list):
        return [within(run, logger) for logger in loggers]
    return _within(run, loggers) if isinstance(loggers, Namespace) else loggers


def _within(run: OwnRun, logger: Namespace) -> Namespace:
    logger, folder = logger.clone(), run.folder.resolve()
    arguments = logger.init_args
    if "save_dir" in arguments:
        arguments.save_dir = str(folder.parent.parent)
    if "version" in arguments:
        arguments.version = folder.name
    if class_name(logger) != "WandbLogger":  # of which it is a run's title
        arguments.name = folder.parent.name
    if class_name(logger) == "TensorBoardLogger":
        arguments.purge_step = run.until + 1  # what a killed run logged beyond is hidden
    return logger


def _takes_folder(loggers: Any, folder: Path) -> bool:
    """Whether the first logger, which names a run's folder, can be told to use this one."""
    logger = loggers[0] if isinstance(loggers, list) and loggers else loggers
    if class_name(logger) == "WandbLogger":
        return bool(logger.init_args.project == folder.resolve().parent.name)
    return class_name(logger) in ("CSVLogger", "TensorBoardLogger")


def settle_checkpoint(settings: Namespace, unvalidated: bool = False) -> None:
    """Replace `auto` among the options of ModelCheckpoint by what the method monitors, and a file name that says so.

    Args:
        settings: Of the verb.
        unvalidated: Whether the training has no validation: the newest alone is kept then, as no score chooses one.
    """
    chosen, method = settings.checkpoint, _method_class(settings)
    if chosen.monitor == AUTO:
        chosen.monitor = None if unvalidated else method.monitored()
        chosen.save_top_k = 0 if unvalidated else chosen.save_top_k
    if chosen.mode == AUTO:
        chosen.mode = method.monitor_mode if chosen.monitor == method.monitored() else "max"
    if chosen.filename == AUTO:
        score = f"-{chosen.monitor.rpartition('/')[2]}={{{chosen.monitor}:.2f}}" if chosen.monitor else ""
        chosen.filename = f"epoch={{epoch:03d}}{score}"


def _method_class(settings: Namespace) -> type[HDRModule]:
    """The class of the method; the base class where none is named."""
    if not isinstance(settings.get("model"), Namespace):
        return HDRModule
    module, _, name = settings.model.class_path.rpartition(".")
    method: type[HDRModule] = getattr(import_module(module), name)
    return method
