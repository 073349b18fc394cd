"""Activations that are computed again: the same weights to the last bit, and less that is kept."""

from types import MethodType

import pytest
import torch
from pytorch_lightning import Trainer
from torch.utils.data import DataLoader

from hdrgen.callbacks import ActivationCheckpointing
from hdrgen.cli.main import main
from hdrgen.errors import InputError
from hdrgen.methods import DeepSynthHDRI, MultiExposureGeneration
from tests.methods.examples import EXAMPLES
from tests.methods.test_every_method import one_batch, quiet
from tests.toys import ToyMethod

SOME = [each for each in EXAMPLES if each.model().recomputed]


class Kept:
    """Counts the numbers that autograd keeps at once, parameters aside."""

    def __init__(self):
        self.now = self.most = 0

    def pack(self, tensor):
        return tensor if tensor.is_leaf else Handle(self, tensor)

    def unpack(self, kept):
        return kept.tensor if isinstance(kept, Handle) else kept


class Handle:
    def __init__(self, counter, tensor):
        self.counter, self.tensor, self.size = counter, tensor, tensor.numel()
        counter.now += self.size
        counter.most = max(counter.most, counter.now)

    def __del__(self):
        self.counter.now -= self.size


def trained(example, *callbacks):
    """State after two steps, and how much was kept."""
    model, kept = example.model(), Kept()
    batch = one_batch(model, example)
    trainer = Trainer(max_epochs=1, callbacks=[*callbacks], enable_checkpointing=False, **quiet)
    with torch.autograd.graph.saved_tensors_hooks(kept.pack, kept.unpack):
        trainer.fit(model, DataLoader([batch] * 2, batch_size=None))
    return model.state_dict(), kept.most


def test_the_methods_of_large_networks_are_among_them():
    assert {DeepSynthHDRI, MultiExposureGeneration} <= {each.method for each in SOME}


@pytest.mark.parametrize("example", SOME, ids=lambda example: example.method.__name__)
def test_weights_and_statistics_are_the_same_and_less_is_kept(example):
    (whole, much), (again, less) = trained(example), trained(example, ActivationCheckpointing())
    assert again.keys() == whole.keys()
    for name, value in whole.items():
        assert torch.equal(again[name], value), name
    assert less < 0.9 * much, (less, much)


def test_networks_are_left_as_they_were():
    model = SOME[0].model()
    parts = [part for part in model.modules() if isinstance(part, model.recomputed)]
    callback = ActivationCheckpointing()
    callback.setup(Trainer(**quiet), model, "test")
    assert not any("forward" in vars(part) for part in parts)
    for _ in range(2):  # a fit that fails does not tear down
        callback.setup(Trainer(**quiet), model, "fit")
        assert all("forward" in vars(part) for part in parts)
        assert parts[0].forward.args[1] == MethodType(type(parts[0]).forward, parts[0])
    callback.teardown(Trainer(**quiet), model, "fit")
    assert not any("forward" in vars(part) for part in parts)


def test_a_method_that_names_no_parts_is_refused():
    with pytest.raises(InputError, match="found ToyMethod, which names none; leave ActivationCheckpointing out"):
        ActivationCheckpointing().setup(Trainer(**quiet), ToyMethod(), "fit")
    assert DeepSynthHDRI(end_to_end="hdr", global_channels=(4, 4), local_channels=(4, 4)).recomputed == ()


def test_it_is_asked_for_on_the_command_line(capsys):
    words = ["--config=cevr_small", "--data.train=ProceduralScenes", "--trainer.callbacks+=ActivationCheckpointing"]
    assert main(["fit", *words, "--print_config"]) == 0
    assert "class_path: hdrgen.callbacks.ActivationCheckpointing" in capsys.readouterr().out
