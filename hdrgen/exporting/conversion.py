"""Programs as files that run without hdrgen: by `torch.export`, and as ONNX."""

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import torch

from hdrgen.errors import InputError
from hdrgen.exporting.program import Program


def to_torch(program: Program) -> torch.export.ExportedProgram:
    """The program by `torch.export`, for any height and width.

    Raises:
        InputError: The method does what a program cannot hold.
    """
    try:
        with torch.no_grad(), _without_noise():
            return torch.export.export(
                program,
                (),
                program.example(),
                dynamic_shapes=_dynamic_shapes(program),
                strict=False,
                prefer_deferred_runtime_asserts_over_guards=True,
            )
    except RuntimeError as error:  # what torch raises for choices by a tensor's value is one
        raise InputError(
            f"torch.export cannot follow {type(program.method).__name__} ({str(error).splitlines()[0]}); choose by"
            " plain numbers, such as ev.tolist(), not by values of tensors, or pass formats=['safetensors']",
            "formats",
        ) from error


def _dynamic_shapes(program: Program) -> dict[str, dict[int, Any]]:
    shapes = {taken["name"]: taken["shape"] for taken in program.takes()}
    return {
        name: {axis: torch.export.Dim.DYNAMIC for axis, side in enumerate(shape) if side in ("H", "W")}
        for name, shape in shapes.items()
    }


def to_onnx(program: Program, traced: torch.export.ExportedProgram, about: dict[str, str]) -> torch.onnx.ONNXProgram:
    """The program as ONNX.

    Args:
        program: It names inputs and outputs.
        traced: Of `to_torch`.
        about: What is noted in the file, by name.

    Raises:
        InputError: A package is missing.
    """
    inputs = [taken["name"] for taken in program.takes()]
    try:
        with _without_noise(), contextlib.redirect_stdout(io.StringIO()):
            converted = torch.onnx.export(
                traced, input_names=inputs, output_names=program.outputs, dynamo=True, verbose=False
            )
    except ImportError as error:
        raise InputError(
            f"ONNX needs the packages onnx and onnxscript ({error}); pip install 'hdrgen[export]'"
        ) from error
    assert converted is not None
    converted.model.metadata_props.update(about)
    return converted


@contextlib.contextmanager
def _without_noise() -> Iterator[None]:
    """Silence what the exporters log about optional packages and their own internals."""
    loggers: list[Any] = [logging.getLogger(name) for name in ("torch.onnx", "torch.fx", "torch.export", "onnxscript")]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
