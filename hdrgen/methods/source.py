"""The photograph of a batch that single-image methods start from, and the radiance that they learn to make of it."""

import torch
from torch import Tensor

from hdrgen.data import Batch
from hdrgen.errors import InputError


def source_of(batch: Batch) -> Tensor:
    """The reference exposures `(B, 3, H, W)` of a batch.

    Of a single exposure, and of a single scene in the machine's memory, without a copy; never with a wait for a GPU.
    """
    ldr: Tensor = batch["ldr"]
    if ldr.shape[1] == 1:
        return ldr[:, 0]
    if len(ldr) == 1 and ldr.device.type == "cpu":
        return ldr[:, int(batch["ref"][0])]
    return ldr[torch.arange(len(ldr), device=ldr.device), batch["ref"]]


def truth_of(batch: Batch) -> Tensor:
    """The true radiance `(B, 3, H, W)` of a batch.

    Raises:
        InputError: The scenes do not know it.
    """
    if "hdr" not in batch:
        raise InputError(
            f"{batch['scene'][0]}: expected scenes that know their radiance, as RenderedStacks, ProceduralScenes and"
            " NTIRE2021 do, found exposures alone; train on these"
        )
    truth: Tensor = batch["hdr"]
    return truth
