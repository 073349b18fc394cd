"""The inputs of a test as files, so that programs which are not hdrgen can be run on just these."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from hdrgen.callbacks import ResultFiles, file_name
from hdrgen.data import SelectedExposures, StackDataset, collate, write_stack
from hdrgen.errors import InputError
from hdrgen.io import write_complete, write_image
from hdrgen.methods import source_of
from hdrgen.metrics import EvaluationProtocol
from hdrgen.provenance import provenance

MANIFEST = "scenes.json"
PHOTOGRAPHS, STACKS = "photographs", "stacks"
"""Folders: the one input of each scene, and all its exposures."""
HOW = {
    "photographs": "the input of a method that takes one photograph, and all that it may see of the scene",
    "stacks": "all exposures of the scene, the truth of generated ones; the input of a method that takes several",
    "radiance": "write RESULTS/SCENE.exr (or .npy, .tif, .hdr): linear BT.709, 1 being the white of the photograph",
    "exposures": "write RESULTS/SCENE_ev+1.0.png (or .tif), display values, EV relative to the photograph",
    "size": "of the photograph",
}


def write_inputs(
    scenes: StackDataset,
    protocol: EvaluationProtocol,
    folder: Path,
    *,
    seed: int = 0,
    about: Mapping[str, Any] | None = None,
    progress: Callable[[str], None] = lambda scene: None,
) -> Path:
    """Write what a method is given in a test: the photograph and the stack of each scene, in the protocol's size.

    Frames that are 8-bit codes are written with 8 bits, resized ones with 16.

    Args:
        scenes: Of the test.
        protocol: Chooses input, size and exposures.
        folder: Created if missing; files of the same names are replaced.
        seed: Of the data module, for scenes that are invented or rendered.
        about: What else the manifest says, such as the data set's class and arguments.
        progress: Told the name of each scene.

    Returns:
        The manifest, written last: where it is, all files are.

    Raises:
        InputError: A scene that cannot be read, or two that would be the same files.
    """
    entries = dict[str, dict[str, Any]]()
    selected = SelectedExposures(scenes, seed=seed)
    for index in range(len(scenes)):
        name = file_name(scenes.scene(index))
        if name in entries:
            raise InputError(f"expected a file name for each scene, found {name} for two; rename one")
        entries[name] = _written(protocol.prepared(collate([selected[index]])), protocol, folder, name)
        progress(scenes.scene(index))
    content = {
        "how": HOW,
        "protocol": protocol.settings(),
        **(about or {}),
        "scenes": list(entries.values()),
        "software": provenance(),
    }
    write_complete(folder / MANIFEST, json.dumps(content, indent=2) + "\n")
    return folder / MANIFEST


def _written(batch: dict[str, Any], protocol: EvaluationProtocol, folder: Path, name: str) -> dict[str, Any]:
    """Write one scene, and say what it is."""
    source, ev, stack = source_of(batch)[0], batch["ev"][0], batch["ldr"][0]
    photograph = folder / PHOTOGRAPHS / f"{name}.png"
    write_image(photograph, source.permute(1, 2, 0).numpy(), bits=_bits(source))
    write_stack({"ldr": stack, "ev": ev, "ref": batch["ref"][0], "scene": name}, folder / STACKS / name, _bits(stack))
    stops = [stops for stops in (ev - ev[batch["ref"][0]]).tolist() if stops != 0]
    if protocol.exposures is not None:
        stops = sorted(protocol.exposures)
    files = ResultFiles(Path(), ("exr",), "png", None)
    return {
        "scene": batch["scene"][0],
        "photograph": photograph.relative_to(folder).as_posix(),
        "stack": f"{STACKS}/{name}",
        "size": [stack.shape[-1], stack.shape[-2]],
        "results": {
            "radiance": files.radiance_file(name, "exr").name,
            "exposures": {f"{one:+.9g}": files.exposure_file(name, one).name for one in stops},
        },
    }


def _bits(images: Tensor) -> int:
    """8 where the values are such codes, else 16."""
    codes = images * 255
    return 8 if bool(((codes - codes.round()).abs() < 1e-4).all()) else 16
