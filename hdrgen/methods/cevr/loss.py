"""The losses of Chen et al. 2023."""

import torch.nn.functional as F
from torch import Tensor

from hdrgen.methods.cevr.network import CEVRNetwork
from hdrgen.methods.immediate import differentiated


def exposure_losses(
    network: CEVRNetwork, image: Tensor, target: Tensor, ev: Tensor, split: Tensor | None, mean: bool = False
) -> tuple[Tensor, Tensor]:
    r"""Whether one step, and two steps that add up to it, lead to the exposure that is known.

    .. math:: L_{rec} = \sum \lVert I^*(s) - F(I, s) \rVert_1, \qquad
              L_{cyc} = \sum \lVert I^*(s) - F(F(I, a s), (1 - a) s) \rVert_1

    Source: Chen et al. 2023, Eq. 3-4. The image is encoded once for both. Nothing is cut to [0, 1] on the way, as in
    the authors' code.

    Args:
        network: F.
        image: I, `(B, 3, H, W)`, display values in [0, 1].
        target: I*(s), same shape.
        ev: The step s of each image, `(B,)`, stops.
        split: The part a of the step that the first of the two takes, `(B,)`; None leaves the cycle out.
        mean: Whether to average over batch, channels and pixels; the paper and the authors' code sum.

    Returns:
        Both, scalars in float32; without a split, the second is 0.
    """
    features = network.encode(image)

    def reconstructed(*features: Tensor) -> tuple[Tensor, ...]:
        return (_distance(network.decode(features, image, ev), target, mean),)

    # One decoder's graph less while the cycle builds its two.
    (reconstruction,) = differentiated(reconstructed, network.decoder_parameters(), *features)
    if split is None:
        return reconstruction, reconstruction.new_zeros(())
    between = network.decode(features, image, split * ev)
    return reconstruction, _distance(network(between, (1 - split) * ev), target, mean)


def _distance(image: Tensor, target: Tensor, mean: bool) -> Tensor:
    return F.l1_loss(image, target, reduction="mean" if mean else "sum")
