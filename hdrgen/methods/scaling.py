"""The scale of radiance that a network makes on one of its own: hdrgen's, on which 1 just reaches white."""

from torch import Tensor

from hdrgen.camera import CameraResponse, over_exposed_mask, well_exposed_mask
from hdrgen.tiling import of_whole_image

NOTHING = 1e-6
"""Mean radiance that counts for nothing: a photograph without well-exposed pixels keeps its scale."""


def exposed_scale(image: Tensor, radiance: Tensor, response: CameraResponse) -> Tensor:
    """What radiance must be multiplied by for well-exposed pixels to have the mean of the linearised photograph.

    Of a tile, that of the whole photograph.

    Args:
        image: `(B, 3, H, W)`, display values.
        radiance: Of the same shape, on any scale.
        response: Linearises the photograph.

    Returns:
        `(B, 1, 1, 1)`, 1 where no pixel is well exposed.
    """

    def scale() -> tuple[Tensor]:
        weight = well_exposed_mask(image) * (1 - over_exposed_mask(image))
        linear, made = (
            (weight * each.float()).mean((1, 2, 3), keepdim=True) for each in (response.inverse(image), radiance)
        )
        return ((linear + NOTHING) / (made + NOTHING),)

    return of_whole_image(scale)[0]
