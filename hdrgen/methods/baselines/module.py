"""What a method must beat: the input itself, plain gain in linear light, and merging as if nothing moved."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from hdrgen.camera import CameraResponse, Gamma
from hdrgen.data import Batch, Selection, TheseExposures, WholeStack
from hdrgen.errors import InputError
from hdrgen.fusion import merge_debevec
from hdrgen.methods.base import HDRModule
from hdrgen.methods.evaluation import Evaluation, true_responses
from hdrgen.methods.merging import estimate_response
from hdrgen.methods.source import source_of

BracketMerge = Callable[[Tensor, Tensor, CameraResponse], Tensor]
"""`hdrgen.fusion.merge_debevec` or `merge_linear`."""


class UnchangedInput(HDRModule):
    """Returns the input for every exposure, and the linearised input as the HDR image.

    Args:
        response: Response that linearises the input.
    """

    baseline = True

    def __init__(self, response: CameraResponse | None = None) -> None:
        super().__init__(response=response or Gamma(2.2))
        self.save_hyperparameters(ignore=["response"])

    def expose(self, image: Tensor, ev: Tensor) -> Tensor:
        """The image, K times."""
        return image[:, None].expand(-1, len(ev), -1, -1, -1)

    def reconstruct(self, batch: Batch) -> Tensor:
        """The linearised input."""
        assert self.response is not None
        return self.response.inverse(source_of(batch))


class LinearGain(HDRModule):
    r"""Exposure by gain in linear light, :math:`f(\min(1, 2^{ev} f^{-1}(I)))`.

    Args:
        response: The response f that is assumed, gamma 2.2 unless given.
        oracle: Under validation and test, use each scene's true response where the data set knows it. An upper bound
            for gain without a network, not a competitor; scenes without one keep `response`.
        stack_ev: Exposures of the merged stack.
    """

    baseline = True

    def __init__(
        self,
        response: CameraResponse | None = None,
        oracle: bool = False,
        stack_ev: Sequence[float] = (-2.0, -1.0, 0.0, 1.0, 2.0),
    ) -> None:
        super().__init__(stack_ev=stack_ev, response=response or Gamma(2.2))
        self.save_hyperparameters(ignore=["response"])
        self.oracle = oracle

    def expose(self, image: Tensor, ev: Tensor) -> Tensor:
        """Gain with the assumed response."""
        assert self.response is not None
        linear = self.response.inverse(image)[:, None]
        return self.response((linear * ev.exp2().view(-1, 1, 1, 1)).clamp(0, 1))

    def evaluate(self, batch: Batch, stage: str) -> Evaluation:
        """As for every method, after a look at the true response for the oracle.

        Raises:
            InputError: If the oracle is asked about several scenes at once, each of which has its own response.
        """
        if self.oracle and "inverse_response" in batch:
            self.response = _true_response(batch)
        return super().evaluate(batch, stage)


class ReferenceExposure(HDRModule):
    """The linearised reference exposure of a stack: sharp where things move, and clipped.

    Args:
        response: Response that linearises it; None: gamma 2.2.
    """

    input = "bracket"
    generates = False
    baseline = True

    def __init__(self, response: CameraResponse | None = None) -> None:
        super().__init__(response=response or Gamma(2.2))
        self.save_hyperparameters(ignore=["response"])

    def reconstruct(self, batch: Batch) -> Tensor:
        """The linearised reference."""
        assert self.response is not None
        return self.response.inverse(source_of(batch))


class PlainMerge(HDRModule):
    """A merged exposure stack, without deghosting: what moves is there several times.

    Args:
        response: Response that linearises the exposures; None: gamma 2.2.
        estimate: Whether to estimate the response of each stack from its chosen frames (Debevec) instead.
        method: The merge: stack `(B, S, 3, H, W)`, EV `(B, S)` and response to radiance `(B, 3, H, W)`.
        frames: Exposures that are merged, in stops relative to the reference; None: all of the stack.
    """

    input = "bracket"
    generates = False
    baseline = True

    def __init__(
        self,
        response: CameraResponse | None = None,
        estimate: bool = False,
        method: BracketMerge = merge_debevec,
        frames: Sequence[float] | None = None,
    ) -> None:
        super().__init__(response=response or Gamma(2.2))
        self.save_hyperparameters(ignore=["response", "method"])
        self.estimate = estimate
        self.method = method
        self.selection: Selection = WholeStack() if frames is None else TheseExposures(tuple(frames))

    def reconstruct(self, batch: Batch) -> Tensor:
        """The chosen exposures of each stack, merged."""
        return torch.cat(
            [self._merge_one(*scene) for scene in zip(batch["ldr"], batch["ev"], batch["ref"], strict=True)]
        )

    def _merge_one(self, stack: Tensor, ev: Tensor, reference: Tensor) -> Tensor:
        """Radiance `(1, 3, H, W)` of one stack `(S, 3, H, W)`."""
        chosen = self.selection(ev.cpu(), int(reference), torch.Generator())
        stack, ev = stack[None, chosen], ev[None, chosen]
        response = estimate_response(stack, ev) if self.estimate else self.response
        assert response is not None
        return self.method(stack, ev, response)


def _true_response(batch: Batch) -> CameraResponse:
    responses = true_responses(batch)
    if len(responses) != 1:
        raise InputError(
            f"the oracle takes one scene a batch, found {len(responses)}; pass eval_batch_size=1", "eval_batch_size"
        )
    return responses[0]
