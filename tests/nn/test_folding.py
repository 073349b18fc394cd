import copy

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from hdrgen.methods import load_method
from hdrgen.nn import FoldedSequential, convolved, folding
from hdrgen.weights import find_checkpoint

NORM = "aten.native_batch_norm.default"


class Called(TorchDispatchMode):
    """Names of the operations that torch is asked for."""

    def __init__(self):
        super().__init__()
        self.names = set()

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        self.names.add(str(function).replace("_no_training", "").replace("cudnn", "native"))
        return function(*arguments, **(keywords or {}))


def layers(bias=False, affine=True, **keywords):
    torch.manual_seed(0)
    norm = nn.BatchNorm2d(5, eps=1e-3, affine=affine)
    norm.running_mean.uniform_(-1, 1)
    norm.running_var.uniform_(0.1, 3)
    if affine:
        nn.init.uniform_(norm.weight, 0.5, 2)
        nn.init.uniform_(norm.bias, -1, 1)
    return nn.Sequential(nn.Conv2d(3, 5, 3, bias=bias, **keywords), norm, nn.ReLU()).eval()


@pytest.mark.parametrize(
    "keywords", [{}, {"bias": True}, {"affine": False}, {"padding": 1, "padding_mode": "reflect", "stride": 2}]
)
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_a_folded_norm_makes_what_both_layers_make(keywords, layout):
    plain, image = layers(**keywords), torch.rand(2, 3, 9, 11).contiguous(memory_format=layout)
    with torch.no_grad(), Called() as called:
        found = FoldedSequential(*plain)(image)
    torch.testing.assert_close(found.double(), copy.deepcopy(plain).double()(image.double()), rtol=1e-5, atol=1e-6)
    assert NORM not in called.names


@pytest.mark.parametrize("why", ["gradient", "training", "half", "hook"])
def test_a_norm_stays_a_layer_where_something_learns_or_looks(why):
    plain = layers()
    image, seen = torch.rand(2, 3, 9, 11), []
    if why == "training":
        plain.train()
    if why == "half":
        plain, image = plain.bfloat16(), image.bfloat16()
    if why == "hook":
        plain[1].register_forward_hook(lambda *made: seen.append(made))
    with torch.set_grad_enabled(why == "gradient"), Called() as called:
        found = FoldedSequential(*copy.deepcopy(plain))(image)
    assert any("batch_norm" in name for name in called.names)
    assert torch.equal(found, plain(image))


def test_folding_leaves_the_layers_as_they_are():
    network = FoldedSequential(*layers(bias=True))
    before = copy.deepcopy(network.state_dict())
    with torch.inference_mode():
        network(torch.rand(1, 3, 9, 9))
    assert before.keys() == network.state_dict().keys() == layers(bias=True).state_dict().keys()
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    network(torch.rand(1, 3, 9, 9)).sum().backward()
    assert network[0].weight.grad is not None


def test_what_is_no_convolution_is_not_folded():
    norm, features = layers()[1], torch.rand(1, 5, 4, 4)
    with torch.no_grad():
        assert torch.equal(convolved(nn.ReLU(), norm, features), norm(features))


@pytest.mark.parametrize("name", ["multi_exposure", "cevr", "adaptive_itm", "lhdr"])
def test_a_packaged_network_makes_the_same_picture_folded_and_laid_out_for_speed(name, monkeypatch):
    """All that has batch normalisation or channels last; codes that lie on the edge between two may fall to either."""
    method = load_method(find_checkpoint(name))
    coarse = torch.rand(1, 3, 5, 6, generator=torch.Generator().manual_seed(0))
    image = nn.functional.interpolate(coarse, (48, 64), mode="bicubic").clamp(0, 1)
    batch = {"scene": ["photo"], "ldr": image[:, None], "ev": torch.zeros(1, 1), "ref": torch.zeros(1, dtype=int)}
    with torch.inference_mode():
        quick = method.predict_step(batch, 0)
        method.channels_last_inference = False
        monkeypatch.setattr(folding, "_folds", lambda *_: False)
        plain = method.predict_step(batch, 0)
    assert quick["hdr"].is_contiguous()
    torch.testing.assert_close(quick["hdr"], plain["hdr"], rtol=1e-4, atol=1e-6)
    if method.generates:
        assert (quick["stack"].int() - plain["stack"].int()).abs().max() <= 1
        assert (quick["stack"] != plain["stack"]).float().mean() < 1e-4
