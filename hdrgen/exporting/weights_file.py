"""Weights as one file that says what they are: the same weights, the same bytes."""

import copy
import json
import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from hdrgen.data import Batch, ProceduralScenes
from hdrgen.errors import InputError
from hdrgen.methods import HDRModule, without_files
from hdrgen.weights import METHOD, sorted_header

HALF_TOLERANCE = 1 / 510
"""What half precision may change: half a code of 8 bits, or that part of radiance above 1."""
HALF_STEP = 2.0**-11
"""Rounding of half precision, in parts of the largest number of a tensor."""
SMALL = 1024
"""Tensors of at most so many numbers are kept whole where rounding them shows."""
SIDE = 96
"""Height and width of the photograph that it is tried on."""


def content_of(settings: dict[str, Any], state: Mapping[str, Tensor]) -> bytes:
    """The file. It holds no time, no version and no path of this machine.

    Args:
        settings: Class and arguments of the method.
        state: Its weights, as `weights_of` gives them.
    """
    from safetensors.torch import save

    noted = json.dumps(without_files(settings)[0], default=str, sort_keys=True)
    return sorted_header(save(dict(state), metadata={"format": "pt", METHOD: noted}))


def weights_of(method: HDRModule) -> dict[str, Tensor]:
    """The weights, each a tensor of its own: networks may share some, which the format does not know."""
    return {name: value.detach().cpu().clone().contiguous() for name, value in method.state_dict().items()}


def half_weights_of(method: HDRModule) -> tuple[dict[str, Tensor], float]:
    """The weights, parameters in 16 bits, and what that changes.

    Parameters whose numbers are too large or too small for 16 bits are kept whole, and where rounding all others shows,
    small tensors too: a first layer's error is in every pixel, and its numbers weigh nothing.

    Returns:
        The weights, and the largest difference of what the method makes of a generated photograph with them and with
        its own: in display values; of radiance above 1, relative.

    Raises:
        InputError: A difference of more than `HALF_TOLERANCE`.
    """
    whole, parameters = weights_of(method), {name for name, _ in method.named_parameters(remove_duplicate=False)}
    largest = math.inf
    for small in (0, SMALL):
        large = {name for name in parameters if whole[name].numel() > small}
        state = {name: _halved(value) if name in large else value for name, value in whole.items()}
        if large and (largest := _difference(method, state)) <= HALF_TOLERANCE:
            return state, largest
    raise InputError(
        f"{type(method).__name__} with weights of 16 bits differs by {largest:.2g} from itself, more than"
        f" {HALF_TOLERANCE:.2g}: nothing was written; export it in full precision",
        "half",
    )


def _difference(method: HDRModule, state: Mapping[str, Tensor]) -> float:
    rounded = copy.deepcopy(method)
    rounded.load_state_dict(state)
    batch = _scene(3 if method.input == "bracket" else 1)
    pairs = zip(results_of(method, batch), results_of(rounded, batch), strict=True)
    return max(float(((one - other).abs() / one.clamp_min(1)).max()) for one, other in pairs)


def _halved(value: Tensor) -> Tensor:
    if value.dtype != torch.float32 or value.numel() == 0:
        return value
    rounded = value.half()
    error = (rounded.float() - value).abs().max()
    return rounded if bool(error <= HALF_STEP * value.abs().max()) else value  # infinity: neither


@torch.no_grad()
def results_of(method: HDRModule, batch: Batch) -> list[Tensor]:
    """Exposures `(B, K, 3, H, W)` and radiance `(B, 3, H, W)` of a batch, whichever of them is the network's own."""
    made = [method.generated_stack(batch["ldr"][:, 0])[0]] if method.generates else []
    if method.expands or method.learned_merge or not method.generates:
        made.append(method.reconstruct(batch))
    return made


def _scene(exposures: int) -> Batch:
    scenes = ProceduralScenes(count=1, size=SIDE)
    middle = scenes.reference(0)
    frames = [middle] if exposures == 1 else [0, middle, len(scenes.exposures(0)) - 1]
    sample = scenes.load(0, frames, generator=torch.Generator().manual_seed(0))
    tensors = {key: torch.as_tensor(sample[key])[None] for key in ("ldr", "ev", "ref")}
    return {**tensors, "scene": [sample["scene"]]}
