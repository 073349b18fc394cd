"""A method from a checkpoint, which is data: nothing in it is run, and no module imported that nobody vouched for."""

from pathlib import Path
from typing import Any

from hdrgen.configs import LightningParser, one_line_errors, subclasses
from hdrgen.errors import InputError
from hdrgen.methods.base import HDRModule
from hdrgen.weights import TRUSTED, arguments_in, check_arguments, class_path_in, is_within, read_checkpoint


def method_in(checkpoint: dict[str, Any], path: str | Path, vouched: str | None = None) -> dict[str, Any]:
    """Class and arguments of the method that made a checkpoint, as `{"class_path": ..., "init_args": ...}`.

    Args:
        checkpoint: Its content.
        path: For messages.
        vouched: Import path of the method as the user gave it; taken instead of the one in the checkpoint.

    Raises:
        InputError: The checkpoint names no method, or classes from modules that nobody has vouched for.
    """
    class_path = class_path_in(checkpoint)
    if class_path is None:
        raise InputError(f"checkpoint {path} does not say which method made it; pass method=CLASS", "method")
    if vouched is None:
        _check_method(class_path, path)
    class_path, arguments = vouched or class_path, arguments_in(checkpoint)
    check_arguments(arguments, (*TRUSTED, class_path.partition(".")[0]), path)
    return {"class_path": class_path, "init_args": arguments}


def load_method(path: str | Path, method: type[HDRModule] | str | None = None) -> HDRModule:
    """The method that made a checkpoint, with its weights, on the CPU and in evaluation mode.

    Args:
        path: A checkpoint, or what `hdrgen export` made of one.
        method: Class, or its import path; needed only for a checkpoint that names none, or one outside hdrgen.

    Raises:
        InputError: See `read_checkpoint` and `method_in`; weights that do not fit.
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
        InputError: An argument that the class does not take.
    """
    parser = LightningParser()
    parser.add_lightning_class_args(HDRModule, "model", subclass_mode=True)
    with one_line_errors():
        built: HDRModule = parser.instantiate_classes(parser.parse_object({"model": method})).model
    return built


def _check_method(class_path: str, path: str | Path) -> None:
    """Importing a module runs it, so a name in a file is not enough to import one."""
    imported = (f"{cls.__module__}.{cls.__qualname__}" for cls in subclasses(HDRModule))
    if not is_within(class_path, TRUSTED[:1]) and class_path not in imported:
        raise InputError(
            f"checkpoint {path} was made by {class_path}, which is not part of hdrgen; pass method={class_path}",
            "method",
        )
