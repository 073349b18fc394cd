"""The one method interface: what a method is. How methods are judged is in `evaluation.py`."""

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypedDict

import torch
from pytorch_lightning import Callback
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor
from torch.optim.lr_scheduler import ConstantLR

from hdrgen.camera import CameraResponse
from hdrgen.data import Batch, Selection, WholeStack
from hdrgen.errors import InputError
from hdrgen.methods.checkpointed import CheckpointedModule
from hdrgen.methods.evaluation import EvaluatedModule
from hdrgen.methods.facts import MethodFacts
from hdrgen.methods.hooks import check_hooks
from hdrgen.methods.merging import MergeFunction, merge_stack
from hdrgen.methods.own_radiance import gain_map_of, known_response, restored_where_clipped
from hdrgen.methods.quick_training import QuickSteps, QuickTraining
from hdrgen.methods.schedules import Schedules
from hdrgen.methods.source import source_of
from hdrgen.methods.tiled import TiledModule
from hdrgen.tiling import no_progress
from hdrgen.weights import find_checkpoint, read_checkpoint


class Prediction(TypedDict, total=False):
    """What predict hands to the writer.

    `stack` `(B, K, 3, H, W)`, display values as codes from 0 to 255, with `ev` `(K,)`; `hdr` `(B, 3, H, W)`, radiance.
    """

    scene: list[str]
    image: Tensor
    stack: Tensor
    ev: Tensor
    hdr: Tensor


class HDRModule(MethodFacts, TiledModule, EvaluatedModule, QuickTraining, CheckpointedModule):
    """A method that reconstructs HDR images.

    A method says what it is by class attributes, see `MethodFacts`, and implements `training_step` and one of these.
    Validation, test and predict are the same for all.

    | `input` | `generates` | kind | implements |
    |---|---|---|---|
    | `photograph` | True | one photograph to exposures, which are merged | `expose` |
    | `photograph` | True | one photograph to radiance, and to any exposure | `expand` and `expose` |
    | `photograph` | False | one photograph to radiance | `expand` |
    | `bracket` | False | several photographs of a scene to radiance | `reconstruct` |

    Args:
        optimizer: Makes the optimizer from the parameters.
        scheduler: Makes the learning-rate scheduler from the optimizer; None keeps the rate, as the default does.
        interval: When the scheduler steps, `epoch` or `step`.
        stack_ev: Exposures that `reconstruct` and `predict` make, in stops relative to the input.
        response: Response with which `reconstruct` merges them; None estimates it from the stack.
        initial_weights: Checkpoint, or name of weights, that training starts from, with a new optimizer and schedule;
            resuming an interrupted training is the trainer's `ckpt_path` instead.

    Attributes:
        learned_merge: Whether `merge` is a network, which an exported program can hold.
        exposures: The frames of a stack that training needs.
        keeps_exposures: Whether predict hands on the exposures that it makes. Where it does not, a method that makes
            radiance without them makes none.
    """

    learned_merge: bool = False
    exposures: Selection = WholeStack()
    keeps_exposures: bool = True

    def __init_subclass__(cls, **keywords: Any) -> None:
        """Refuse a method whose hooks leave out the base's, see `check_hooks`.

        Raises:
            InputError: It does.
        """
        super().__init_subclass__(**keywords)
        check_hooks(cls)

    def __init__(
        self,
        optimizer: OptimizerCallable | None = None,
        # Not None: jsonargparse would put it in place of the methods' own defaults. Each method states its schedule.
        scheduler: LRSchedulerCallable | None = lambda o: ConstantLR(o, factor=1.0),
        interval: Literal["epoch", "step"] = "epoch",
        stack_ev: Sequence[float] = (-2.0, -1.0, 0.0, 1.0, 2.0),
        response: CameraResponse | None = None,
        initial_weights: str | None = None,
    ) -> None:
        super().__init__()
        if len(set(stack_ev)) < 2:
            raise InputError(f"expected at least two different exposures in stack_ev, found {list(stack_ev)}")
        self.optimizer = optimizer
        self.scheduler = scheduler
        self.interval = interval
        self.stack_ev = tuple(sorted(stack_ev))
        self.response = response
        self.initial_weights = initial_weights
        self.progress: Callable[[float], None] = no_progress

    def setup(self, stage: str) -> None:
        """Load the weights that training starts from; a checkpoint to resume from is loaded later and wins.

        Raises:
            InputError: If the file cannot be read, or belongs to a network of other sizes.
        """
        if stage == "fit" and self.initial_weights is not None:
            try:
                start = find_checkpoint(self.initial_weights) or self.initial_weights
                self.load_state_dict(self.started(read_checkpoint(start)["state_dict"]))
            except (KeyError, RuntimeError) as error:
                raise InputError(
                    f"{self.initial_weights}: expected weights of this {type(self).__name__}, found others"
                    f" ({' '.join(str(error).split())[:120]}); pass a checkpoint of the same method and sizes"
                ) from error

    def started(self, state: dict[str, Tensor]) -> dict[str, Tensor]:
        """The state that training starts from, of that of `initial_weights`; a method adds what older files lack."""
        return state

    # -- exposures ---------------------------------------------------------------------------------------------------

    def expose(self, image: Tensor, ev: Tensor) -> Tensor:
        """The exposures of an image whose sides divide by `multiple`: what `generate` calls, and a method implements.

        Args:
            image: `(B, 3, H, W)`, display values in [0, 1]; what `prepared` returned.
            ev: `(K,)`, stops relative to the image.

        Returns:
            `(B, K, 3, H, W)`, display values in [0, 1].

        Raises:
            InputError: If the method generates no exposures.
        """
        raise InputError(f"{type(self).__name__} reconstructs HDR images directly; it does not generate exposures")

    def generate(self, image: Tensor, ev: Tensor) -> Tensor:
        """The exposures `ev` of `image`, of any size.

        Args:
            image: `(B, 3, H, W)`, display values in [0, 1].
            ev: `(K,)`, stops relative to the image.

        Returns:
            `(B, K, 3, H, W)`, display values in [0, 1], float32.
        """
        return self.in_tiles(lambda part: self._exposed(part, ev), image, self.prepared)

    def can_generate(self, ev: Tensor) -> Tensor:
        """Which exposures `ev` (any shape, stops relative to the input) the method can generate; here all finite ones.

        Returns:
            Booleans of the same shape. Validation and test leave the others out.
        """
        return ev.isfinite()

    def check_ev(self, ev: Tensor) -> None:
        """Check that the method can generate these exposures, or returns them as the input at EV 0.

        Raises:
            InputError: It generates none, or not one of these; with those near it that it can.
        """
        name = type(self).__name__
        if not self.generates:
            raise InputError(f"{name} reconstructs HDR images directly; it does not generate exposures")
        possible = self.can_generate(ev) | (ev == 0)
        if bool(possible.all()):
            return
        near = torch.arange(-80, 81) / 8
        known = [f"{value:+g}" for value in near[self.can_generate(near)].tolist()]
        instead = f"; it makes EV {', '.join(known)}" if 0 < len(known) < 33 else ""
        raise InputError(f"{name} cannot make EV {float(ev[~possible][0]):+g}{instead}")

    def generated_stack(self, image: Tensor, stack_ev: Sequence[float] | None = None) -> tuple[Tensor, Tensor]:
        """The stack that `reconstruct` merges: `stack_ev`, by default the method's own, around `image` at EV 0.

        Returns:
            `(B, K, 3, H, W)` display values, and `(K,)` stops.
        """
        ev = self._stops(image, stack_ev)
        stack = self.in_tiles(lambda part: self._around(part, ev), image, self.prepared)
        stack[:, ev == 0] = image[:, None].to(stack)  # where tiles overlap, it has been rounded
        return stack, ev

    def _exposed(self, image: Tensor, ev: Tensor) -> Tensor:
        return self.expose(image, ev).float().clamp(0, 1).contiguous()  # whatever the layout of the network

    def _around(self, part: Tensor, ev: Tensor) -> Tensor:
        """The exposures `ev` of a prepared image, which itself stands at 0."""
        exposures = iter(self._exposed(part, ev[ev != 0]).unbind(1))
        return torch.stack([part[:, :3] if stops == 0 else next(exposures) for stops in ev.tolist()], dim=1)

    # -- radiance ----------------------------------------------------------------------------------------------------

    def expand(self, image: Tensor) -> Tensor:
        """The radiance of an image whose sides divide by `multiple`, made without exposures; a method implements it.

        Args:
            image: `(B, 3, H, W)`, display values in [0, 1]; what `prepared` returned.

        Returns:
            Linear radiance `(B, 3, H, W)`, in which 1 just reaches white in the image.

        Raises:
            InputError: If the method makes radiance in another way.
        """
        raise InputError(f"{type(self).__name__} has no expand(image), which makes radiance of one photograph")

    def reconstruct(self, batch: Batch) -> Tensor:
        """Linear radiance `(B, 3, H, W)` of a batch.

        Here: of the reference exposure alone, it is expanded, or else a stack is generated and merged, in tiles where
        it is large.
        """
        image = source_of(batch)
        if not self.expands:
            return self._merged(image)
        return self.in_tiles(lambda part: self.expand(part).float().contiguous(), image, self.prepared)

    @property
    def expands(self) -> bool:
        """Whether the method makes radiance without exposures, by `expand`; it may make exposures as well."""
        return type(self).expand is not HDRModule.expand

    @property
    def merges_any_stack(self) -> bool:
        """Whether `reconstruct` would merge any other exposures just so: whether a protocol may choose them.

        Not where a method reconstructs in another way, or chooses the exposures itself.
        """
        default = type(self).reconstruct is HDRModule.reconstruct
        merges = default and self.generates and not self.expands
        return merges and all(math.isfinite(ev) for ev in self.stack_ev)

    def reconstruct_from(
        self, image: Tensor, stack_ev: Sequence[float] | None = None, merge: MergeFunction | None = None
    ) -> Tensor:
        """Radiance `(B, 3, H, W)` of generated exposures.

        Args:
            image: `(B, 3, H, W)`, display values in [0, 1].
            stack_ev: The exposures, in stops relative to the image; None: the method's own.
            merge: Merges whole stacks `(B, K, 3, H, W)` at `(K,)` stops; None: the method's own, tile by tile.
        """
        return self._merged(image, stack_ev) if merge is None else merge(*self.generated_stack(image, stack_ev))

    def merge(self, stack: Tensor, ev: Tensor) -> Tensor:
        """Linear radiance `(B, 3, H, W)` of generated stacks; see `merge_stack`, which a method may replace."""
        return merge_stack(stack, ev, self.response)

    def _merged(self, image: Tensor, stack_ev: Sequence[float] | None = None) -> Tensor:
        ev = self._stops(image, stack_ev)
        tiling = self._tiling(self.prepared, merges=True)
        return tiling.apply(lambda part: self.merge(self._around(part, ev), ev), image, self.tile)

    def _stops(self, image: Tensor, stack_ev: Sequence[float] | None = None) -> Tensor:
        """`stack_ev`, by default the method's own, on the image's device."""
        return torch.tensor(self.stack_ev if stack_ev is None else stack_ev, device=image.device)

    # -- Lightning ---------------------------------------------------------------------------------------------------

    def configure_callbacks(self) -> list[Callback]:
        """What steps the schedules and makes steps quick; a method with callbacks of its own adds them to these."""
        return [Schedules(), QuickSteps()]

    def predict_step(self, batch: Batch, batch_idx: int) -> Prediction:
        """Exposures and radiance of a batch; what a photograph itself knows of its radiance stays."""
        with known_response(self, batch):
            prediction = self._predicted(batch)
        prediction["hdr"] = batch["hdr"] if gain_map_of(batch) else restored_where_clipped(prediction["hdr"], batch)
        if "share" in batch:
            prediction["hdr"] *= batch["share"].view(-1, 1, 1, 1)
        return prediction

    def _predicted(self, batch: Batch) -> Prediction:
        image = source_of(batch)
        if not (self.generates and self.keeps_exposures):
            hdr = batch["hdr"] if gain_map_of(batch) else self.reconstruct(batch)
            return {"scene": batch["scene"], "image": image, "hdr": hdr}
        ev = self._stops(image)

        def both(part: Tensor) -> tuple[Tensor, ...]:
            stack = self._around(part, ev)
            return stack, self.expand(part).float().contiguous() if self.expands else self.merge(stack, ev)

        # Exposures are kept as the codes that go to files: a dense stack of a large photograph would fill the memory.
        stack, hdr = self._tiling(self.prepared, merges=not self.expands).apply_all(
            both, image, self.tile, (torch.uint8, None)
        )
        return {"scene": batch["scene"], "image": image, "stack": stack, "ev": ev, "hdr": hdr}
