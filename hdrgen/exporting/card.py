"""The card of an exported method: what it is, where it comes from, and how it is used."""

import inspect
import json
import math
from pathlib import Path
from typing import Any

from hdrgen.exporting.program import Program
from hdrgen.methods import HDRModule
from hdrgen.plain_files import read_yaml
from hdrgen.provenance import provenance
from hdrgen.weights import weights_in

CONFIG, CHECKPOINTS = "config.yaml", "checkpoints"


def describe(
    method: HDRModule, settings: dict[str, Any], checkpoint: Path, program: Program | None, progress: dict[str, Any]
) -> dict[str, Any]:
    """The card, for JSON.

    Args:
        method: The method.
        settings: Its class and arguments, as `hdrgen.methods.loading.method_in` gives them.
        checkpoint: Where its weights come from.
        program: The exported one; None where only weights are exported.
        progress: Epoch and step of the training, where the checkpoint has them.
    """
    run = training_config(checkpoint)
    return {
        "method": type(method).__name__,
        "paper": _paragraph(method, "Paper:"),
        "about": (inspect.getdoc(type(method)) or "").partition("\n")[0],
        "config": plain(settings),
        "data": plain({part: run.get("data", {}).get(part) for part in ("train", "val")}) if run else None,
        "training": plain(progress | {"seed": run.get("seed_everything"), "optimizer": _optimizer(run)}),
        "checkpoint": checkpoint.name,
        "parameters": sum(parameter.numel() for parameter in method.parameters()),
        "inputs": plain(program.takes()) if program else None,
        "outputs": plain(program.makes()) if program else None,
        "tiles": program.tiles() if program else None,
        "stack_ev": [plain(value) for value in method.stack_ev] if method.generates else None,
        "licence": "MIT for hdrgen and what it exports; the data a network was trained on may set further terms",
        "made_by": provenance(),
    }


def training_config(checkpoint: Path) -> dict[str, Any]:
    """The configuration that `hdrgen fit` keeps beside the checkpoints of a run; empty where there is none."""
    folder = weights_in(checkpoint).absolute().parent
    place = folder.parent / CONFIG
    if folder.name != CHECKPOINTS or not place.is_file():
        return {}
    settings_of_run = read_yaml(place)
    return settings_of_run if isinstance(settings_of_run, dict) else {}


def plain(value: Any) -> Any:
    """A value that JSON can hold: infinite EVs become their direction, and objects their text.

    >>> plain({"ev": (float("-inf"), 0.0), "path": Path("a")})
    {'ev': ['darker', 0.0], 'path': 'a'}
    """
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "unknown" if math.isnan(value) else "brighter" if value > 0 else "darker"
    try:
        json.dumps(value)
    except TypeError:
        return str(value)
    return value


def _optimizer(run: dict[str, Any]) -> Any:
    model = run.get("model")
    return model.get("init_args", {}).get("optimizer") if isinstance(model, dict) else None


def _paragraph(method: HDRModule, heading: str) -> str | None:
    """The paragraph below a heading of the method's docstring."""
    text = inspect.getdoc(type(method)) or ""
    paragraph = text.partition(f"{heading}\n")[2].partition("\n\n")[0]
    return " ".join(paragraph.split()) or None
