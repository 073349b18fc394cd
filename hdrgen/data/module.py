"""The one Lightning data module: any data set, any method."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal

import torch
from pytorch_lightning import LightningDataModule, Trainer
from pytorch_lightning.trainer.states import TrainerFn
from pytorch_lightning.utilities import rank_zero_warn
from torch.utils.data import DistributedSampler

from hdrgen.data.augmentation import Augmentation
from hdrgen.data.collation import Batch, PatientLoader, StackLoader, collate
from hdrgen.data.dataset import SelectedExposures, StackDataset
from hdrgen.data.decoded import DecodedCache
from hdrgen.data.prediction.single import Photographs, PhotographSource
from hdrgen.data.samplers import EpochSampler, ExactShard, Ordered, OrderedSampler
from hdrgen.data.selection import Selection, WholeStack
from hdrgen.errors import InputError, few_of


class ExposureStackDataModule(LightningDataModule):
    """Feeds scenes to a method.

    Training samples hold the frames that the method asks for (`exposures` of the Lightning module, a `Selection`;
    the whole stack where it has none); validation and test samples hold the whole stack, prediction samples one
    photograph, or what the method makes of the user's files (`photographs` of the Lightning module). A training sample
    depends on seed, scene and epoch only, not on workers, processes or batches.

    With several processes, training and the validation within it give each of them equally many scenes, repeating the
    first where they do not divide evenly. Test, validation by its own command and prediction visit every scene exactly
    once.

    Args:
        train: Scenes to train on.
        val: Scenes to choose by.
        test: Scenes to report on.
        predict: Photographs: files, folders or glob patterns. For methods that merge exposures, those of a folder are
            one scene.
        batch_size: Training samples per step and process.
        samples_per_scene: How often an epoch of training takes each scene, with other frames, crops and views each
            time. It is the distance between validations, checkpoints and steps of a schedule that goes by epochs: 45
            make an epoch as long as that of Le et al.'s public code, which lists all 45 pairs of nine exposures.
        eval_batch_size: Scenes per validation and test step. Photographs are always predicted one by one: their sizes
            differ, and so the results cannot depend on a batch size.
        num_workers: Processes that load samples, per process of the run; 0 loads in the run itself.
        seed: Of frames, views, crops, geometry and order.
        augmentation: Random geometry of training samples; None keeps them as they are.
        on_error: A training scene that cannot be read stops the run with its name, or is skipped: the next scene takes
            its place, and the skipped ones are counted in a warning at the end of the epoch. Evaluation always stops.
        clean: Replace NaN, infinite, negative and black pixels of radiance in photographs to predict from; without it
            the first two stop the run.
        max_megapixels: Refuse larger photographs to predict from.
        own_radiance: Take from photographs to predict from what they know of their radiance: that of a gain map, and
            that RAW is linear; without it both are pictures like any other.
        white: Code at which photographs to predict from clip, or one each of red, green and blue; None: the largest.
        cache: Folder for decoded photographs, HDR images and invented scenes, which are then made once instead of in
            every epoch, in this run and others, and read by squares; None makes them anew. `hdrgen cache` lists and
            clears it.
        cache_gib: Room in that folder, about; what was used last before this run leaves first.
    """

    def __init__(
        self,
        train: StackDataset | None = None,
        val: StackDataset | None = None,
        test: StackDataset | None = None,
        predict: str | list[str] | None = None,
        batch_size: int = 8,
        samples_per_scene: int = 1,
        eval_batch_size: int = 1,
        num_workers: int = 0,
        seed: int = 0,
        augmentation: Augmentation | None = None,
        on_error: Literal["raise", "skip"] = "raise",
        clean: bool = False,
        max_megapixels: float = 500,
        own_radiance: bool = False,
        white: float | Sequence[float] | None = None,
        cache: str | None = None,
        cache_gib: float = 50.0,
    ) -> None:
        super().__init__()
        _check_sizes(batch_size=batch_size, eval_batch_size=eval_batch_size, samples_per_scene=samples_per_scene)
        if num_workers < 0:
            raise InputError(
                f"expected 0 or more processes to load samples, found {num_workers}; pass num_workers=0 for none",
                argument="num_workers",
            )
        # A process without a share of the scenes has nothing to do, which is no error; see `_exact`.
        self.allow_zero_length_dataloader_with_multiple_devices = True
        self.train = train
        self.val = val
        self.test = test
        self.predict = [predict] if isinstance(predict, str) else predict
        self.batch_size = batch_size
        self.samples_per_scene = samples_per_scene
        self.eval_batch_size = eval_batch_size
        self.num_workers = num_workers
        self.seed = seed
        self.augmentation = augmentation
        self.on_error = on_error
        self.clean = clean
        self.max_megapixels = max_megapixels
        self.own_radiance = own_radiance
        self.white = white
        if cache is not None:
            decoded = DecodedCache(cache, cache_gib)
            for scenes in (train, val, test):
                if scenes is not None:
                    scenes.keep_decoded(decoded)
        self._training: SelectedExposures | None = None
        self._photographs: SelectedExposures | None = None
        self.is_done: Callable[[str], bool] = _nothing_is_done
        """Whether a scene to predict from, by its name, is left out, since its results are there."""

    def train_dataloader(self) -> StackLoader:
        """Random frames, crops and order, new in each epoch."""
        selection: Selection = getattr(self._run.lightning_module, "exposures", WholeStack())
        crop = self.augmentation.crop if self.augmentation else None
        data = _required(self.train, "train")
        self._training = SelectedExposures(data, selection, self.seed, True, self.on_error, crop)
        sampler = self._shuffled(data)
        # A last, smaller batch would weigh its samples more; it is left out unless it is all there is.
        return self._loader(self._training, sampler, self.batch_size, drop_last=len(sampler) >= self.batch_size)

    def val_dataloader(self) -> StackLoader | list[Any]:
        """Whole stacks in order."""
        if self.val is None and self._run.state.fn == TrainerFn.FITTING:
            return []
        data = _required(self.val, "val")
        fitting = self._run.state.fn == TrainerFn.FITTING
        return self._evaluation(data, self._in_order(len(data)) if fitting else self._exact(data))

    def test_dataloader(self) -> StackLoader:
        """Whole stacks in order, each once."""
        data = _required(self.test, "test")
        return self._evaluation(data, self._exact(data))

    def predict_dataloader(self) -> StackLoader:
        """Photographs in order, one by one, or scene by scene; what cannot be read of several is left out."""
        data = self.photographs_for(self._run.lightning_module)
        self._photographs = SelectedExposures(data, seed=self.seed)
        # What is done is left out of the share of each process, not of what is shared: another may write meanwhile.
        share = ExactShard(len(data), rank=self._run.global_rank, world=self._run.world_size)
        share.keep(lambda index: not self.is_done(data.scene(index)))
        return self._loader(self._photographs, share, 1, kind=PatientLoader if len(data) > 1 else StackLoader)

    def photographs_for(self, method: object) -> StackDataset:
        """The user's photographs, one by one or as scenes, as a method takes them; none is read yet.

        Raises:
            InputError: There are none.
        """
        arrange: PhotographSource = getattr(method, "photographs", Photographs)
        data = arrange(_required(self.predict, "predict"), self.clean, self.max_megapixels)
        if isinstance(data, Photographs):
            data.own_radiance, data.white = self.own_radiance, self.white
        return data

    def check_predicted(self) -> None:
        """Fail if photographs were left out; with several processes, each must call this.

        Raises:
            InputError: Some were; on the first process only.
        """
        if self._photographs is None:
            return
        unreadable = self._unreadable(self._photographs)
        if unreadable and self._run.is_global_zero:
            total = len(self._photographs)
            raise InputError(
                f"{len(unreadable)} of {total} photographs cannot be read and were left out: {few_of(unreadable)}"
            )

    def on_after_batch_transfer(self, batch: Batch, dataloader_idx: int) -> Batch:
        """Augment training batches on their device; report skipped scenes with the last batch of an epoch."""
        if not self._run.training:
            return batch
        if self._run.is_last_batch:
            self._report_skipped()
        if self.augmentation is not None:
            # A scene that comes again within the epoch moves otherwise, also where it is alone in its batch.
            ready = self._run.fit_loop.epoch_loop.batch_progress.current.ready
            again = () if self.samples_per_scene == 1 else (ready,)
            key = (self.seed, self._epoch(), *batch["scene"], *again)
            ldr, hdr = self.augmentation(batch["ldr"], batch.get("hdr"), *key)
            batch = batch | {"ldr": ldr} | ({} if hdr is None else {"hdr": hdr})
        _check_sides(batch, getattr(self._run.lightning_module, "multiple", 1))
        return batch

    @property
    def _run(self) -> Trainer:
        if self.trainer is None:
            raise InputError("expected a trainer, found none; pass the data module to Trainer.fit or its siblings")
        return self.trainer

    def _epoch(self) -> int:
        # `current_epoch` lags behind by one until the training loop has started, if a run resumes from the end of an
        # epoch; workers ask for their first samples before that.
        progress: Any = self._run.fit_loop.epoch_progress
        return int(progress.current.processed)

    def _done(self) -> int:
        """Samples of the epoch that this process has trained on, where it goes on in the middle of one."""
        loop: Any = self._run.fit_loop
        begun = loop.epoch_progress.current.processed < loop.epoch_progress.current.ready
        return int(loop.epoch_loop.batch_progress.current.processed) * self.batch_size if begun else 0

    def _shuffled(self, data: StackDataset) -> EpochSampler:
        kind = partial(OrderedSampler, data) if isinstance(data, Ordered) else partial(EpochSampler, len(data))
        rank, world = self._run.global_rank, self._run.world_size
        return kind(self.seed, self._epoch, self._done, rank=rank, world=world, passes=self.samples_per_scene)

    def _in_order(self, length: int) -> EpochSampler:
        rank, world = self._run.global_rank, self._run.world_size
        return EpochSampler(length, self.seed, self._epoch, shuffle=False, rank=rank, world=world)

    def _exact(self, data: StackDataset) -> ExactShard:
        if len(data) < self._run.world_size:
            # A process without scenes would not take part in reducing the metrics, and the others would wait forever.
            raise InputError(
                f"expected at least one scene for each of {self._run.world_size} processes, found {len(data)};"
                f" pass devices={len(data)}",
                argument="trainer.devices",
            )
        return ExactShard(len(data), rank=self._run.global_rank, world=self._run.world_size)

    def _evaluation(self, data: StackDataset, sampler: DistributedSampler[Any]) -> StackLoader:
        return self._loader(SelectedExposures(data, seed=self.seed), sampler, self.eval_batch_size)

    def _loader(
        self,
        data: SelectedExposures,
        sampler: DistributedSampler[Any],
        batch_size: int,
        drop_last: bool = False,
        kind: type[StackLoader] = StackLoader,
    ) -> StackLoader:
        return kind(
            data,
            batch_size=batch_size,
            sampler=sampler,
            num_workers=self.num_workers,
            collate_fn=collate,
            pin_memory=self._run.strategy.root_device.type == "cuda",
            drop_last=drop_last,
            persistent_workers=self.num_workers > 0,
        )

    def _report_skipped(self) -> None:
        if self._training is None or self.on_error != "skip":
            return
        unreadable = self._unreadable(self._training)
        self._training.unreadable.zero_()
        if unreadable:
            rank_zero_warn(
                f"skipped {len(unreadable)} unreadable scenes in epoch {self._epoch()}: {few_of(unreadable)}"
            )

    def _unreadable(self, data: SelectedExposures) -> list[str]:
        """Scenes that any of the processes could not read."""
        strategy = self._run.strategy
        # A copy: with one process, reducing returns its argument.
        counts = strategy.reduce(data.unreadable.clone().to(strategy.root_device), reduce_op="sum")
        return [data.dataset.scene(int(index)) for index in torch.as_tensor(counts).nonzero().flatten()]


def _nothing_is_done(scene: str) -> bool:
    return False


def _check_sides(batch: Batch, multiple: int) -> None:
    """Evaluation pads; in training, padding would be learned."""
    height, width = batch["ldr"].shape[-2:]
    if height % multiple or width % multiple:
        crop = max(multiple, min(height, width) // multiple * multiple)
        raise InputError(
            f"expected training images whose sides divide by {multiple}, as the network needs, found {width} x {height}"
            f" (scene {batch['scene'][0]}); cut squares by an Augmentation with crop={crop} or less",
            argument="augmentation.crop",
        )


def _check_sizes(**sizes: int) -> None:
    for name, size in sizes.items():
        if size < 1:
            what = "in a batch" if name.endswith("batch_size") else "of each scene in an epoch"
            message = f"expected at least one sample {what}, found {size}; pass {name}=1 or more"
            raise InputError(message, argument=name)


def _required(data: Any, name: str) -> Any:
    """The data that the user passed as the argument `name`.

    Raises:
        InputError: There is none.
    """
    if data is None or (isinstance(data, Sequence) and not data):
        value = "FILES" if name == "predict" else "SCENES"
        raise InputError(f"expected data for this stage, found none; pass {name}={value}", argument=f"data.{name}")
    return data
