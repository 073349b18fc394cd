"""How well a response curve fits a stack."""

import math

from hdrgen.array_kinds import Values, like, namespace, row_sum
from hdrgen.camera.debevec import triangle
from hdrgen.camera.response import CameraResponse
from hdrgen.camera.sampling import HistogramSampling, Sampling
from hdrgen.precision import in_finest


def response_residual(
    stack: Values,
    ev: Values,
    response: CameraResponse,
    *,
    sampling: Sampling = HistogramSampling(256, 4096),  # noqa: B008 (frozen)
) -> float:
    r"""RMS disagreement, in stops, of the radiance that the frames of a stack give once they are decoded.

    The root mean square of :math:`\log_2 f^{-1}(Z_{ij}) - EV_j - \log_2 E_i`, weighted with the triangle of the
    display value, the radiance :math:`E_i` of each sample being the weighted mean over the frames.

    Args:
        stack: Display values in [0, 1], (S, 3, H, W).
        ev: Exposures in EV, (S,).
        response: The curve, one or three tables.
        sampling: Which pixels to use; quantiles of the frames do not mind motion.

    Returns:
        Stops; 0 is perfect, NaN where no sample is seen in two frames.

    >>> import torch
    >>> from hdrgen.camera import Gamma, form_image
    >>> ev = torch.tensor([-2.0, 0.0, 2.0])
    >>> stack = form_image(torch.logspace(-3, 0, 4096).expand(3, 1, 4096), ev, Gamma(2.2), bits=None)
    >>> round(response_residual(stack, ev, Gamma(2.2)), 2), round(response_residual(stack, ev, Gamma(1.8)), 2)
    (0.0, 0.25)
    """
    weight, radiance = _seen(stack, ev, response, sampling)
    total = row_sum(weight).clip(1e-12)
    mean = row_sum(weight * radiance) / total
    squares, count = float((weight * (radiance - mean) ** 2).sum()), float(weight.sum())
    return math.sqrt(squares / count) if count else math.nan


def frame_deviations(
    stack: Values,
    ev: Values,
    response: CameraResponse,
    *,
    sampling: Sampling = HistogramSampling(256, 4096),  # noqa: B008 (frozen)
) -> list[float]:
    r"""By how many stops each frame of a stack shows more than the others say, which a wrong exposure explains.

    The weighted mean of :math:`\log_2 f^{-1}(Z_{ij}) - EV_j - \log_2 E_i`, the radiance :math:`E_i` being that of the
    other frames; arguments as of `response_residual`.

    Returns:
        For each frame; NaN where no sample is seen in it and another.

    >>> import torch
    >>> from hdrgen.camera import Gamma, form_image
    >>> stack = form_image(torch.logspace(-3, 0, 4096).expand(3, 1, 4096), torch.arange(-2.0, 3), Gamma(2.2), bits=None)
    >>> wrong = torch.tensor([-2.0, -1.0, 0.0, 2.0, 2.0])
    >>> [round(value, 1) for value in frame_deviations(stack, wrong, Gamma(2.2))]
    [0.2, 0.2, 0.3, -1.0, 0.4]
    """
    weight, radiance = _seen(stack, ev, response, sampling)
    others = (row_sum(weight) - weight).clip(1e-12)
    mean = (row_sum(weight * radiance) - weight * radiance) / others
    both = namespace(weight).where(others > 1e-6, weight, 0)
    sums, counts = ((both * (radiance - mean)).sum((0, 1)).tolist(), both.sum((0, 1)).tolist())
    return [total / count if count else math.nan for total, count in zip(sums, counts, strict=True)]


def _seen(stack: Values, ev: Values, response: CameraResponse, sampling: Sampling) -> tuple[Values, Values]:
    """Weights and log2 radiance (3, N, S) of samples; weight 0 where fewer than two frames see one."""
    samples, xp = in_finest(sampling(stack[None])[0]), namespace(stack)
    weight = triangle(samples)
    # Below 0.05 lie display values within 0.025 of black, where rounding alone is a quarter of a stop, and of white.
    in_two_frames = row_sum(weight > 0.05) > 1
    weight = xp.where(in_two_frames & (weight > 0.05), weight, 0)
    return weight, xp.log2(response.inverse(samples).clip(1e-9)) - like(ev, samples)
