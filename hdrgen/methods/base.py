"""The one method interface: what every method offers, and how all of them are evaluated."""

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypedDict

import torch
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from pytorch_lightning.trainer.states import TrainerFn
from torch import Tensor
from torch.optim.lr_scheduler import ConstantLR

from hdrgen.camera import CameraResponse
from hdrgen.data import Batch, Photographs, PhotographSource, Selection, WholeStack
from hdrgen.data.selection import EV_TOLERANCE
from hdrgen.errors import InputError
from hdrgen.methods.evaluation import Evaluation, evaluate
from hdrgen.methods.merging import merge_stack
from hdrgen.methods.optimisation import Optimised
from hdrgen.metrics import MEAN, EvaluationProtocol, Score, gather, load_protocol, means
from hdrgen.nn import TileSize, Tiling, read_checkpoint
from hdrgen.tiling.tiling import unheard


class Prediction(TypedDict, total=False):
    """What predict hands to the writer.

    `stack` `(B, K, 3, H, W)`, display values as codes from 0 to 255, with `ev` `(K,)`; `hdr` `(B, 3, H, W)`, radiance.
    """

    scene: list[str]
    image: Tensor
    stack: Tensor
    ev: Tensor
    hdr: Tensor


class HDRModule(Optimised):
    """A method that reconstructs HDR images through exposure stacks.

    A method sets `exposures` and `multiple`, and implements `training_step` and `expose`. One that generates no
    exposures implements `reconstruct` instead. Validation, test and predict are the same for all.

    Args:
        optimizer: Makes the optimiser from the parameters.
        scheduler: Makes the learning-rate scheduler from the optimiser; None keeps the rate, as the default does.
        interval: When the scheduler steps, `epoch` or `step`.
        stack_ev: Exposures that `reconstruct` and `predict` make, in stops relative to the input.
        response: Response with which `reconstruct` merges them; None estimates it from the stack.
        initial_weights: Checkpoint whose weights training starts from, with a new optimiser and schedule; `--ckpt_path`
            goes on with an interrupted training instead.

    Attributes:
        exposures: The frames of a stack that training needs.
        multiple: Both sides of an image are padded to a multiple of this, in pixels.
        context: Whether the network uses statistics of the whole image (`hdrgen.nn.of_whole_image`).
        tile: Side of the tiles in which large images pass the network, in pixels; `auto` as free memory allows, `none`.
        overlap: Of neighbouring tiles, in pixels.
        generates: False for a method without `expose`.
        learned_merge: Whether `merge` is a network, which an exported program can hold.
        photographs: What predict makes of the user's files: `Photographs` takes them one by one, `Brackets` together.
        progress: Called with the share that is done of a large image, after each tile.
        protocols: How the stages `val` and `test` are scored; one that is not named, by the packaged protocol `quick`.
    """

    exposures: Selection = WholeStack()
    photographs: PhotographSource = Photographs
    multiple: int = 1
    context: bool = False
    tile: TileSize = "auto"
    overlap: int = 128
    generates: bool = True
    learned_merge: bool = False

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
        self.protocols: dict[str, EvaluationProtocol] = {}
        self.progress: Callable[[float], None] = unheard
        self._scores: list[Score] = []

    def setup(self, stage: str) -> None:
        """Load the weights that training starts from; a checkpoint to resume from is loaded later and wins.

        Raises:
            InputError: If the file cannot be read, or belongs to a network of other sizes.
        """
        if stage == "fit" and self.initial_weights is not None:
            try:
                self.load_state_dict(read_checkpoint(self.initial_weights)["state_dict"])
            except (KeyError, RuntimeError) as error:
                raise InputError(
                    f"{self.initial_weights}: expected weights of this {type(self).__name__}, found others"
                    f" ({' '.join(str(error).split())[:120]}); pass a checkpoint of the same method and sizes"
                ) from error

    # -- the interface ---------------------------------------------------------------------------------------------

    def expose(self, image: Tensor, ev: Tensor) -> Tensor:
        """What `generate` calls, with an image whose sides divide by `multiple`. The method's own.

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

    def prepared(self, image: Tensor) -> Tensor:
        """What `expose` is given for an image `(B, 3, H, W)`: further channels may follow. Here: the image alone.

        It is padded and cut into tiles after this, so that what depends on more than a tile sees all.
        """
        return image

    def _exposed(self, image: Tensor, ev: Tensor) -> Tensor:
        return self.expose(image, ev).float().clamp(0, 1)

    def in_tiles(
        self, function: Callable[[Tensor], Tensor], image: Tensor, prepare: Callable[[Tensor], Tensor] | None = None
    ) -> Tensor:
        """Apply a function of whole images, padded to `multiple`, and in tiles where `image` is large.

        Args:
            function: `(B, C, h, w)` to `(..., h, w)`.
            image: `(B, C, H, W)`.
            prepare: Applied to the image before it is padded and cut into tiles.

        Returns:
            `(..., H, W)`.
        """
        return self._tiling(prepare).apply(function, image, self.tile)

    def check_tile(self) -> None:
        """Raise where `tile` is too small for the overlap of the tiles, before any image is worked on.

        Raises:
            InputError: it is.
        """
        self._tiling().check(self.tile)

    def _tiling(self, prepare: Callable[[Tensor], Tensor] | None = None, merges: bool = False) -> Tiling:
        context = self.context or (merges and self.response is None)
        return Tiling(self.multiple, self.overlap, context, prepare or torch.nn.Identity(), self.progress)

    def reconstruct(self, batch: Batch) -> Tensor:
        """Linear radiance `(B, 3, H, W)` of a batch.

        Here: generate a stack from the reference exposure and merge it, tile by tile where it is large.
        """
        return self._merged(source_of(batch))

    def _stops(self, image: Tensor, stack_ev: Sequence[float] | None = None) -> Tensor:
        """`stack_ev`, by default the method's own, on the image's device."""
        return torch.tensor(self.stack_ev if stack_ev is None else stack_ev, device=image.device)

    def _merged(self, image: Tensor, stack_ev: Sequence[float] | None = None) -> Tensor:
        ev = self._stops(image, stack_ev)
        tiling = self._tiling(self.prepared, merges=True)
        return tiling.apply(lambda part: self.merge(self._around(part, ev), ev), image, self.tile)

    def merge(self, stack: Tensor, ev: Tensor) -> Tensor:
        """Linear radiance `(B, 3, H, W)` of generated stacks; see `merge_stack`, which a method may replace."""
        return merge_stack(stack, ev, self.response)

    def offers(self, ev: Tensor) -> Tensor:
        """Which exposures `ev` (any shape, stops relative to the input) this method can generate. Here: all known ones.

        Returns:
            Booleans of the same shape. Validation and test leave out what a method does not offer.
        """
        return ev.isfinite()

    def generated_stack(self, image: Tensor, stack_ev: Sequence[float] | None = None) -> tuple[Tensor, Tensor]:
        """The stack that `reconstruct` merges: `stack_ev`, by default the method's own, around `image` at EV 0.

        Returns:
            `(B, K, 3, H, W)` display values, and `(K,)` stops.
        """
        ev = self._stops(image, stack_ev)
        stack = self.in_tiles(lambda part: self._around(part, ev), image, self.prepared)
        stack[:, ev == 0] = image[:, None].to(stack)  # where tiles overlap, it has been rounded
        return stack, ev

    def _around(self, part: Tensor, ev: Tensor) -> Tensor:
        """The exposures `ev` of a prepared image, which itself stands at 0."""
        made = iter(self._exposed(part, ev[ev != 0]).unbind(1))
        return torch.stack([part[:, :3] if stops == 0 else next(made) for stops in ev.tolist()], dim=1)

    # -- evaluation, once for all methods --------------------------------------------------------------------------

    def validation_step(self, batch: Batch, batch_idx: int) -> Evaluation:
        """Score a batch of whole stacks; the means are logged as `val/...` when all have been."""
        return self._score(batch, "val")

    def test_step(self, batch: Batch, batch_idx: int) -> Evaluation:
        """Score a batch of whole stacks; the means are logged as `test/...` when all have been."""
        return self._score(batch, "test")

    def predict_step(self, batch: Batch, batch_idx: int) -> Prediction:
        """Exposures and radiance of a batch."""
        image = source_of(batch)
        if not self.generates:
            return {"scene": batch["scene"], "image": image, "hdr": self.reconstruct(batch)}
        ev = self._stops(image)

        def both(part: Tensor) -> tuple[Tensor, ...]:
            stack = self._around(part, ev)
            return stack, self.merge(stack, ev)

        # Exposures are kept as the codes that go to files: a dense stack of a large photograph would fill the memory.
        stack, hdr = self._tiling(self.prepared, merges=True).apply_all(both, image, self.tile, (torch.uint8, None))
        return {"scene": batch["scene"], "image": image, "stack": stack, "ev": ev, "hdr": hdr}

    def evaluate(self, batch: Batch, stage: str) -> Evaluation:
        """Generate, reconstruct and score a batch under the protocol of the stage, `val` or `test`.

        Raises:
            InputError: With the scene's name, for what cannot be scored; within training, that scores as NaN.
        """
        fitting = self._trainer is not None and self.trainer.state.fn == TrainerFn.FITTING
        return evaluate(self, batch, self.protocol(stage), checked=not fitting)

    def protocol(self, stage: str) -> EvaluationProtocol:
        """How the stage `val` or `test` is scored."""
        return self.protocols.get(stage) or load_protocol("quick")

    def reconstruct_under(self, batch: Batch, protocol: EvaluationProtocol) -> Tensor:
        """As `reconstruct`, with the protocol's exposures and merge.

        Methods that reconstruct in another way than from a stack, or choose its exposures themselves, keep to theirs.
        """
        chooses = not all(math.isfinite(ev) for ev in self.stack_ev)
        if chooses or type(self).reconstruct is not HDRModule.reconstruct:
            return self.reconstruct(batch)
        offered = self._offered(protocol.stack_ev)
        if protocol.merge is None:
            return self._merged(source_of(batch), offered)
        merged: Tensor = protocol.merge(*self.generated_stack(source_of(batch), offered))
        return merged

    def _offered(self, stack_ev: Sequence[float] | None) -> Sequence[float] | None:
        """Those of a protocol's exposures that the method can make; its own where it can make none of them."""
        if stack_ev is None:
            return None
        stops = torch.tensor(sorted(stack_ev))
        kept: list[float] = stops[self.offers(stops) | (stops == 0)].tolist()
        return kept if len(kept) > 1 else None

    def generate_targets(self, batch: Batch, exposures: Sequence[float] | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Generate the exposures of the true stacks that the method offers, the input itself aside.

        Args:
            batch: Whole stacks.
            exposures: Which of them, in stops relative to the input; None: all.

        Returns:
            Generated `(B, K, 3, H, W)`, their EV `(B, K)`, and the truth `(B, K, 3, H, W)`; K may be 0.

        Raises:
            InputError: If the scenes of the batch hold different numbers of them.
        """
        ev = batch["ev"] - batch["ev"].gather(1, batch["ref"][:, None])
        wanted = self.offers(ev).scatter(1, batch["ref"][:, None], False)
        if exposures is not None:
            wanted &= ((ev[..., None] - ev.new_tensor(exposures)).abs() <= EV_TOLERANCE).any(-1)
        counts = wanted.sum(1).tolist()
        if len(set(counts)) > 1:
            raise InputError(
                f"{type(self).__name__}: expected equally many exposures to generate in every scene of a batch,"
                f" found {counts}; pass --data.eval_batch_size 1"
            )
        truth, stops = (values[wanted].view(len(ev), counts[0], *values.shape[2:]) for values in (batch["ldr"], ev))
        if not counts[0]:
            return truth, stops, truth
        made = [self.generate(image[None], row)[0] for image, row in zip(source_of(batch), stops, strict=True)]
        return torch.stack(made), stops, truth

    def on_validation_epoch_start(self) -> None:
        """Begin anew."""
        self._scores = []

    def on_test_epoch_start(self) -> None:
        """Begin anew."""
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

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Note the class, so that a checkpoint alone is enough to load the method.

        A response given as an object, not on the command line, cannot be noted; that is told.
        """
        if self.response is not None and "response" not in self.hparams:
            name = self.response.name
            warnings.warn(
                f"checkpoints do not hold the response {name}; pass it again with the checkpoint", stacklevel=2
            )
        checkpoint["hdrgen"] = {"class_path": f"{type(self).__module__}.{type(self).__qualname__}"}


def source_of(batch: Batch) -> Tensor:
    """The reference exposures `(B, 3, H, W)` of a batch; of a single scene without a copy."""
    ldr: Tensor = batch["ldr"]
    if len(ldr) == 1:
        return ldr[:, int(batch["ref"][0])]
    return ldr[torch.arange(len(ldr), device=ldr.device), batch["ref"]]
