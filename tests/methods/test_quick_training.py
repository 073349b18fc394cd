"""What makes steps quicker: the layout of weights, fused optimizers, the kept heap, no waiting for a GPU."""

from contextlib import nullcontext

import pytest
import torch
from pytorch_lightning import Callback, Trainer
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.data import DataLoader

from hdrgen.methods import DeepSynthHDRI, Kalantari2017, MultiExposureGeneration
from hdrgen.methods.quick_training import align, fuse
from hdrgen.optim import GradientCentralizedAdam
from hdrgen.tiling.kept_heap import _glibc, _keeping
from tests.methods.examples import EXAMPLES
from tests.methods.test_every_method import every_method, one_batch, quiet, train, weights

LAST, FIRST = torch.channels_last, torch.contiguous_format
FEW = 64
"""Numbers of a copy to the device that a step may hold: what it has drawn, on the CPU, for its batch."""
LE = next(example for example in EXAMPLES if example.method is MultiExposureGeneration)


class Watch(TorchDispatchMode):
    """Notes copies between devices and numbers in float64."""

    def __init__(self):
        super().__init__()
        self.found = []

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        result = function(*arguments, **(keywords or {}))
        if function.overloadpacket is torch.ops.aten._to_copy and result.device != arguments[0].device:
            self.found += [f"a copy of {tuple(result.shape)}"] if result.numel() > FEW else []
        if isinstance(result, torch.Tensor) and result.dtype == torch.float64:
            self.found.append(f"float64 in {function}")
        return result


@every_method
def test_a_step_reads_nothing_from_its_device_and_computes_in_float32(example, monkeypatch):
    """On a device without numbers, what would copy some to the host fails: `.item()`, `.tolist()`, `nonzero`."""
    if example.method is DeepSynthHDRI:
        pytest.skip("its step updates networks in between; test_deep_synth_training.py has the losses")
    if example.method is Kalantari2017:
        pytest.skip("OpenCV finds its motion, on the CPU")
    monkeypatch.setattr(torch, "autocast", lambda *_, **__: nullcontext())  # which does not know the device
    model = example.model().to("meta")
    monkeypatch.setattr(model, "log", lambda *_, **__: None)
    monkeypatch.setattr(model, "log_dict", lambda *_, **__: None)
    monkeypatch.setattr(model, "descend", lambda loss, *_, **__: loss.backward())
    batch = {
        key: value.to("meta") if torch.is_tensor(value) else value for key, value in one_batch(model, example).items()
    }
    for _ in range(2):  # what is copied once for all steps does not count
        with Watch() as watch:
            loss = model.training_step(batch, 0)
            if loss is not None:
                loss.backward()
    assert not watch.found


class Layouts(Callback):
    """Whether, after a step, weights and moments lie channels last."""

    def on_train_batch_end(self, trainer, module, *_):
        (self.weight,) = (p for name, p in module.named_parameters() if name == "network.up.unet.encoder.1.0.weight")
        (optimizer,) = trainer.optimizers
        self.moment = optimizer.state[self.weight]["exp_avg"]
        self.fused = optimizer.param_groups[0]["fused"]


@pytest.mark.parametrize("channels_last", [True, False])
def test_weights_and_moments_lie_as_the_method_says(channels_last, monkeypatch):
    monkeypatch.setattr(MultiExposureGeneration, "channels_last", channels_last)
    model, seen = LE.model(), Layouts()
    batches = DataLoader([one_batch(model, LE)], batch_size=None)
    Trainer(max_epochs=1, callbacks=[seen], enable_checkpointing=False, **quiet).fit(model, batches)
    for tensor in (seen.weight, seen.moment):
        assert tensor.is_contiguous(memory_format=LAST) == channels_last
        assert tensor.is_contiguous() == (not channels_last)
    assert seen.fused


def test_both_layouts_learn_the_same_but_for_rounding(monkeypatch):
    learnt = []
    for channels_last in (True, False):
        monkeypatch.setattr(MultiExposureGeneration, "channels_last", channels_last)
        model = LE.model(optimizer=lambda p: torch.optim.SGD(p, 1e-4))
        train(model, [one_batch(model, LE)] * 2)
        learnt.append(weights(model))
    torch.testing.assert_close(*learnt, rtol=1e-4, atol=1e-5)
    assert not torch.equal(learnt[0], weights(LE.model()))


def stepped(first, then, optimizer_of, change):
    """A weight after a step in one layout, and two of an optimizer that takes up the first one's state in another."""
    generator = torch.Generator().manual_seed(0)
    start, *gradients = torch.randn(4, 4, 3, 3, 3, generator=generator)
    state = None
    for layout, part in ((first, gradients[:1]), (then, gradients[1:])):
        weight = torch.nn.Parameter(start.clone(memory_format=torch.contiguous_format).to(memory_format=layout))
        optimizer = optimizer_of([weight])
        if state is not None:
            optimizer.load_state_dict(state)
            change(optimizer)
        for gradient in part:
            weight.grad = gradient.clone().to(memory_format=layout)
            optimizer.step()
        start, state = weight.detach(), optimizer.state_dict()
    return start.contiguous()


@pytest.mark.parametrize("kind", [torch.optim.Adam, torch.optim.AdamW, GradientCentralizedAdam])
@pytest.mark.parametrize(("first", "then"), [(FIRST, LAST), (LAST, FIRST), (LAST, LAST)])
def test_a_training_goes_on_in_another_layout(kind, first, then):
    def change(optimizer):
        fuse(optimizer)
        align(optimizer)

    def plain(parameters):
        return kind(parameters, lr=0.1)

    wanted = stepped(FIRST, FIRST, plain, lambda optimizer: None)
    torch.testing.assert_close(stepped(first, then, plain, change), wanted, rtol=1e-5, atol=1e-6)


def test_what_an_optimizer_was_told_stays():
    weight = torch.nn.Parameter(torch.ones(2))
    told = [
        torch.optim.Adam([weight], foreach=True),
        torch.optim.Adam([weight], fused=False),
        torch.optim.Adam([weight], differentiable=True),
        torch.optim.RMSprop([weight]),  # has no fused step
        torch.optim.Adam([torch.nn.Parameter(torch.ones(2, device="meta"))]),
    ]
    for optimizer in told:
        before = dict(optimizer.param_groups[0])
        fuse(optimizer)
        assert optimizer.param_groups[0] == before
    free = torch.optim.SGD([weight])
    fuse(free)
    assert free.param_groups[0]["fused"] is True


class Interrupted(Callback):
    def on_train_batch_end(self, *_):
        self.kept = len(_keeping)
        raise RuntimeError("enough")


def test_memory_is_kept_within_a_fit_and_given_back_after_it_also_when_interrupted():
    seen = Interrupted()
    model = LE.model()
    batches = DataLoader([one_batch(model, LE)], batch_size=None)
    with pytest.raises(RuntimeError, match="enough"):
        Trainer(max_epochs=1, callbacks=[seen], enable_checkpointing=False, **quiet).fit(model, batches)
    assert seen.kept == (_glibc() is not None)
    assert not _keeping
    train(LE.model(), [one_batch(model, LE)])
    assert not _keeping
