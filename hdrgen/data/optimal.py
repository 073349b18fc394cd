"""The exposures of a stack that show best what is clipped in its reference."""

import torch
from torch import Tensor

from hdrgen.camera import over_exposed_mask, under_exposed_mask
from hdrgen.errors import InputError
from hdrgen.fusion import gaussian


def optimal_exposures(ldr: Tensor, ref: Tensor, threshold: float = 0.88, least: float = 0.001) -> Tensor:
    r"""The darker exposure that shows the highlights of the reference best, and the brighter one for its shadows.

    .. math:: up = \arg\max_{k \ge ref} \sum M\,\bar w(Z_k), \qquad down = \arg\max_{k \le ref} \sum M'\,\bar w(Z_k)

    :math:`M` and :math:`M'` are the soft masks of what is under- and over-exposed in the reference,
    :math:`\bar w` the well-exposedness of exposure fusion (Mertens et al. 2007), a bell around mid-grey that is 0 at
    the clip levels, averaged over the channels. Of equally good exposures, the nearest to the reference is taken; where
    (almost) nothing is clipped, that is the reference itself: the image needs no adjustment.

    Zhang et al., "Revisiting the Stack-Based Inverse Tone Mapping", 2023, label "the optimal exposure level" of SICE's
    stacks by a rule that only their supplement states. This rule does what the paper says of it: extremely dark areas
    call for a large step, others for a small one.

    Args:
        ldr: `(B, S, 3, H, W)`, display values in [0, 1], dark to bright.
        ref: `(B,)`, index of the reference exposures.
        threshold: Display values above it, or below 1 minus it, belong to a mask, linearly up to the clip levels. 0.88
            is that of Liu et al. 2020.
        least: Share of the image that must be clipped to call for an adjustment.

    Returns:
        `(B, 2)` indices into S: down, up.

    Raises:
        InputError: The stacks hold a single exposure.

    >>> levels = torch.tensor([0.2, 0.6, 1.0, 1.0]).view(1, 4, 1, 1, 1).expand(1, 4, 3, 2, 2)
    >>> optimal_exposures(levels, torch.tensor([2]))
    tensor([[1, 2]])
    """
    count = ldr.shape[1]
    if count < 2:
        raise InputError("expected stacks of at least 2 exposures to find the optimal ones in, found 1; add frames")
    quality = gaussian(ldr).mean(2)
    reference = ldr[torch.arange(len(ldr), device=ldr.device), ref]
    frames, ref = torch.arange(count, device=ldr.device), ref[:, None]
    down = _quality_within(quality, over_exposed_mask(reference, threshold), least).masked_fill(frames > ref, -1)
    up = _quality_within(quality, under_exposed_mask(reference, threshold), least).masked_fill(frames < ref, -1)
    # argmax takes the first of equals: counted from the reference, the nearest.
    return torch.stack([count - 1 - down.flip(1).argmax(1), up.argmax(1)], dim=1)


def _quality_within(quality: Tensor, mask: Tensor, least: float) -> Tensor:
    """Well-exposedness `(B, S)` of each exposure within `mask` `(B, 1, H, W)`; 0 where the mask is too small."""
    mask = mask * (mask.mean((-2, -1), keepdim=True) >= least)
    return (quality * mask).sum((-2, -1))
