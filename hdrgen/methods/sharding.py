"""Weights, gradients and moments spread over the processes of a training (FSDP2): none holds a whole network."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from pytorch_lightning import Trainer
from pytorch_lightning.strategies import ModelParallelStrategy, StrategyRegistry
from pytorch_lightning.trainer.states import TrainerFn
from torch import distributed, nn

from hdrgen.errors import InputError
from hdrgen.methods.facts import MethodFacts

try:
    from torch.distributed import fsdp
except ImportError:  # a torch that was built without
    fsdp = None  # type: ignore[assignment]

WRAPPING = ("fsdp", "deepspeed")
"""How the names of Lightning's strategies begin that call a method as one network, which methods here are not."""


class FullySharded(ModelParallelStrategy):
    """A strategy of the trainer, `--trainer.strategy sharded`: each process keeps a part of every weight.

    The others' parts are fetched for a network while it runs, forward and backward, and dropped again; gradients are
    averaged, and a process gets its part of them. Updates are those of DistributedDataParallel to rounding. A method
    says by `sharded` which networks; those that train no weights stay whole. Validation fetches all weights once, as
    processes may have different numbers of scenes. Checkpoints are the files that one process writes. Tests and
    predictions have whole networks.

    Source: Zhao et al., "PyTorch FSDP: Experiences on Scaling Fully Sharded Data Parallel", 2023; by torch's
    `fully_shard`.
    """

    strategy_name = "sharded"

    def __init__(self, **options: Any) -> None:
        """Args: options: `process_group_backend` and `timeout` of Lightning's strategy."""
        super().__init__(save_distributed_checkpoint=False, **options)

    def setup_environment(self) -> None:
        """Spread over all processes of all machines."""
        self._data_parallel_size, self._tensor_parallel_size = self.num_nodes * self.num_processes, 1
        super().setup_environment()

    def setup(self, trainer: Trainer) -> None:
        """Begin with the weights of the first process, and have each keep its part, within a fit.

        Raises:
            InputError: The method names no networks.
        """
        method: Any = self.lightning_module
        if trainer.state.fn == TrainerFn.FITTING:
            check_strategy(method, self)
            if self._layer_sync:
                self._layer_sync.apply(method)
            method.to(self.root_device, memory_format=torch.contiguous_format)  # the only one that can be parted
            for tensor in (*method.parameters(), *method.buffers()):
                distributed.broadcast(tensor.detach(), 0)
            for part in _parts(method):
                fsdp.fully_shard(part, mesh=self.device_mesh["data_parallel"])
        super().setup(trainer)

    def load_checkpoint(self, checkpoint_path: Any, weights_only: bool | None = None) -> dict[str, Any]:
        """As of one process, where the networks are whole."""
        loading: Any = super() if any(self._sharded()) else super(ModelParallelStrategy, self)
        return loading.load_checkpoint(checkpoint_path, weights_only)  # type: ignore[no-any-return]

    def load_model_state_dict(self, checkpoint: Mapping[str, Any], strict: bool = True) -> None:
        """Parts were loaded with their checkpoint."""
        if not any(self._sharded()):
            super(ModelParallelStrategy, self).load_model_state_dict(checkpoint, strict)

    def on_validation_start(self) -> None:
        """Hold all weights, and what the first process has averaged."""
        super().on_validation_start()
        for part in self._sharded():
            part.set_reshard_after_forward(False)
            part.unshard()
        for buffer in self._whole().buffers():
            distributed.broadcast(buffer, 0)

    def on_validation_end(self) -> None:
        """Hold the own parts again."""
        super().on_validation_end()
        for part in self._sharded():
            part.set_reshard_after_forward(True)
            part.reshard()

    def _sharded(self) -> Iterator[Any]:
        return (part for part in self._whole().modules() if isinstance(part, fsdp.FSDPModule))

    def _whole(self) -> nn.Module:
        method: Any = self.lightning_module
        return method  # type: ignore[no-any-return]


StrategyRegistry.register("sharded", FullySharded, description="weights, gradients and moments in parts (FSDP2)")


def check_strategy(method: Any, strategy: Any) -> None:
    """Refuse strategies under which a method would not learn what it should.

    Args:
        method: Whose `sharded` says which networks may be spread.
        strategy: Of the trainer, or its name.

    Raises:
        InputError: With what to do instead.
    """
    name = strategy if isinstance(strategy, str) else getattr(strategy, "strategy_name", "")
    if name.startswith(WRAPPING):
        raise InputError(
            f"expected a strategy that trains the networks of a method one by one, found {name}, which wraps it whole;"
            " pass strategy=sharded, torch's newer FSDP, or ddp",
            "trainer.strategy",
        )
    if name != FullySharded.strategy_name:
        return
    if not hasattr(fsdp, "fully_shard"):
        raise InputError(
            f"{name} needs torch 2.6 with torch.distributed, found {torch.__version__}; pass strategy=ddp",
            "trainer.strategy",
        )
    if not (isinstance(method, MethodFacts) and method.sharded):
        raise InputError(
            f"expected a method whose networks can be sharded, found {type(method).__name__}, which names none;"
            " pass strategy=ddp, and ActivationCheckpointing where memory is short",
            "trainer.strategy",
        )


def _parts(method: Any) -> list[nn.Module]:
    """The networks to shard, innermost first."""
    parts = [part for part in method.modules() if isinstance(part, method.sharded)]
    inside = {id(weight) for part in parts for weight in part.parameters()}
    left = [name for name, weight in method.named_parameters() if weight.requires_grad and id(weight) not in inside]
    if left:
        raise InputError(f"{type(method).__name__}: expected all weights in its networks, found {left[0]} outside")
    return parts[::-1]
