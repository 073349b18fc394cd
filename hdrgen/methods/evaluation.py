"""How a method is judged: what validation and test share, whatever the method, the protocol and the data."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import TypedDict

import torch
from pytorch_lightning.trainer.states import TrainerFn
from torch import Tensor

from hdrgen.camera import CameraResponse, TabulatedResponse
from hdrgen.data import EV_TOLERANCE, Batch
from hdrgen.errors import InputError
from hdrgen.methods.merging import MergeFunction, merge_stack
from hdrgen.methods.optimizers import OptimizedModule
from hdrgen.methods.source import source_of
from hdrgen.metrics import MEAN, EvaluationProtocol, Score, gather, load_protocol, means


class Evaluation(TypedDict, total=False):
    """What validation and test hand to the callbacks, for a batch of B scenes.

    `batch` is what the method was given, in the protocol's size. `stack` `(B, K, 3, H, W)` holds the generated
    exposures, `truth` the true ones, `ev` `(B, K)` their values; the methods that generate none leave them out. `hdr`
    is the result and `true_hdr` its truth, on one scale; without a truth, the result as it is. `maps` is what metrics
    say about each pixel `(B, 1, H, W)`, by name.
    """

    scene: list[str]
    scores: list[Score]
    batch: Batch
    stack: Tensor
    truth: Tensor
    ev: Tensor
    hdr: Tensor
    true_hdr: Tensor
    maps: dict[str, Tensor]


class EvaluatedModule(OptimizedModule):
    """The part of `HDRModule` that validates and tests, by what a method answers to the calls declared here.

    Attributes:
        generates: Whether the method generates exposures, which are then compared with the true ones.
        protocols: How the stages `val` and `test` are scored; a stage without one, by the packaged protocol `quick`.
    """

    generates: bool

    def __init__(self) -> None:
        super().__init__()
        self.protocols: dict[str, EvaluationProtocol] = {}
        self._scores: list[Score] = []

    # -- what is judged ----------------------------------------------------------------------------------------------

    @abstractmethod
    def can_generate(self, ev: Tensor) -> Tensor:
        """Which exposures the method can generate; see `HDRModule`."""

    @abstractmethod
    def generate(self, image: Tensor, ev: Tensor) -> Tensor:
        """The exposures `ev` of `image`; see `HDRModule`."""

    @abstractmethod
    def reconstruct(self, batch: Batch) -> Tensor:
        """Linear radiance of a batch; see `HDRModule`."""

    @property
    @abstractmethod
    def merges_any_stack(self) -> bool:
        """Whether a protocol may choose the exposures and the merge of `reconstruct`; see `HDRModule`."""

    @abstractmethod
    def reconstruct_from(self, image: Tensor, stack_ev: Sequence[float] | None, merge: MergeFunction | None) -> Tensor:
        """As `reconstruct`, with other exposures and another merge; see `HDRModule`."""

    # -- Lightning's steps -------------------------------------------------------------------------------------------

    def validation_step(self, batch: Batch, batch_idx: int) -> Evaluation:
        """Score a batch of whole stacks; the means are logged as `val/...` when all have been."""
        return self._score(batch, "val")

    def test_step(self, batch: Batch, batch_idx: int) -> Evaluation:
        """Score a batch of whole stacks; the means are logged as `test/...` when all have been."""
        return self._score(batch, "test")

    def on_validation_epoch_start(self) -> None:
        """Forget the scores of the epoch before."""
        self._scores = []

    def on_test_epoch_start(self) -> None:
        """Forget the scores of the epoch before."""
        self._scores = []

    def on_validation_epoch_end(self) -> None:
        """Log the means over all scenes."""
        self._log_means("val")

    def on_test_epoch_end(self) -> None:
        """Log the means over all scenes."""
        self._log_means("test")

    def _score(self, batch: Batch, stage: str) -> Evaluation:
        result = self.evaluate(batch, stage)
        self._scores += result["scores"]
        return result

    def _log_means(self, stage: str) -> None:
        for metric, numbers in means(gather(self._scores)).items():
            # Every process logs the same numbers; without sync_dist, Lightning would warn that they may differ.
            self.log(f"{stage}/{metric}", numbers[MEAN], sync_dist=True, prog_bar=metric == "psnr")

    # -- scores ------------------------------------------------------------------------------------------------------

    def evaluate(self, batch: Batch, stage: str) -> Evaluation:
        """Generate, reconstruct and score a batch of whole stacks under the protocol of the stage, `val` or `test`.

        Raises:
            InputError: With the scene's name, for what cannot be scored; within training, that scores as NaN.
        """
        protocol = self.protocol(stage)
        checked = self._trainer is None or self.trainer.state.fn != TrainerFn.FITTING
        batch = protocol.prepared(batch)
        scenes: list[str] = batch["scene"]
        result: Evaluation = {"scene": scenes, "batch": batch, "scores": [], "maps": {}}
        if self.generates and batch["ldr"].shape[1] > 1:
            stack, ev, truth = self.generate_targets(batch, protocol.exposures)
            if ev.numel():
                result |= {"stack": stack, "truth": truth, "ev": ev}
                result["scores"] += protocol.judge_stack(scenes, stack, truth, ev, checked)
        result["hdr"], true_hdr = self.reconstruct_under(batch, protocol), true_radiance(batch, protocol)
        if true_hdr is not None:
            result["hdr"], result["true_hdr"], judged = protocol.judge_hdr(
                scenes, result["hdr"], true_hdr, checked, source_of(batch)
            )
            result["scores"] += judged.scores
            result["maps"] = judged.maps
        return result

    def protocol(self, stage: str) -> EvaluationProtocol:
        """How the stage `val` or `test` is scored."""
        return self.protocols.get(stage) or load_protocol("quick")

    def reconstruct_under(self, batch: Batch, protocol: EvaluationProtocol) -> Tensor:
        """As `reconstruct`, with the protocol's exposures and merge where the method leaves them to it."""
        if not self.merges_any_stack:
            return self.reconstruct(batch)
        return self.reconstruct_from(source_of(batch), self._possible(protocol.stack_ev), protocol.merge)

    def _possible(self, stack_ev: Sequence[float] | None) -> Sequence[float] | None:
        """Those of a protocol's exposures that the method can generate; None, its own, where that is none of them."""
        if stack_ev is None:
            return None
        stops = torch.tensor(sorted(stack_ev))
        possible: list[float] = stops[self.can_generate(stops) | (stops == 0)].tolist()
        return possible if len(possible) > 1 else None

    def generate_targets(self, batch: Batch, exposures: Sequence[float] | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Generate the exposures of the true stacks that the method can generate, the input itself aside.

        Args:
            batch: Whole stacks.
            exposures: Which of them, in stops relative to the input; None: all.

        Returns:
            Generated `(B, K, 3, H, W)`, their EV `(B, K)`, and the truth `(B, K, 3, H, W)`; K may be 0.

        Raises:
            InputError: If the scenes of the batch hold different numbers of them.
        """
        truth, stops = self.true_targets(batch, exposures)
        if not stops.numel():
            return truth, stops, truth
        generated = [self.generate(image[None], row)[0] for image, row in zip(source_of(batch), stops, strict=True)]
        return torch.stack(generated), stops, truth

    def true_targets(self, batch: Batch, exposures: Sequence[float] | None = None) -> tuple[Tensor, Tensor]:
        """What `generate_targets` generates: the true exposures `(B, K, 3, H, W)`, and their EV `(B, K)`."""
        ev = batch["ev"] - batch["ev"].gather(1, batch["ref"][:, None])
        chosen = self.can_generate(ev).scatter(1, batch["ref"][:, None], False)
        if exposures is not None:
            chosen &= ((ev[..., None] - ev.new_tensor(exposures)).abs() <= EV_TOLERANCE).any(-1)
        counts = chosen.sum(1).tolist()
        if len(set(counts)) > 1:
            raise InputError(
                f"{type(self).__name__}: expected equally many exposures to generate in every scene of a batch,"
                f" found {counts}; pass eval_batch_size=1",
                "eval_batch_size",
            )
        truth, stops = (values[chosen].view(len(ev), counts[0], *values.shape[2:]) for values in (batch["ldr"], ev))
        return truth, stops


def true_responses(batch: Batch) -> list[CameraResponse]:
    """The camera response of each scene, where the data set knows it.

    Raises:
        InputError: The scenes hold no response.
    """
    if "inverse_response" not in batch:
        raise InputError(
            f"{batch['scene'][0]}: expected a scene that knows its camera response, as rendered and procedural ones do,"
            " found none; test on RenderedStacks or ProceduralScenes"
        )
    tables: Tensor = batch["inverse_response"]
    levels = torch.linspace(0, 1, tables.shape[1], device=tables.device)
    return [TabulatedResponse(table, levels, name="true response") for table in tables]


def true_radiance(batch: Batch, protocol: EvaluationProtocol) -> Tensor | None:
    """The truth `(B, 3, H, W)` of a batch's HDR images, as the protocol wants it; None where there is none."""
    hdr: Tensor | None = batch.get("hdr")
    mergeable = batch["ldr"].shape[1] > 1 and bool(batch["ev"].isfinite().all())
    if protocol.truth == "dataset" or not mergeable or (hdr is not None and protocol.truth != "merged"):
        return hdr
    merge = protocol.merge or merge_stack
    return torch.cat([merge(one[None], ev) for one, ev in zip(batch["ldr"], batch["ev"], strict=True)])
