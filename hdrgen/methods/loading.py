"""A method from a checkpoint, which is data: nothing in it is run, and no module imported that nobody vouched for."""

import inspect
import re
import typing
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.modules.module import (
    register_module_buffer_registration_hook,
    register_module_parameter_registration_hook,
)

from hdrgen.errors import InputError
from hdrgen.methods.base import HDRModule
from hdrgen.weights import (
    Classes,
    arguments_in,
    as_data,
    as_objects,
    checked_arguments,
    class_path_in,
    full_name,
    named,
    read_checkpoint,
    subclasses,
)

OWN = "hdrgen.methods"
TRUSTED = ("hdrgen", "torch.optim", "torch.nn", "pytorch_lightning.cli")
"""Where the classes are from that a checkpoint may name, of those that are imported; a user's method adds its own."""
START = "initial_weights"
"""Argument of every method: a file of weights to start from."""
SPARE = 2**22
"""Numbers that a network may have besides those that its file holds: tables which it computes."""
SPARE_TENSORS = 256
"""Tensors likewise. Of each that has a norm, two are made."""


def method_in(checkpoint: dict[str, Any], path: str | Path, vouched: str | None = None) -> dict[str, Any]:
    """Class and arguments of the method that made a checkpoint, as `{"class_path": ..., "init_args": ...}`.

    All of it is plain data, of the types that the class asks for; a method of hdrgen has the sizes of the weights.

    Args:
        checkpoint: Its content.
        path: For messages.
        vouched: Import path of the method as the user gave it; taken instead of the one in the checkpoint.

    Raises:
        InputError: The checkpoint names no method, one that nobody has vouched for, or arguments that are not of it.
    """
    class_path = class_path_in(checkpoint)
    if class_path is None:
        raise InputError(f"checkpoint {path} does not say which method made it; pass method=CLASS", "method")
    cls = _vouched(vouched) if vouched else _known(class_path, path)
    try:
        arguments = checked_arguments(cls, arguments_in(checkpoint), _classes_for(cls))
    except InputError as error:
        raise InputError(f"checkpoint {path} refused: {error}; choose the method and its arguments yourself") from error
    method = {"class_path": full_name(cls), "init_args": as_data(arguments)}
    if _is_own(cls):
        _check_fit(method, checkpoint["state_dict"], path)
    return method


def without_files(method: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """A method from a checkpoint, without the files that its training would open: their names are a stranger's.

    Weights to start from are not needed by a training that goes on; those of a perceptual loss are, and a user who has
    them elsewhere than in torch.hub's cache names them again.

    Args:
        method: As `method_in` gives it.

    Returns:
        The method, and what was left out of it, by argument.
    """
    cls = next(cls for cls in subclasses(HDRModule) if full_name(cls) == method["class_path"])
    # Of every class above it, too: a method may take over another's arguments, or hand them on.
    makers = [
        vars(each)["__init__"] for each in cls.__mro__ if issubclass(each, HDRModule) and "__init__" in vars(each)
    ]
    hints = [typing.get_type_hints(maker).items() for maker in makers]
    files = {START, *(name for each in hints for name, kind in each if Path in (kind, *typing.get_args(kind)))}
    arguments = method["init_args"]
    left_out = {name: value for name, value in arguments.items() if name in files and isinstance(value, str)}
    return method | {"init_args": {n: v for n, v in arguments.items() if n not in left_out}}, left_out


def load_method(path: str | Path, method: type[HDRModule] | str | None = None) -> HDRModule:
    """The method that made a checkpoint, with its weights, on the CPU and in evaluation mode.

    Args:
        path: A checkpoint, or what `hdrgen export` made of one.
        method: Class, or its import path; needed only for a checkpoint that names none, or one outside hdrgen.

    Raises:
        InputError: See `read_checkpoint` and `method_in`; weights that do not fit, or are not finite.
    """
    if isinstance(method, type):
        method = full_name(method)
    checkpoint = read_checkpoint(path)
    settings = method_in(checkpoint, path, method)
    with _as_large_as(checkpoint["state_dict"]):
        loaded = build(settings)
    _load(loaded, checkpoint["state_dict"], path)
    _check_finite(loaded, path)
    return loaded.eval()


def build(method: dict[str, Any]) -> HDRModule:
    """A new method.

    Args:
        method: Its class and arguments, as `method_in` gives them.

    Raises:
        InputError: What the class says of its arguments.
    """
    cls = next(cls for cls in subclasses(HDRModule) if full_name(cls) == method["class_path"])
    arguments = checked_arguments(cls, method["init_args"], _classes_for(cls))
    try:
        built: HDRModule = cls(**as_objects(arguments))
    except InputError:
        raise
    except Exception as error:  # a file's arguments have the right types, and may make no sense
        told = " ".join(str(error).split())[:160]
        raise InputError(f"expected arguments that make a {cls.__name__}, found others ({told})") from error
    return built


def _known(class_path: str, path: str | Path) -> type:
    """A method of hdrgen, or another that is imported. Importing a module runs it: a name in a file is not enough."""
    every = list(subclasses(HDRModule))
    cls = named(class_path, filter(_is_own, every))
    cls = cls or next((each for each in every if full_name(each) == class_path), None)
    if cls is None:
        known = class_path[:120] if class_path.isprintable() else repr(class_path[:80])
        raise InputError(
            f"checkpoint {path} was made by {known}, which is not part of hdrgen; pass method={known}", "method"
        )
    return cls


def _vouched(class_path: str) -> type:
    module, _, name = class_path.rpartition(".")
    try:
        cls = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise InputError(f"expected the import path of a method, found {class_path} ({error})", "method") from error
    if not inspect.isclass(cls) or not issubclass(cls, HDRModule):
        raise InputError(f"expected a subclass of hdrgen.methods.HDRModule, found {class_path}", "method")
    return cls


def _is_own(cls: type) -> bool:
    return cls.__module__.startswith(f"{OWN}.")


def _classes_for(method: type) -> Classes:
    """The imported classes that may stand where another is asked for: of `TRUSTED`, and of the method's package."""
    packages = tuple(f"{package}." for package in (*TRUSTED, method.__module__.partition(".")[0]))

    def classes(base: type) -> list[type]:
        every = [base, *subclasses(base)] if base is not object else []
        return [cls for cls in every if f"{cls.__module__}.".startswith(packages) and not inspect.isabstract(cls)]

    return classes


def _check_fit(method: dict[str, Any], state: Mapping[str, Any], path: str | Path) -> None:
    """Whether names and shapes are those of the weights, by a method that takes no memory.

    Raises:
        InputError: They are not; or the arguments make no method.
    """
    try:
        with torch.device("meta"), _as_large_as(state):
            blank = build(method)
    except InputError as error:
        raise InputError(f"checkpoint {path} refused: {error}") from error
    _load(blank, _without_norms(state), path, assign=True)


def _without_norms(state: Mapping[str, Any]) -> dict[str, Any]:
    """The weights by the names that they have without spectral norm, which methods leave out where there are none.

    >>> _without_norms({"a.parametrizations.weight.original": 1, "a.parametrizations.weight.0._u": 2, "a.bias": 3})
    {'a.weight': 1, 'a.bias': 3}
    """
    norm = re.compile(r"\bparametrizations\.(\w+)\.original$")
    plain = {norm.sub(r"\1", name): value for name, value in state.items()}
    return {name: value for name, value in plain.items() if "parametrizations." not in name}


def _load(method: HDRModule, state: Mapping[str, Any], path: str | Path, assign: bool = False) -> None:
    try:
        method.load_state_dict(state, assign=assign)
    except RuntimeError as error:
        raise InputError(
            f"{path}: expected weights of a {type(method).__name__}, found others"
            f" ({' '.join(str(error).split())[:160]})"
        ) from error


def _check_finite(method: HDRModule, path: str | Path) -> None:
    bad = [name for name, value in method.state_dict().items() if not value.isfinite().all()]
    if bad:
        raise InputError(
            f"{path}: expected finite weights, found NaN or infinity in {len(bad)} tensors (the first is {bad[0]});"
            " take a checkpoint from before the training failed"
        )


@contextmanager
def _as_large_as(state: Mapping[str, Any]) -> Iterator[None]:
    """Stop the making of a network that has more numbers than these weights, before it has them.

    Raises:
        InputError: It has.
    """
    held, total = _bytes_of(state), 0
    made: dict[tuple[int, str], int] = {}

    def count(module: torch.nn.Module, name: str, tensor: Tensor | None) -> None:
        nonlocal total
        total -= made.get((id(module), name), 0)  # an assignment makes it again
        made[id(module), name] = 0 if tensor is None else tensor.numel()
        total += made[id(module), name]
        if total > held + SPARE or len(made) > 2 * len(state) + SPARE_TENSORS:
            raise InputError(f"expected weights for all of the network, found {held} bytes in {len(state)} tensors")

    handles = [
        register_module_parameter_registration_hook(count),
        register_module_buffer_registration_hook(count),
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _bytes_of(state: Mapping[str, Any]) -> int:
    """Bytes of some tensors; those that several of them share, once."""
    storages = [each.untyped_storage() for each in state.values() if isinstance(each, Tensor)]
    total = end = 0
    for start, length in sorted((each.data_ptr(), each.nbytes()) for each in storages):
        total += max(0, start + length - max(start, end))
        end = max(end, start + length)
    return total
