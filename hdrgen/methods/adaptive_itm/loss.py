"""The losses of Zhang et al. 2023."""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hdrgen.camera import Gamma
from hdrgen.fusion import debevec_hat
from hdrgen.losses import judged_by_a_fixed, least_squares
from hdrgen.tonemap import mu_law

SMALLEST_FOR_VGG = 32
"""Pixels of a side that VGG's five poolings by two need."""


def reconstruction_loss(
    picture: Tensor, target: Tensor, perceptual: Callable[[Tensor, Tensor], Tensor] | None, weight: float
) -> tuple[Tensor, Tensor]:
    r"""The pixel loss :math:`|I_g - \hat I_g|` as a mean, and :math:`\lambda L_{per}` (Eq. 9, 10, one term of Eq. 12).

    Args:
        picture: `(B, 3, h, w)`, of any level.
        target: Larger or of the same size; reduced to the picture's size, averaging.
        perceptual: Distance of features; None leaves the term 0.
        weight: lambda.
    """
    fitted = F.adaptive_avg_pool2d(target, (picture.shape[-2], picture.shape[-1]))
    pixel = (picture - fitted).abs().mean()
    if perceptual is None:
        return pixel, pixel.new_zeros(())
    return pixel, weight * perceptual(_for_vgg(picture), _for_vgg(fitted))


def progressive_loss(
    pictures: Sequence[Tensor], target: Tensor, perceptual: Callable[[Tensor, Tensor], Tensor] | None, weight: float
) -> tuple[Tensor, Tensor]:
    r"""Both parts of :math:`L_{prog} = \sum_j L_{pix}(I_{g_j}, \hat I_{g_j}) + \lambda L_{per}(...)`, Eq. 12.

    Args:
        pictures: Of one model, coarse to fine.
        target: The true exposure `(B, 3, H, W)`.
        perceptual: As for `reconstruction_loss`.
        weight: lambda.

    >>> halves = [torch.zeros(1, 3, side, side) for side in (2, 4)]
    >>> progressive_loss(halves, torch.full((1, 3, 4, 4), 0.5), None, 0.0)
    (tensor(1.), tensor(0.))
    """
    pixel, deep = zip(*(reconstruction_loss(each, target, perceptual, weight) for each in pictures), strict=True)
    return torch.stack(pixel).sum(), torch.stack(deep).sum()


def _for_vgg(picture: Tensor) -> Tensor:
    """Small levels enlarged to the 32 pixels that VGG's fifth pooling needs."""
    height, width = (max(side, SMALLEST_FOR_VGG) for side in picture.shape[-2:])
    if (height, width) == picture.shape[-2:]:
        return picture
    return F.interpolate(picture, (height, width), mode="bilinear", align_corners=False)


def mixed_image(generated: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    r"""The fake that the discriminator sees: :math:`z = I_g M + \hat I_g (1 - M)` (section 3.7)."""
    return generated * mask + target * (1 - mask)


def discriminator_loss(discriminator: nn.Module, mixed: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    r""":math:`\frac12 (D(\hat I_g) - 1)^2 + \frac12 (D(z) - (1 - M))^2`, means over pixels (Eq. 13).

    A discriminator that also judges whole images adds the same with one number for each, 0 for z.

    Args:
        discriminator: As `MaskAwareDiscriminator`.
        mixed: z; no gradient goes there.
        target: The true exposure.
        mask: M `(B, 1, H, W)`, 1 where the input is badly exposed.
    """
    (real, real_image), (fake, fake_image) = discriminator(target), discriminator(mixed.detach())
    loss = least_squares(real, 1.0) + least_squares(fake, 1 - mask)
    if real_image is not None:
        loss = loss + least_squares(real_image, 1.0) + least_squares(fake_image, 0.0)
    return loss


def generator_loss(discriminator: nn.Module, mixed: Tensor) -> Tensor:
    r""":math:`\frac12 (D(z) - 1)^2` (Eq. 14); the discriminator gets no gradient."""
    fake, fake_image = judged_by_a_fixed(discriminator, mixed)
    loss = least_squares(fake, 1.0)
    return loss if fake_image is None else loss + least_squares(fake_image, 1.0)


def fusion_loss(radiance: Tensor, truth: Tensor, mu: float = 5000.0) -> Tensor:
    r""":math:`|\tau(H) - \tau(\hat H)|` as a mean, with the mu-law :math:`\tau` (Eq. 15).

    Negative radiance, which the curve of Eq. 8 can make, is compressed as a mirror image and so pulled back.

    >>> fusion_loss(torch.zeros(1, 3, 2, 2), torch.ones(1, 3, 2, 2)).item()
    1.0
    """
    return (mu_law(radiance.float(), mu) - mu_law(truth.float(), mu)).abs().mean()


@torch.no_grad()
def on_the_scale_of(image: Tensor, radiance: Tensor) -> Tensor:
    r"""Radiance, on the scale of the photograph itself: 1 is about what just reaches white in it.

    .. math:: H \cdot \frac{\sum w(I)\, I^{2.2}}{\sum w(I)\, H}, \qquad w \text{ the weight of Debevec and Malik}

    Merged stacks know radiance up to a factor only, and a network that sees one image can know no other scale than
    that image's. Where all is clipped, the radiance stays as it is.

    Args:
        image: `(B, 3, H, W)`, display values in [0, 1].
        radiance: Same shape, linear.

    >>> image = torch.full((1, 3, 2, 2), 0.5)
    >>> torch.allclose(on_the_scale_of(image, 7 * image**2.2), image**2.2)
    True
    """
    weight = debevec_hat(image)
    image_sum, truth_sum = ((weight * x).flatten(1).sum(1) for x in (Gamma(2.2).inverse(image), radiance.float()))
    scale = torch.where((image_sum > 0) & (truth_sum > 0), image_sum / truth_sum, 1.0)
    return radiance.float() * scale.view(-1, 1, 1, 1)
