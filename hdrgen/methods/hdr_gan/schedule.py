"""The learning rate of Niu et al. 2021."""

from collections.abc import Sequence

from torch.optim import Optimizer
from torch.optim.lr_scheduler import MultiStepLR


class TwoDrops(MultiStepLR):
    """The learning rate falls to a tenth at each milestone.

    A class of its own because a saved configuration holds a scheduler's class and settings, which it finds in a default
    only where all of them are defaults.

    Args:
        optimizer: Whose rate it is.
        milestones: In batches (with `interval: step`). The paper: 114,300 and 706,400 of 1,215,000.
        gamma: Factor at each. The rates are missing from our text of the paper.
    """

    def __init__(
        self, optimizer: Optimizer, milestones: Sequence[int] = (114_300, 706_400), gamma: float = 0.1
    ) -> None:
        super().__init__(optimizer, milestones, gamma)
