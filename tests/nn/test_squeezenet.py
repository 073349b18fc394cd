import numpy as np
import torch
from scipy.signal import correlate

from hdrgen.nn import SQUEEZENET_CHANNELS, SqueezeNetFeatures
from hdrgen.nn.squeezenet import Fire


def convolved(x, convolution, padding=0):
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding)))
    weight, bias = convolution.weight.numpy(), convolution.bias.numpy()
    return np.stack([correlate(padded, w, "valid")[0] + b for w, b in zip(weight, bias, strict=True)])


def test_names_and_sizes_are_torchvision_s():
    state = SqueezeNetFeatures().state_dict()
    assert {int(name.split(".")[1]) for name in state} == {0, 3, 4, 6, 7, 9, 10, 11, 12}
    assert state["features.0.weight"].shape == (64, 3, 3, 3)
    assert state["features.12.expand3x3.weight"].shape == (256, 64, 3, 3)
    assert sum(value.numel() for value in state.values()) == 722_496  # 1,235,496 less the classifier's 513,000


def test_fire_equals_a_numpy_reference():
    fire = Fire(3, 2, 4).requires_grad_(False)
    x = torch.rand(1, 3, 5, 6)
    few = convolved(x[0].numpy(), fire.squeeze).clip(0)
    expected = np.concatenate([convolved(few, fire.expand1x1), convolved(few, fire.expand3x3, 1)]).clip(0)
    np.testing.assert_allclose(fire(x)[0].numpy(), expected, atol=1e-6)


def test_the_first_map_equals_a_numpy_reference():
    trunk, image = SqueezeNetFeatures(), torch.rand(1, 3, 33, 35)
    normal = (image[0].numpy() - np.array([0.485, 0.456, 0.406])[:, None, None]) / np.array([0.229, 0.224, 0.225])[
        :, None, None
    ]
    expected = convolved(normal, trunk.features[0])[:, ::2, ::2].clip(0)
    np.testing.assert_allclose(trunk(image)[0][0].numpy(), expected, atol=1e-4)


def test_seven_maps_of_the_widths_that_it_says():
    maps = SqueezeNetFeatures()(torch.rand(1, 3, 64, 64))
    assert tuple(features.shape[1] for features in maps) == SQUEEZENET_CHANNELS
    assert [features.shape[-1] for features in maps] == [31, 15, 7, 3, 3, 3, 3]
