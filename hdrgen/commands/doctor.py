"""`hdrgen doctor`: what is installed, what this machine has, and what is missing for which verb."""

import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hdrgen.cli import VERBS, CommandParser, add_config_argument, with_config
from hdrgen.errors import TRAIN
from hdrgen.text_table import text_table

GIB = 2**30
NEEDED = (
    "torch",
    "safetensors",
    "numpy",
    "scipy",
    "pillow",
    "imageio",
    "OpenImageIO",
    "rawpy",
    "psutil",
    "PyYAML",
    "tqdm",
)
"""Packages that come with hdrgen, beside those of the extra `train`; those whose versions decide what it does."""
SCARCE_DISK, SCARCE_MEMORY = 2.0, 2.0
"""GiB of which less is worth a word: a training's checkpoints, a photograph of 24 megapixels on its way."""


class Extra(NamedTuple):
    """An optional package: its module, the extra of hdrgen that brings it, and for what it is."""

    module: str
    extra: str
    purpose: str


EXTRAS: dict[str, Extra] = {
    "wandb": Extra("wandb", "wandb", "fit --trainer.logger WandbLogger"),
    "tensorboard": Extra("tensorboard", "tensorboard", "fit --trainer.logger TensorBoardLogger"),
    "cvvdp": Extra("pycvvdp", "cvvdp", "the metric cvvdp in test and compare"),
    "imagecodecs": Extra("imagecodecs", "formats", "AVIF with 10 bits in expand and tonemap"),
    "pillow-heif": Extra("pillow_heif", "heic", "HEIC photographs in every verb"),
    "onnx": Extra("onnx", "export", "export --formats onnx"),
    "onnxscript": Extra("onnxscript", "export", "export --formats onnx"),
    "s3fs": Extra("s3fs", "stream", "packed stacks at s3:// in pack, fit, validate and test"),
    "onnxruntime": Extra("onnxruntime", "", "the check of exported ONNX programs"),
    "optuna": Extra("optuna", "", "sweeps as docs/sweeps.md has them"),
}


def parser(verb: str) -> CommandParser:
    """The arguments of this verb."""
    options = CommandParser(
        prog=f"hdrgen {verb}",
        description="Print versions, devices, optional packages, free memory and disk, and what is missing for which"
        " verb: one screen, for reports of bugs. Exit status 0 also where something is missing.",
    )
    options.add_argument("--json", action="store_true", help="print JSON instead of text")
    add_config_argument(options, "json: true")
    return options


def run(verb: str, arguments: Sequence[str]) -> None:
    """Look, and say what there is."""
    options = parser(verb).parse_args(with_config(arguments))
    found = examined()
    print(json.dumps(found, indent=2) if options.json else as_text(found))


def examined() -> dict[str, Any]:
    """Everything that is printed, as JSON has it."""
    from hdrgen.plugins import plugins
    from hdrgen.provenance import commit
    from hdrgen.version import __version__

    found: dict[str, Any] = {
        "hdrgen": __version__,
        "commit": commit(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "cpus": os.cpu_count(),
        "packages": {name: _version(name) for name in (*NEEDED, *TRAIN.values())},
        "extras": {name: _version(name) if _is_there(extra.module) else None for name, extra in EXTRAS.items()},
        "plugins": [f"{each.class_path} ({each.package})" for each in plugins()],
        "devices": _devices(),
        "memory": _memory(),
        "disk": {str(path): _free_disk(path) for path in dict.fromkeys((Path.cwd(), Path.home()))},
    }
    return found | {"missing": _missing(found)}


def as_text(found: dict[str, Any]) -> str:
    """The same for people."""
    packages = ", ".join(f"{name} {version}" for name, version in found["packages"].items() if version)
    extras = ", ".join(f"{name} {version}" for name, version in found["extras"].items() if version)
    memory, devices = found["memory"], found["devices"]
    rows = [
        ("hdrgen", f"{found['hdrgen']}, commit {found['commit'] or 'unknown'}"),
        ("Python", f"{found['python']}, {sys.executable}"),
        ("system", f"{found['system']}, {found['cpus']} CPUs"),
        ("devices", ", ".join(devices) or "CPU alone"),
        ("memory", "unknown" if memory is None else f"{memory['free']} of {memory['total']} GiB free"),
        *(("disk", f"{free} GiB free at {path}") for path, free in found["disk"].items()),
        ("packages", packages),
        ("optional", extras or "none"),
        *([("plugins", ", ".join(found["plugins"]))] if found["plugins"] else []),
    ]
    missing = [f"  {line}" for line in found["missing"]] or ["  nothing"]
    return "\n".join([*text_table(rows), "missing:", *missing])


def _missing(found: dict[str, Any]) -> list[str]:
    """What is not there, and for what it would be, a line each."""
    lines = [
        f"{name}: hdrgen does not work without; pip install {name}" for name in NEEDED if not found["packages"][name]
    ]
    if left_out := [name for name in dict.fromkeys(TRAIN.values()) if not found["packages"][name]]:
        verbs = ", ".join(verb for verb, entry in VERBS.items() if entry.extra)
        lines.append(f"{', '.join(left_out)}: for {verbs}, and networks in merge and crf; pip install 'hdrgen[train]'")
    for name, extra in EXTRAS.items():
        if found["extras"][name] is None:
            install = f"'hdrgen[{extra.extra}]'" if extra.extra else name
            lines.append(f"{name}: for {extra.purpose}; pip install {install}")
    memory = found["memory"]
    if memory is not None and memory["free"] < SCARCE_MEMORY:
        lines.append(f"memory: {memory['free']} GiB free; for large photographs and training, end other programs")
    for path, free in found["disk"].items():
        if free is not None and free < SCARCE_DISK:
            lines.append(f"disk: {free} GiB free at {path}; for checkpoints and results, make room")
    return lines


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _version(name: str) -> str | None:
    """None where it is not installed; `installed` where it does not say."""
    for spelled in (name, name.replace("onnxruntime", "onnxruntime-gpu")):
        try:
            return importlib.metadata.version(spelled) or "installed"
        except importlib.metadata.PackageNotFoundError:
            continue
    return None


def _devices() -> list[str]:
    """Accelerators that torch finds; a broken torch is told by its error, not by a traceback."""
    try:
        import torch

        names = [torch.cuda.get_device_properties(at) for at in range(torch.cuda.device_count())]
        found = [f"{each.name}, {each.total_memory / GIB:.0f} GiB" for each in names]
        return found + (["Apple GPU (mps)"] if torch.backends.mps.is_available() else [])
    except Exception as error:  # whatever a wrong driver or a broken installation raises is what is asked for
        return [f"torch cannot be used: {' '.join(str(error).split())[:120]}"]


def _memory() -> dict[str, float] | None:
    """Free and all, in GiB."""
    try:
        import psutil

        memory = psutil.virtual_memory()
        return {"free": round(memory.available / GIB, 1), "total": round(memory.total / GIB, 1)}
    except Exception:  # a broken psutil is in the list of packages
        return None


def _free_disk(path: Path) -> float | None:
    try:
        return round(shutil.disk_usage(path).free / GIB, 1)
    except OSError:
        return None
