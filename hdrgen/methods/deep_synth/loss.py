"""The losses of Kim et al. 2020, and the differentiable HDR synthesis layer in front of the HDR loss."""

import torch
from torch import Tensor

from hdrgen.camera import calibrate_debevec
from hdrgen.errors import InputError
from hdrgen.fusion import debevec_hat, merge_debevec
from hdrgen.losses import histogram_loss
from hdrgen.methods.deep_synth.network import Exposed
from hdrgen.methods.merging import merge_stack
from hdrgen.metrics import match_scale


def image_terms(
    generated: dict[int, Exposed], stack: Tensor, edges: Tensor, lowest: int, histogram_levels: int, refined: bool
) -> dict[str, Tensor]:
    """What generated exposures are compared with: Eq. 4, 5, and the first term of 6, unweighted.

    Args:
        generated: Generated exposures by level.
        stack: The true exposures `(B, S, 3, H, W)`, display values in [0, 1].
        edges: Their edges `(B, S, 1, H, W)`.
        lowest: Level of the first.
        histogram_levels: Of the histogram loss.
        refined: Whether the refinement networks took part.

    Returns:
        `l1`, `histogram`, `edge` and, if refined, `refinement`; each a mean over exposures, in float32.
    """
    tone = torch.cat([one.tone for one in generated.values()])
    generated_edges = torch.cat([one.edges for one in generated.values()])
    image, truth = images_of(generated, stack, lowest)
    true_edges = torch.cat([edges[:, level - lowest] for level in generated])
    terms = {
        "l1": (tone - truth).abs().mean(),
        "histogram": histogram_loss(tone, truth, histogram_levels),
        "edge": (generated_edges - true_edges).abs().mean(),
    }
    return terms | ({"refinement": (image - truth).abs().mean()} if refined else {})


def images_of(generated: dict[int, Exposed], stack: Tensor, lowest: int) -> tuple[Tensor, Tensor]:
    """Generated images and the true ones, each `(K B, 3, H, W)`; see `image_terms`."""
    images = torch.cat([one.image for one in generated.values()])
    return images, torch.cat([stack[:, level - lowest] for level in generated])


def synthesise(stack: Tensor, ev: Tensor, through_response: bool = True) -> Tensor:
    """The HDR synthesis layer: calibrate after Debevec and Malik, then merge, with gradients all the way.

    Pixels become radiance through a response that is linear between its levels (Eq. 3), and the response itself
    depends on the pixels through the least squares that estimate it (Eq. 1).

    Args:
        stack: `(B, S, 3, H, W)`, display values in [0, 1].
        ev: `(S,)`, stops.
        through_response: False takes the estimated response as given, as Eq. 3 alone reads and as the authors' code
            does.

    Returns:
        Linear radiance `(B, 3, H, W)`, in float32. A stack that holds too little to estimate its response from, such
        as a black picture, is merged with gamma 2.2.
    """
    with torch.autocast(stack.device.type, enabled=False):
        stack, ev = stack.float(), ev.float()
        try:
            response = calibrate_debevec(stack if through_response else stack.detach(), ev)
        except InputError:
            return merge_stack(stack, ev)
        return merge_debevec(stack, ev, response, weight=debevec_hat)


def hdr_loss(radiance: Tensor, truth: Tensor, mu: float = 5000.0) -> Tensor:
    r"""Distance of HDR images under the mu-law: :math:`\frac1N \sum_i |\ln((1 + \mu \hat H_i) / (1 + \mu H_i))|`.

    Source: Kim, Lee and Kang 2020, Eq. 7, second term.

    Args:
        radiance: `(B, 3, H, W)`, linear; gradients flow here.
        truth: Same shape.
        mu: Compression.

    >>> round(hdr_loss(torch.tensor([0.5]), torch.tensor([0.25])).item(), 4)  # ln(2501 / 1251)
    0.6927
    """
    with torch.autocast(radiance.device.type, enabled=False):
        return (torch.log1p(mu * radiance.float()) - torch.log1p(mu * truth.float())).abs().mean()


def within_reach(truth: Tensor, ev: Tensor) -> Tensor:
    """Radiance with all that the shortest exposure clips set to where it clips, :math:`2^{-EV_{min}}`.

    No stack of these exposures, the true one included, holds more: what it misses has no gradient that could help.

    >>> within_reach(torch.tensor([0.5, 100.0]), torch.tensor([-3.0, 0.0, 3.0]))
    tensor([0.5000, 8.0000])
    """
    return truth.clamp_max(float(torch.exp2(-ev.min())))


@torch.no_grad()
def target_radiance(stack: Tensor, ev: Tensor, truth: Tensor | None) -> Tensor:
    """What the HDR loss compares with: the true HDR image on the scale of the layer, or else the merged true stack.

    Args:
        stack: The true exposures `(B, S, 3, H, W)`.
        ev: `(S,)`, stops.
        truth: `(B, 3, H, W)`, linear on any scale, where the data set has it.
    """
    merged = synthesise(stack, ev)
    return merged if truth is None else within_reach(match_scale(truth, merged), ev)
