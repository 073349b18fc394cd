"""Three exposures of invented radiance, as batches."""

import torch

from hdrgen.camera import Gamma, form_image

EV = torch.tensor([-2.0, 0.0, 2.0])


def stacks(size=32, scenes=2, ev=EV, seed=0):
    """Independent pixels over eight stops, through gamma 2.2 and unrounded."""
    hdr = torch.exp2(8 * torch.rand(scenes, 3, size, size, generator=torch.Generator().manual_seed(seed)) - 6)
    return {
        "ldr": form_image(hdr, ev, Gamma(2.2), bits=None),
        "ev": ev.repeat(scenes, 1),
        "ref": torch.full((scenes,), ev.tolist().index(0)),
        "hdr": hdr,
        "scene": [f"s{index}" for index in range(scenes)],
    }
