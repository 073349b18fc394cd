"""Reading checkpoints as data: which method made one, with which arguments; nothing in a file is ever executed."""

from pathlib import Path
from typing import Any

from hdrgen.configs.failures import one_line_errors
from hdrgen.configs.parsing import Parser, subclasses
from hdrgen.errors import InputError
from hdrgen.methods.base import HDRModule
from hdrgen.nn import read_checkpoint
from hdrgen.weights.untrusted import named_in

TRUSTED = ("hdrgen", "torch.optim", "torch.nn", "pytorch_lightning.cli")
"""Where the classes may come from that a checkpoint names; all others only on the user's word."""


def method_in(checkpoint: dict[str, Any], path: str | Path, vouched: str | None = None) -> dict[str, Any]:
    """Class and arguments of the method that made a checkpoint, as `{"class_path": ..., "init_args": ...}`.

    Args:
        checkpoint: Its content.
        path: For messages.
        vouched: Import path of the method as the user gave it; taken instead of the one in the checkpoint.

    Raises:
        InputError: the checkpoint names no method, or classes from modules that nobody has vouched for.
    """
    arguments = dict(checkpoint.get("hyper_parameters") or {})
    arguments.pop("_instantiator", None)
    class_path = arguments.pop("_class_path", None) or checkpoint.get("hdrgen", {}).get("class_path")
    if class_path is None:
        raise InputError(f"checkpoint {path} does not say which method made it; pass --model or --config as well")
    if vouched is None:
        _check_method(class_path, path)
    for name in named_in(arguments):
        if not _is_within(name, (*TRUSTED, (vouched or class_path).partition(".")[0])):
            raise InputError(
                f"checkpoint {path} refused: its arguments name {' '.join(name.split())[:120]}, which would be imported"
                " or read; pass --model with your own choice"
            )
    return {"class_path": vouched or class_path, "init_args": arguments}


def load_method(path: str | Path, method: type[HDRModule] | str | None = None) -> HDRModule:
    """The method that made a checkpoint, with its weights, on the CPU and in evaluation mode.

    Args:
        path: A checkpoint, or what `hdrgen export` made of one.
        method: Class, or its import path; needed only for a checkpoint that names none, or one outside hdrgen.

    Raises:
        InputError: see `read_checkpoint` and `method_in`; weights that do not fit.
    """
    if isinstance(method, type):
        method = f"{method.__module__}.{method.__qualname__}"
    checkpoint = read_checkpoint(path)
    loaded = build(method_in(checkpoint, path, method))
    try:
        loaded.load_state_dict(checkpoint["state_dict"])
    except RuntimeError as error:
        raise InputError(
            f"{path}: expected weights of a {type(loaded).__name__}, found others"
            f" ({' '.join(str(error).split())[:160]})"
        ) from error
    return loaded.eval()


def build(method: dict[str, Any]) -> HDRModule:
    """A new method.

    Args:
        method: Its class and arguments, as `method_in` gives them.

    Raises:
        InputError: an argument that the class does not take.
    """
    parser = Parser()
    parser.add_lightning_class_args(HDRModule, "model", subclass_mode=True)
    with one_line_errors():
        made: HDRModule = parser.instantiate_classes(parser.parse_object({"model": method})).model
    return made


def class_name_in(checkpoint: dict[str, Any]) -> str | None:
    """Short name of the class that made a checkpoint."""
    noted = checkpoint.get("hyper_parameters", {}).get("_class_path") or checkpoint.get("hdrgen", {}).get("class_path")
    return noted.rpartition(".")[2] if noted else None


def _check_method(class_path: str, path: str | Path) -> None:
    """Importing a module runs it, so a name in a file is not enough to import one."""
    imported = (f"{cls.__module__}.{cls.__qualname__}" for cls in subclasses(HDRModule))
    if not _is_within(class_path, TRUSTED[:1]) and class_path not in imported:
        raise InputError(
            f"checkpoint {path} was made by {class_path}, which is not part of hdrgen; add --model {class_path}"
        )


def _is_within(name: str, packages: tuple[str, ...]) -> bool:
    return name.startswith(tuple(f"{package}." for package in packages))


def find_last(folder: str | Path, method: str | None = None) -> Path | None:
    """The newest `last.ckpt` below a folder, of one method where its class name is given."""
    files = sorted(Path(folder).rglob("last*.ckpt"), key=lambda file: file.stat().st_mtime, reverse=True)
    fitting = (file for file in files if method is None or class_name_in(read_checkpoint(file)) == method)
    return next(fitting, None)


def find_best(last: Path) -> Path:
    """The best checkpoint that the run which wrote `last` knew of.

    Raises:
        InputError: the run scored nothing, or the file is gone.
    """
    states = (read_checkpoint(last).get("callbacks") or {}).values()
    best = next((state["best_model_path"] for state in states if state.get("best_model_path")), None)
    if best is None:
        raise InputError(
            f"the run of {last} has no best checkpoint: it had no validation scores; pass --ckpt_path {last}"
        )
    beside = last.parent / Path(best).name  # the run may have been moved
    if not beside.is_file():
        raise InputError(f"the best checkpoint {beside} is gone; pass --ckpt_path {last}")
    return beside
