"""The losses of Kim et al. 2020, and the differentiable HDR synthesis layer in front of the HDR loss."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from hdrgen.camera import EstimatedResponse, Gamma, calibrated_tables
from hdrgen.fusion import debevec_hat, merge_debevec
from hdrgen.losses import ContextualBilateralLoss, HistogramKind, histogram_loss
from hdrgen.methods.deep_synth.network import Exposed
from hdrgen.metrics import match_scale, matching_scale

OWN = {"tone": ("l1", "histogram"), "edges": ("edge",), "refinement": ("refinement", "contextual")}
"""The terms of each network's own equation, (4), (5) and (6); the HDR loss is that of the whole."""


@dataclass(frozen=True)
class Terms:
    """The weighted terms of Eq. 4-7.

    Attributes:
        weights: Of each term, in the order in which they are logged.
        levels: Of the histograms.
        histogram: How pixels are counted, see `histogram_loss`.
        mu: Of the HDR loss.
        up_to_scale: Whether radiance is first brought to the truth's scale.
        through_response: See `synthesise`.
        through_weights: See `synthesise`.
        hdr_gradient: See `synthesise`.
    """

    weights: dict[str, float]
    levels: int = 256
    histogram: HistogramKind = "values"
    mu: float = 5000.0
    up_to_scale: bool = True
    through_response: bool = False
    through_weights: bool = False
    hdr_gradient: float = 1.0

    def of_images(
        self,
        generated: dict[int, Exposed],
        stack: Tensor,
        edges: Tensor,
        lowest: int,
        refined: bool,
        contextual: ContextualBilateralLoss | None = None,
    ) -> dict[str, Tensor]:
        """What generated exposures are compared with: Eq. 4, 5, and 6 without the HDR loss.

        Args:
            generated: Generated exposures by level.
            stack: The true exposures `(B, S, 3, H, W)`, display values in [0, 1].
            edges: Their edges `(B, S, 1, H, W)`.
            lowest: Level of the first.
            refined: Whether the refinement networks took part.
            contextual: The contextual loss, where it plays a part.

        Returns:
            `l1`, `histogram`, `edge` and, if refined, `refinement` and `contextual`; each a mean over exposures.
        """
        tone = torch.cat([one.tone for one in generated.values()])
        generated_edges = torch.cat([one.edges for one in generated.values()])
        image, truth = images_of(generated, stack, lowest)
        true_edges = torch.cat([edges[:, level - lowest] for level in generated])
        terms = {
            "l1": (tone - truth).abs().mean(),
            "histogram": histogram_loss(tone, truth, self.levels, self.histogram),
            "edge": (generated_edges - true_edges).abs().mean(),
        }
        if refined:
            terms["refinement"] = (image - truth).abs().mean()
        if refined and contextual is not None:
            terms["contextual"] = contextual(image, truth)
        return {name: self.weights[name] * term for name, term in terms.items()}

    def of_radiance(
        self, generated: dict[int, Exposed], stack: Tensor, levels: Sequence[int], step: float, truth: Tensor | None
    ) -> Tensor:
        """The HDR loss of the stack that was generated around its one true exposure.

        Args:
            generated: All levels but that one.
            stack: The true exposures `(B, S, 3, H, W)`.
            levels: Theirs.
            step: Between levels, in stops.
            truth: The true HDR image `(B, 3, H, W)`, where the data set has it.
        """
        frames = [generated[k].image if k in generated else stack[:, place] for place, k in enumerate(levels)]
        ev = step * torch.tensor(list(levels), dtype=torch.float32)  # on the CPU: nothing waits to look at it
        radiance = synthesise(
            torch.stack(frames, dim=1), ev, self.through_response, self.through_weights, self.hdr_gradient
        )
        target = target_radiance(stack, ev, truth)
        if self.up_to_scale:
            # The median ratio is the best scale, or nearly so: there the loss does not depend on it. Taken as given.
            radiance = radiance * matching_scale(radiance.detach(), target)
        return self.weights["hdr"] * hdr_loss(radiance, target, self.mu)


def images_of(generated: dict[int, Exposed], stack: Tensor, lowest: int) -> tuple[Tensor, Tensor]:
    """Generated images and the true ones, each `(K B, 3, H, W)`; see `Terms.of_images`."""
    images = torch.cat([one.image for one in generated.values()])
    return images, torch.cat([stack[:, level - lowest] for level in generated])


def synthesise(
    stack: Tensor,
    ev: Tensor,
    through_response: bool = False,
    through_weights: bool = False,
    gradient: float = 1.0,
) -> Tensor:
    """The HDR synthesis layer: calibrate after Debevec and Malik, then merge, with gradients to the pixels.

    Pixels become radiance through a response that is linear between its levels, with the gradient of its slope (Eq. 3).
    Beyond that equation, the response depends on the pixels through the least squares that estimate it (Eq. 1), and a
    pixel's weight in the merge depends on its value. Every scene is on its own, whatever else is in the batch.

    Args:
        stack: `(B, S, 3, H, W)`, display values in [0, 1].
        ev: `(S,)`, stops, finite and different; best on the CPU, so that nobody waits for a device to sort them.
        through_response: Whether gradients also pass through the estimate of the response.
        through_weights: Whether gradients also pass through the weights of the merge.
        gradient: Factor of the gradient.

    Returns:
        Linear radiance `(B, 3, H, W)`, in float32. A stack that holds too little to estimate its response from, such
        as a black picture, is merged with gamma 2.2.
    """
    with torch.autocast(stack.device.type, enabled=False):
        stack, ev = _scaled(stack.float(), gradient), ev.float()
        table, known = calibrated_tables(stack if through_response else stack.detach(), ev)
        gamma = Gamma(2.2).inverse(torch.linspace(0, 1, table.shape[-1], device=stack.device))
        response = EstimatedResponse.unchecked(torch.where(known[:, None, None], table, gamma))
        weight = debevec_hat if through_weights else _given_hat
        return merge_debevec(stack, ev, response, weight=weight)


def _given_hat(display: Tensor) -> Tensor:
    return debevec_hat(display.detach())


def _scaled(values: Tensor, gradient: float) -> Tensor:
    """The same values with `gradient` times the gradient."""
    return values if gradient == 1 else gradient * values + (1 - gradient) * values.detach()


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
