import pytest
import torch
from pytorch_lightning import Trainer
from pytorch_lightning.plugins import MixedPrecision
from torch.utils.data import DataLoader

from hdrgen.errors import InputError
from hdrgen.methods import GradientClipping
from tests.methods.test_hdr_gan import stacks, tiny

quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False, "enable_checkpointing": False}


def stepped(gradient: float, clipping: GradientClipping) -> float:
    """How far gradients of (3, 4) times a factor move two weights, at a rate of 1 and with scaled gradients."""
    weight = torch.nn.Parameter(torch.zeros(2))
    optimizer, scaler = torch.optim.SGD([weight], lr=1.0), torch.amp.GradScaler("cpu", init_scale=1024.0)
    clipping.watch(optimizer)
    scaler.scale((weight * gradient * torch.tensor([3.0, 4.0])).sum()).backward()
    scaler.step(optimizer)
    return weight.detach().norm().item()


@pytest.mark.parametrize(("algorithm", "moved"), [("norm", 0.5), ("value", 0.5 * 2**0.5)])
def test_scaled_gradients_are_clipped_by_what_they_are(algorithm, moved):
    assert stepped(1.0, GradientClipping(0.5, algorithm)) == pytest.approx(moved, rel=1e-5)
    assert stepped(1e-3, GradientClipping(0.5, algorithm)) == pytest.approx(5e-3, rel=1e-5)  # nothing to clip


def test_an_overflow_skips_the_step_also_where_gradients_are_clipped():
    assert stepped(float("inf"), GradientClipping(0.5, "value")) == 0.0


@pytest.mark.parametrize("limit", [0.0, -1.0, float("nan")])
def test_a_limit_that_is_none(limit):
    with pytest.raises(InputError, match="above 0"):
        GradientClipping(limit)


@pytest.mark.parametrize("scale", [1.0, 1024.0])
def test_clipping_of_a_method_is_the_same_whatever_the_scale_of_the_loss(scale):
    model = tiny(clip_value=1e-3, optimizer=lambda p: torch.optim.SGD(p, lr=1.0), scheduler=None)
    before = [p.detach().clone() for p in model.parameters()]
    half = MixedPrecision("16-mixed", "cpu", torch.amp.GradScaler("cpu", init_scale=scale))
    half.autocast_context_manager = lambda: torch.autocast("cpu", enabled=False)  # few operations have float16 there
    Trainer(accelerator="cpu", max_epochs=1, plugins=[half], **quiet).fit(
        model, DataLoader([stacks()], batch_size=None)
    )
    steps = [(old - new).abs().max() for old, new in zip(before, model.parameters(), strict=True)]
    assert max(steps).item() == pytest.approx(1e-3, rel=1e-3)
