"""Exposure arithmetic: everything past the file reader is EV (stops, log2) relative to a reference exposure."""

from torch import Tensor

from hdrgen.errors import InputError


def relative_ev(stops: Tensor, ref: int | Tensor) -> Tensor:
    r"""Stops relative to the reference exposure: :math:`EV_j = s_j - s_{ref}`.

    Args:
        stops: Absolute exposures in stops, `log2(t ISO / (100 N^2))`, shape (..., S).
        ref: Index of the reference exposure, which gets EV 0.

    Raises:
        InputError: The reference is not one of the exposures.

    >>> import torch
    >>> relative_ev(torch.tensor([-10.0, -8.0, -6.0]), 1)
    tensor([-2.,  0.,  2.])
    """
    if not -stops.shape[-1] <= int(ref) < stops.shape[-1]:
        raise InputError(
            f"expected a reference among {stops.shape[-1]} exposures, found index {int(ref)}: "
            f"pass 0 to {stops.shape[-1] - 1}"
        )
    return stops - stops[..., int(ref)].unsqueeze(-1)


def exposure_ratio(source: Tensor, target: Tensor) -> Tensor:
    r"""How many times more light `target` gets than `source`: :math:`2^{EV_t - EV_s}` (both EV, any shapes).

    >>> import torch
    >>> exposure_ratio(torch.tensor(-1.0), torch.tensor(2.0))
    tensor(8.)
    """
    return (target - source).exp2()


def expose(radiance: Tensor, ev: Tensor) -> Tensor:
    r"""Sensor exposure of a scene, unclipped: :math:`X = E\,2^{EV}`.

    Radiance 1 at EV 0 is the exposure that just reaches display value 1.

    Args:
        radiance: Linear radiance, (..., 3, H, W).
        ev: Exposure in EV: () multiplies; (S,) or (..., S) makes a stack.

    Returns:
        (..., 3, H, W) for a scalar EV, else (..., S, 3, H, W).

    >>> import torch
    >>> expose(torch.ones(3, 1, 1), torch.tensor([-1.0, 0.0])).flatten()
    tensor([0.5000, 0.5000, 0.5000, 1.0000, 1.0000, 1.0000])
    """
    if ev.ndim == 0:
        return radiance * ev.exp2()
    return radiance.unsqueeze(-4) * ev.exp2()[..., None, None, None]
