"""Image formation: what a camera makes of a scene's radiance."""

import torch
from torch import Tensor

from hdrgen.camera.exposure import expose
from hdrgen.camera.response import CameraResponse
from hdrgen.errors import InputError


def form_image(radiance: Tensor, ev: Tensor, response: CameraResponse, bits: int | None = 8) -> Tensor:
    r"""The exposures of a scene: :math:`Z_j = \mathrm{quantise}(\mathrm{clip}(f(E\,2^{EV_j})))`.

    Radiance 1 at EV 0 just reaches display 1. Quantisation is straight-through: gradients are those of the
    unquantised image, zero where the exposure clips.

    Args:
        radiance: Linear radiance, (..., 3, H, W).
        ev: Exposures in EV, (S,) or (..., S); a scalar makes one image without the axis S.
        response: The camera's curve.
        bits: 1 to 16, or None to leave the image continuous.

    Returns:
        Display values in [0, 1], (..., S, 3, H, W).

    >>> from hdrgen.camera import Gamma
    >>> image = form_image(torch.full((3, 1, 1), 0.18), torch.tensor([0.0, 1.0]), Gamma())
    >>> (image[:, 0, 0, 0] * 255).tolist()
    [117.0, 160.0]
    """
    display = response(expose(radiance, ev))
    return display if bits is None else quantise(display, bits)


def quantise(display: Tensor, bits: int) -> Tensor:
    """Round display values to the codes of `bits` bits; the gradient passes straight through.

    Raises:
        InputError: Bits are not 1 to 16.

    >>> quantise(torch.tensor([0.1, 0.8]), 1).tolist()
    [0.0, 1.0]
    """
    if not 1 <= bits <= 16:
        raise InputError(f"expected 1 to 16 bits, found {bits}: pass 8, or None for no quantisation")
    top = 2**bits - 1
    codes: Tensor = torch.round(display.detach().clamp(0, 1) * top) / top
    # Added and taken away in this order, the forward value is exactly the code.
    return codes + (display - display.detach())
