"""HDRUNet's loss, in which highlights count less."""

from torch import Tensor


def tanh_loss(encoded: Tensor, truth: Tensor) -> Tensor:
    r"""Mean of :math:`|\tanh \hat H - \tanh H|`, () in float32, of encoded radiance of any shape (the paper's Tanh_L1).

    >>> round(float(tanh_loss(Tensor([0.0, 100.0]), Tensor([1.0, 200.0]))), 4)  # above white hardly anything counts
    0.3808
    """
    return (encoded.float().tanh() - truth.float().tanh()).abs().mean()
