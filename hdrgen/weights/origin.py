"""What a checkpoint notes about the method that made it, as plain data: nothing that is named is imported."""

from collections.abc import Iterator
from typing import Any

NOTES = ("_class_path", "_instantiator")
"""What LightningCLI notes among the arguments."""


def class_path_in(checkpoint: dict[str, Any]) -> str | None:
    """Import path of the class that made a checkpoint; None where it notes none."""
    # LightningCLI notes it among the arguments; a training from Python leaves it to HDRModule.on_save_checkpoint.
    by_cli: str | None = checkpoint.get("hyper_parameters", {}).get("_class_path")
    by_module: str | None = checkpoint.get("hdrgen", {}).get("class_path")
    return by_cli or by_module


def class_name_in(checkpoint: dict[str, Any]) -> str | None:
    """Short name of the class that made a checkpoint; None where it notes none."""
    path = class_path_in(checkpoint)
    return path.rpartition(".")[2] if path else None


def arguments_in(checkpoint: dict[str, Any]) -> dict[str, Any]:
    """The arguments that the method was made with."""
    return {name: value for name, value in checkpoint.get("hyper_parameters", {}).items() if name not in NOTES}


def subclasses(cls: type) -> Iterator[type]:
    """All imported classes below `cls`."""
    children: list[type] = cls.__subclasses__()
    for child in children:
        yield child
        yield from subclasses(child)
