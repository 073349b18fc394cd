"""Relative luminance of linear colour, and luma of display values."""

from hdrgen.array_kinds import Values, is_numpy

BT709_LUMINANCE = (0.2126, 0.7152, 0.0722)
"""Relative luminance of linear red, green and blue with BT.709 primaries."""
BT601_LUMA = (0.299, 0.587, 0.114)
"""Luma of encoded red, green and blue, which some papers also take of linear ones."""


def luminance_of(radiance: Values) -> Values:
    """Relative luminance (..., 1, H, W) of linear BT.709 RGB (..., 3, H, W), in the same unit.

    The weights are those of ITU-R BT.709, of four digits; `hdrgen.metrics.colour` has the six of HDR-VDP and PU21.

    >>> import torch
    >>> luminance_of(torch.tensor([0.0, 1.0, 0.0]).view(3, 1, 1)).item()
    0.7152000069618225
    """
    return _weighted(radiance, BT709_LUMINANCE)


def luma_of(image: Values) -> Values:
    """Luma (..., 1, H, W) of RGB (..., 3, H, W), by the weights of ITU-R BT.601.

    >>> import torch
    >>> luma_of(torch.tensor([0.0, 1.0, 0.0]).view(3, 1, 1)).item()
    0.5870000123977661
    """
    return _weighted(image, BT601_LUMA)


def _weighted(image: Values, weights: tuple[float, float, float]) -> Values:
    if is_numpy(image):
        total = image[..., :1, :, :] * weights[0]
        for index in (1, 2):
            total += image[..., index : index + 1, :, :] * weights[index]
        return total
    import torch

    red, green, blue = image.unbind(-3)
    # Made on the image's device: a copy from the host would wait for it.
    first, second, third = (image.new_full((), weight) for weight in weights)
    return torch.addcmul(torch.addcmul(red * first, green, second), blue, third).unsqueeze(-3)
