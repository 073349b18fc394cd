"""What holds for all metrics alike."""

import copy
import pickle

import pytest
import torch

from hdrgen.errors import InputError
from hdrgen.metrics import all_metrics
from hdrgen.nn import SqueezeNetFeatures

NAMES = [name for name in all_metrics() if name != "cvvdp"]  # which its own test runs in another process


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "trunk.pth"
    torch.manual_seed(0)
    torch.save(SqueezeNetFeatures().state_dict(), path)
    arguments = {"lpips": {"network": "squeeze", "weights": str(path)}}
    return {name: all_metrics()[name](**arguments.get(name, {})) for name in NAMES}


def pair(name, count=2, seed=0):
    """Display values, or radiance of about 1 to 100."""
    side = 176 if name == "ms_ssim" else 40
    generator = torch.Generator().manual_seed(seed)
    target = torch.rand(count, 3, side, side + 4, generator=generator)
    image = (target + 0.05 * torch.randn(target.shape, generator=generator)).clamp(0, 1)
    return (image, target) if all_metrics()[name].domain == "display" else (100**image, 100**target)


@pytest.mark.parametrize("name", NAMES)
def test_images_of_a_batch_do_not_know_of_each_other(made, name):
    image, target = pair(name)
    together = made[name].measure(image, target)
    for output in made[name].outputs:
        alone = [made[name].measure(image[i : i + 1], target[i : i + 1])[output] for i in range(2)]
        assert together[output].shape == (2,)
        torch.testing.assert_close(together[output], torch.cat(alone), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_half_precision_is_measured_as_float32_outside_autocast(made, name):
    image, target = (x.bfloat16() for x in pair(name))
    expected = made[name].measure(image.float(), target.float())
    metric = copy.deepcopy(made[name]).to(torch.bfloat16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        metric.update(image, target)
    for output in metric.outputs:
        assert metric.compute()[output].item() == pytest.approx(expected[output].double().mean().item(), rel=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_float64_stays_float64(made, name):
    image, target = (x.double() for x in pair(name))
    assert all(value.dtype == torch.float64 for value in made[name].measure(image, target).values())


@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_finite_of_different_equal_and_black_images(made, name):
    if not made[name].is_differentiable:
        pytest.skip("it says that it has no gradient")
    image, target = pair(name, count=1)
    for start in (image, target, torch.zeros_like(target)):
        leaf = start.clone().requires_grad_()
        made[name].measure(leaf, target)[made[name].outputs[0]].sum().backward()
        assert leaf.grad is not None
        assert leaf.grad.isfinite().all()


@pytest.mark.parametrize("name", NAMES)
def test_equal_images_are_best_and_worse_ones_worse(made, name):
    image, target = pair(name, count=1)
    headline = made[name].outputs[0]
    best, near = (made[name].measure(x, target)[headline].item() for x in (target, image))
    far = made[name].measure(image.flip(-1), target)[headline].item()
    sign = 1 if made[name].higher_is_better else -1
    assert sign * best > sign * near > sign * far
    assert best == pytest.approx(made[name].bounds[1 if sign > 0 else 0], abs=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_an_image_with_nan_is_refused_by_name(made, name):
    image, target = pair(name)
    image[1, 0, 0, 0] = float("nan")
    metric = copy.deepcopy(made[name])
    with pytest.raises(InputError, match="image 1: expected finite values in the result"):
        metric.update(image, target)
    with pytest.raises(InputError, match="bridge: expected finite values in the result"):
        metric.update(image, target, ["attic", "bridge"])
    assert metric.images == 0


@pytest.mark.parametrize("name", NAMES)
def test_it_travels_to_another_process(made, name):
    image, target = pair(name, count=1)
    again = pickle.loads(pickle.dumps(made[name]))
    for output, value in made[name].measure(image, target).items():
        torch.testing.assert_close(again.measure(image, target)[output], value)
