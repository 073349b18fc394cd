"""The loss of Endo et al. 2017."""

from torch import Tensor


def known_l1(made: Tensor, target: Tensor, known: Tensor) -> Tensor:
    """Mean absolute difference over all exposures, to which those that are not known add nothing.

    As in the authors' code the mean counts them: a photograph from the middle of a stack weighs as much as it has
    exposures beside it.

    Args:
        made: `(B, N, 3, H, W)`, display values.
        target: Likewise.
        known: `(B, N)`, 1 for the exposures that the stack holds and 0 for the others.
    """
    return ((made.float() - target).abs() * known[:, :, None, None, None]).mean()
