"""From a checkpoint to the files of an exported method."""

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hdrgen.errors import InputError
from hdrgen.exporting.card import describe
from hdrgen.exporting.conversion import to_onnx, to_torch
from hdrgen.exporting.exposures import ExposureProgram, exported_exposures
from hdrgen.exporting.fusing import Fuses, FusingProgram
from hdrgen.exporting.model_card import model_card
from hdrgen.exporting.photograph import ExpandingProgram
from hdrgen.exporting.program import Program
from hdrgen.exporting.weights_file import content_of, half_weights_of, weights_of
from hdrgen.io import complete_or_nothing
from hdrgen.methods import HDRModule, load_method, method_in
from hdrgen.weights import METHOD, PROGRAM, WEIGHTS, card_of, read_checkpoint

FORMATS = {"safetensors": WEIGHTS, "pt2": "model.pt2", "onnx": PROGRAM}
"""Formats of an exported method, and the names of their files."""
CARD = "card.json"
TOLERANCE = 1e-4
"""Largest difference between the method and an exported program, in display values or parts of the peak radiance."""
CHECKED = ((2, 2), (3, 4))
"""Sizes that programs are checked at, in units of the smallest; both other than the one they are traced at."""

Run = Callable[[dict[str, Tensor]], Sequence[Tensor]]


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        card: What `card.json` holds.
        files: All files.
        differences: By format, the largest difference to the method; None where it could not be run here. Of weights
            only where they were rounded to half precision.
    """

    card: dict[str, Any]
    files: list[Path] = field(default_factory=list)
    differences: dict[str, float | None] = field(default_factory=dict)


def export(
    checkpoint: Path,
    folder: Path,
    formats: Sequence[str] = tuple(FORMATS),
    ev: Sequence[float] | None = None,
    method: str | None = None,
    half: bool = False,
) -> Exported:
    """Export a trained method; every file is there whole or not at all, and programs are checked before they are.

    Args:
        checkpoint: What `hdrgen fit` wrote; nothing in it is ever executed.
        folder: Where the files go.
        formats: Some of `FORMATS`.
        ev: Exposures that the programs generate; None: those of the method's stack.
        method: Import path of the method's class, for one that is not part of hdrgen.
        half: Whether the weights are kept in half precision, where that changes no picture; see `weights_of`.

    Raises:
        InputError: See `load_method` and `program_of`; missing packages; a program, or weights in half precision, that
            do something else.
    """
    _require(formats)
    loaded, settings, progress = _read(checkpoint, method)
    programs = [name for name in formats if name != "safetensors"]
    program = program_of(loaded, ev) if programs else None
    exported = Exported(describe(loaded, settings, checkpoint, program, progress))
    weights = _weights(loaded, settings, half, exported) if "safetensors" in formats else None
    if program is not None:
        _write_programs(program, programs, folder, exported)
    if weights is not None:
        _write(folder / WEIGHTS, weights, exported)
    exported.card["checked"] = {name: value for name, value in exported.differences.items() if value is not None}
    _write(folder / CARD, (json.dumps(exported.card, indent=2) + "\n").encode(), exported)
    return exported


def export_weights(checkpoint: Path, file: Path, method: str | None = None, half: bool = False) -> Exported:
    """Export the weights of a trained method as one file, with the model card `NAME.md` beside it.

    The same weights give the same bytes. Of a card that is there already, only what the file decides is set anew.

    Args:
        checkpoint: As of `export`.
        file: `NAME.safetensors`.
        method: As of `export`.
        half: As of `export`.

    Raises:
        InputError: See `load_method`; weights in half precision that do something else.
    """
    loaded, settings, progress = _read(checkpoint, method)
    exported = Exported(describe(loaded, settings, checkpoint, None, progress))
    content = _weights(loaded, settings, half, exported)
    card = model_card(card_of(file), exported.card, content)
    _write(file, content, exported)
    _write(card_of(file), card.encode(), exported)
    return exported


def program_of(method: HDRModule, ev: Sequence[float] | None = None) -> Program:
    """The program of a method.

    Args:
        method: One that generates exposures, or whose network makes radiance of one photograph or of three.
        ev: The exposures to generate; None: those of the method's stack.

    Raises:
        InputError: A method without a network; exposures that it cannot make.
    """
    if method.generates:
        return ExposureProgram(method, exported_exposures(method, ev))
    expands = method.input == "photograph" and type(method).expand is not HDRModule.expand
    if not expands and not isinstance(method, Fuses):
        raise InputError(
            f"{type(method).__name__} has no network that a program could hold: only its weights can be exported;"
            " pass formats=['safetensors']",
            "formats",
        )
    if ev is not None:
        raise InputError(f"{type(method).__name__} generates no exposures, found ev={list(ev)}", "ev")
    return ExpandingProgram(method) if expands else FusingProgram(method)


def _require(formats: Sequence[str]) -> None:
    needs = {"onnx": ("onnx", "onnxscript")}
    missing = [name for form in formats for name in needs.get(form, ()) if find_spec(name) is None]
    if missing:
        raise InputError(
            f"exporting needs the package {missing[0]}; pip install 'hdrgen[export]', or pass formats=['pt2']",
            "formats",
        )


def _read(checkpoint: Path, method: str | None) -> tuple[HDRModule, dict[str, Any], dict[str, Any]]:
    """The method, its class and arguments, and how far its training was."""
    content = read_checkpoint(checkpoint)
    progress: dict[str, Any] = {key: content[key] for key in ("epoch", "global_step") if key in content}
    return load_method(checkpoint, method), method_in(content, checkpoint, method), progress


def _weights(method: HDRModule, settings: dict[str, Any], half: bool, exported: Exported) -> bytes:
    if not half:
        return content_of(settings, weights_of(method))
    state, exported.differences["safetensors"] = half_weights_of(method)
    return content_of(settings, state)


def _write(file: Path, content: bytes, exported: Exported) -> None:
    with complete_or_nothing(file) as path:
        path.write_bytes(content)
    exported.files.append(file)


def _write_programs(program: Program, formats: Sequence[str], folder: Path, exported: Exported) -> None:
    traced = to_torch(program)
    for name in formats:
        with complete_or_nothing(folder / FORMATS[name]) as path:
            if name == "pt2":
                held = io.BytesIO()  # torch's own writer ends the process when the disk is full
                torch.export.save(traced, held)
                path.write_bytes(held.getbuffer())
                run: Run | None = _runs_torch(traced)
            else:
                to_onnx(program, traced, {METHOD: json.dumps(exported.card)}).save(path)
                run = _runs_onnx(path)
            exported.differences[name] = None if run is None else _difference(program, run, name)
        exported.files.append(folder / FORMATS[name])


def _difference(program: Program, run: Run, name: str) -> float:
    """Largest difference to what the method itself makes, at two sizes; of radiance, relative to its peak.

    Raises:
        InputError: More than rounding.
    """
    largest = 0.0
    for size in CHECKED:
        inputs = program.inputs(*(times * program.smallest for times in size))
        for output, expected in zip(run(inputs), program.expected(inputs), strict=True):
            largest = max(largest, float((output - expected).abs().max() / expected.max().clamp_min(1)))
    if not largest <= TOLERANCE:
        raise InputError(
            f"{type(program.method).__name__} as {name} differs by {largest:.2g} from itself, more than {TOLERANCE:g}:"
            " nothing was written; choose formats without it",
            "formats",
        )
    return largest


def _runs_torch(program: torch.export.ExportedProgram) -> Run:
    module = program.module()

    def run(inputs: dict[str, Tensor]) -> list[Tensor]:
        with torch.no_grad():
            return list(module(**inputs))

    return run


def _runs_onnx(path: Path) -> Run | None:
    """What runs an ONNX file; None without onnxruntime."""
    if find_spec("onnxruntime") is None:
        return None
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors only
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def run(inputs: dict[str, Tensor]) -> list[Tensor]:
        return [torch.from_numpy(output) for output in session.run(None, {k: v.numpy() for k, v in inputs.items()})]

    return run
