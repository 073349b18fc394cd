"""The one method interface: what every method offers, and how all of them are evaluated."""

from collections.abc import Sequence
from typing import Any, Literal, TypedDict

import torch
from pytorch_lightning import LightningModule
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable, ReduceLROnPlateau
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ConstantLR, LRScheduler

from hdrgen.camera import CameraResponse
from hdrgen.data import Batch, Photographs, PhotographSource, Selection, WholeStack
from hdrgen.errors import InputError
from hdrgen.methods.merging import merge_stack
from hdrgen.methods.scores import Score, hdr_scores, stack_scores
from hdrgen.metrics import match_scale
from hdrgen.nn import pad_to_multiple, read_checkpoint


class Evaluation(TypedDict, total=False):
    """What validation and test hand to the callbacks, for a batch of B scenes.

    `stack` `(B, K, 3, H, W)` holds the generated exposures, `truth` the true ones, `ev` `(B, K)` their values; the
    methods that generate none leave them out. `hdr` is the result, scaled to the truth where there is one.
    """

    scene: list[str]
    scores: list[Score]
    batch: Batch
    stack: Tensor
    truth: Tensor
    ev: Tensor
    hdr: Tensor


class Prediction(TypedDict, total=False):
    """What predict hands to the writer: `stack` `(B, K, 3, H, W)` with `ev` `(K,)`, and `hdr` `(B, 3, H, W)`."""

    scene: list[str]
    image: Tensor
    stack: Tensor
    ev: Tensor
    hdr: Tensor


class HDRModule(LightningModule):
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
        generates: False for a method without `expose`.
        photographs: What predict makes of the user's files: `Photographs` takes them one by one, `Brackets` together.
    """

    exposures: Selection = WholeStack()
    photographs: PhotographSource = Photographs
    multiple: int = 1
    generates: bool = True

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
        height, width = image.shape[-2:]
        padded = pad_to_multiple(image, self.multiple)
        return self.expose(padded, ev)[..., :height, :width].float().clamp(0, 1)

    def reconstruct(self, batch: Batch) -> Tensor:
        """Linear radiance `(B, 3, H, W)` of a batch.

        Here: generate a stack from the reference exposure and merge it.
        """
        return self.merge(*self.generated_stack(source_of(batch)))

    def merge(self, stack: Tensor, ev: Tensor) -> Tensor:
        """Linear radiance `(B, 3, H, W)` of generated stacks; see `merge_stack`, which a method may replace."""
        return merge_stack(stack, ev, self.response)

    def offers(self, ev: Tensor) -> Tensor:
        """Which exposures `ev` (any shape, stops relative to the input) this method can generate. Here: all known ones.

        Returns:
            Booleans of the same shape. Validation and test leave out what a method does not offer.
        """
        return ev.isfinite()

    def generated_stack(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """The stack that `reconstruct` merges: `stack_ev` around `image`, which itself stands at EV 0.

        Returns:
            `(B, K, 3, H, W)` display values, and `(K,)` stops.
        """
        ev = torch.tensor(self.stack_ev, device=image.device)
        made = iter(self.generate(image, ev[ev != 0]).unbind(1))
        return torch.stack([image if stops == 0 else next(made) for stops in self.stack_ev], dim=1), ev

    # -- evaluation, once for all methods --------------------------------------------------------------------------

    def validation_step(self, batch: Batch, batch_idx: int) -> Evaluation:
        """Score a batch of whole stacks and log the means as `val/...`."""
        return self.evaluate(batch, "val")

    def test_step(self, batch: Batch, batch_idx: int) -> Evaluation:
        """Score a batch of whole stacks and log the means as `test/...`."""
        return self.evaluate(batch, "test")

    def predict_step(self, batch: Batch, batch_idx: int) -> Prediction:
        """Exposures and radiance of a batch."""
        image = source_of(batch)
        if not self.generates:
            return {"scene": batch["scene"], "image": image, "hdr": self.reconstruct(batch)}
        stack, ev = self.generated_stack(image)
        hdr = self.merge(stack, ev)
        return {"scene": batch["scene"], "image": image, "stack": stack, "ev": ev, "hdr": hdr}

    def evaluate(self, batch: Batch, stage: str) -> Evaluation:
        """What validation and test share: generate, reconstruct, score and log."""
        scenes: list[str] = batch["scene"]
        result: Evaluation = {"scene": scenes, "batch": batch, "scores": []}
        if self.generates and batch["ldr"].shape[1] > 1:
            stack, ev, truth = self.generate_targets(batch)
            if ev.numel():
                result |= {"stack": stack, "truth": truth, "ev": ev}
                result["scores"] += stack_scores(scenes, stack, truth, ev)
        result["hdr"] = self.reconstruct(batch)
        if "hdr" in batch:
            result["hdr"] = match_scale(result["hdr"], batch["hdr"])
            result["scores"] += hdr_scores(scenes, result["hdr"], batch["hdr"])
        self._log_means(result["scores"], stage, len(scenes))
        return result

    def generate_targets(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Generate the exposures of the true stacks that the method offers, the input itself aside.

        Returns:
            Generated `(B, K, 3, H, W)`, their EV `(B, K)`, and the truth `(B, K, 3, H, W)`; K may be 0.

        Raises:
            InputError: If the scenes of the batch hold different numbers of them.
        """
        ev = batch["ev"] - batch["ev"].gather(1, batch["ref"][:, None])
        wanted = self.offers(ev).scatter(1, batch["ref"][:, None], False)
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

    def _log_means(self, scores: list[Score], stage: str, batch_size: int) -> None:
        for metric in dict.fromkeys(score["metric"] for score in scores):
            values = [score["value"] for score in scores if score["metric"] == metric]
            self.log(
                f"{stage}/{metric}",
                sum(values) / len(values),
                batch_size=batch_size,
                sync_dist=True,
                prog_bar=metric == "psnr",
            )

    # -- optimisation ----------------------------------------------------------------------------------------------

    def configure_optimizers(self) -> Any:
        """The optimiser and scheduler of the arguments; none for a method without parameters.

        A method with several optimisers returns a list of `scheduled` ones.
        """
        return None if self.optimizer is None else self.scheduled(self.optimizer(self.parameters()))

    def scheduled(self, optimizer: Optimizer) -> Any:
        """`optimizer` with the learning-rate schedule of the arguments, as Lightning takes it."""
        if self.scheduler is None:
            return {"optimizer": optimizer}
        scheduler = self.scheduler(optimizer)
        if not self.automatic_optimization:
            return {"optimizer": optimizer, "lr_scheduler": scheduler}
        # Not strict: without validation scenes there is nothing to monitor, and training goes on at the same rate.
        schedule = {"scheduler": scheduler, "interval": self.interval, "monitor": _monitor(scheduler), "strict": False}
        return {"optimizer": optimizer, "lr_scheduler": schedule}

    def descend(self, loss: Tensor, clip_value: float | None = None) -> None:
        """Under manual optimisation: one backward pass, then a step of every optimiser.

        Args:
            loss: The sum of all optimisers' losses. One pass gives each parameter its gradient once, as
                DistributedDataParallel expects.
            clip_value: Largest magnitude of a gradient's entries; None clips nothing.
        """
        made: Any = self.optimizers()
        optimizers = made if isinstance(made, list) else [made]
        for optimizer in optimizers:
            optimizer.zero_grad()
        self.manual_backward(loss)
        for optimizer in optimizers:
            if clip_value is not None:
                self.clip_gradients(optimizer, gradient_clip_val=clip_value, gradient_clip_algorithm="value")
            optimizer.step()

    def on_train_batch_end(self, *_: Any) -> None:
        """Under manual optimisation, step the schedules that go by steps: Lightning leaves that to the method."""
        self._step_schedules("step")

    def on_train_epoch_end(self) -> None:
        """Under manual optimisation, step the schedules that go by epochs."""
        self._step_schedules("epoch")

    def _step_schedules(self, interval: str) -> None:
        if self.automatic_optimization or interval != self.interval:
            return
        for scheduler in (config.scheduler for config in self.trainer.lr_scheduler_configs):
            monitor = _monitor(scheduler)
            if monitor is None:
                scheduler.step()
            elif monitor in self.trainer.callback_metrics:
                scheduler.step(self.trainer.callback_metrics[monitor])  # type: ignore[arg-type]

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Note the class, so that a checkpoint alone is enough to load the method."""
        checkpoint["hdrgen"] = {"class_path": f"{type(self).__module__}.{type(self).__qualname__}"}


def _monitor(scheduler: LRScheduler | ReduceLROnPlateau) -> str | None:
    """The logged value that a schedule goes by, for those that go by one."""
    return getattr(scheduler, "monitor", None)


def source_of(batch: Batch) -> Tensor:
    """The reference exposures `(B, 3, H, W)` of a batch."""
    ldr: Tensor = batch["ldr"]
    return ldr[torch.arange(len(ldr), device=ldr.device), batch["ref"]]
