"""Gradient clipping for methods that step their optimizers themselves, for which Lightning has none."""

from dataclasses import dataclass
from typing import Any, Literal

from torch.nn.utils import clip_grad_norm_, clip_grad_value_
from torch.optim import Optimizer

from hdrgen.errors import InputError


@dataclass(frozen=True)
class GradientClipping:
    """Clips the gradients of an optimizer at the last moment before it steps.

    Under 16-mixed, gradients are scaled until then: what is clipped earlier is clipped thousands of times too far,
    and an overflow, which must skip the step, passes as a large number.

    Args:
        limit: Largest magnitude of an entry, or largest norm of all that the optimizer steps.
        algorithm: Which of them, as the trainer's `gradient_clip_algorithm` names them.

    Raises:
        InputError: The limit is not above 0.
    """

    limit: float
    algorithm: Literal["value", "norm"] = "norm"

    def __post_init__(self) -> None:
        if not self.limit > 0:
            raise InputError(f"expected a limit of gradients above 0, found {self.limit:g}; pass None to clip nothing")

    def watch(self, optimizer: Optimizer) -> None:
        """Clip before each step of `optimizer`."""
        optimizer.register_step_pre_hook(self._clip)

    def _clip(self, optimizer: Optimizer, *_: Any) -> None:
        scale = getattr(optimizer, "grad_scale", None)  # fused optimizers divide by it within their step
        limit = self.limit if scale is None else self.limit * float(scale)
        parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        if self.algorithm == "value":
            clip_grad_value_(parameters, limit)
        else:
            clip_grad_norm_(parameters, limit)
