"""What runs on an accelerator gives what a CPU gives. `make gpu`; `--device cpu` checks this file."""

import pytest
import torch
from pytorch_lightning import Trainer
from torch.utils.data import DataLoader

from hdrgen.camera import calibrate_debevec
from hdrgen.data import collate
from hdrgen.metrics import HDRVDP2
from tests.methods.examples import EXAMPLES
from tests.methods.test_every_method import Remember, one_batch, quiet, weights

pytestmark = pytest.mark.gpu
every_method = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.method.__name__)


@pytest.fixture(scope="module", autouse=True)
def device(request):
    """Where to compute; one line where there is nothing but a CPU."""
    asked = request.config.getoption("device")
    if asked is None and not torch.cuda.is_available():
        pytest.skip("torch finds no GPU here")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.backends.cudnn, "allow_tf32", False)  # it has ten bits, and would be compared with 23
        yield torch.device(asked or "cuda")


def trained(example, device, precision="32-true"):
    """The losses of two steps on one batch, and the method."""
    model, remember = example.model(), Remember(example.loss)
    options = quiet | {"accelerator": "cpu" if device.type == "cpu" else "gpu", "devices": 1, "precision": precision}
    trainer = Trainer(max_epochs=1, callbacks=[remember], enable_checkpointing=False, **options)
    trainer.fit(model, DataLoader([one_batch(model, example)] * 2, batch_size=None))
    return remember.values, model


@every_method
def test_a_step_on_the_device_is_that_of_a_cpu(example, device):
    there, here = trained(example, device), trained(example, torch.device("cpu"))
    assert there[0] == pytest.approx(here[0], rel=1e-2)
    assert weights(there[1]).isfinite().all()


@every_method
def test_bfloat16_stays_near_float32_on_the_device(example, device):
    (half, model), (full, _) = trained(example, device, "bf16-mixed"), trained(example, device)
    assert half[0] == pytest.approx(full[0], rel=0.1)
    assert weights(model).isfinite().all()


@every_method
@torch.no_grad()
def test_a_prediction_on_the_device_is_that_of_a_cpu(example, device):
    model, batch = example.model().eval(), collate([example.data(1)[0]])
    here = model.predict_step(batch, 0)["hdr"]
    moved = {key: value.to(device) if torch.is_tensor(value) else value for key, value in batch.items()}
    there = model.to(device).predict_step(moved, 0)["hdr"]
    assert there.device.type == device.type
    torch.testing.assert_close(there.cpu(), here, rtol=0.02, atol=1e-3)


def test_hdr_vdp_on_the_device_is_that_of_a_cpu(device):
    noise = torch.Generator().manual_seed(0)
    truth = torch.rand(1, 3, 96, 128, generator=noise) * 100 + 1
    image = truth * (1 + 0.1 * torch.randn(truth.shape, generator=noise)).clamp_min(0.1)
    here, there = (HDRVDP2().measure(image.to(where), truth.to(where)) for where in (torch.device("cpu"), device))
    for name, value in here.items():
        torch.testing.assert_close(there[name].cpu(), value, rtol=1e-3, atol=1e-3)


def test_the_debevec_layer_and_its_gradient_on_the_device_are_those_of_a_cpu(device):
    sample = EXAMPLES[0].data(1)[0]

    def curve_and_gradient(where):
        stack = sample["ldr"].to(where).requires_grad_()
        decoded = calibrate_debevec(stack, sample["ev"].to(where)).inverse(stack)
        (gradient,) = torch.autograd.grad(decoded.sum(), stack)
        return decoded.detach().cpu(), gradient.sum((-1, -2)).cpu()  # of equal pixels, devices choose different ones

    for there, here in zip(curve_and_gradient(device), curve_and_gradient(torch.device("cpu")), strict=True):
        torch.testing.assert_close(there, here, rtol=1e-2, atol=1e-3)
