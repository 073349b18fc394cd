"""The photograph of a batch that single-image methods start from."""

import torch
from torch import Tensor

from hdrgen.data import Batch


def source_of(batch: Batch) -> Tensor:
    """The reference exposures `(B, 3, H, W)` of a batch; of a single scene without a copy."""
    ldr: Tensor = batch["ldr"]
    if len(ldr) == 1:
        return ldr[:, int(batch["ref"][0])]
    return ldr[torch.arange(len(ldr), device=ldr.device), batch["ref"]]
