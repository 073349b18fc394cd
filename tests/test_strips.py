"""Images put together some rows at a time."""

import pytest
import torch

from hdrgen.strips import STRIP, by_strips


@pytest.mark.parametrize("height", [1, STRIP - 1, STRIP, STRIP + 1, 3 * STRIP, 200])
def test_the_whole_is_what_the_rows_are(height):
    image = torch.rand(2, 3, height, 5)
    asked = []

    def rows(start, stop):
        asked.append((start, stop))
        return image[..., start:stop, :] + 1

    assert torch.equal(by_strips(rows, height), image + 1)
    assert all(start % 2 == 0 and 0 < stop - start <= STRIP for start, stop in asked)


@pytest.mark.parametrize("height", [10, 150])
def test_in_place(height):
    image = torch.rand(2, height, 5)
    wanted, place = image * 2, image.data_ptr()
    made = by_strips(lambda start, stop: image[:, start:stop] * 2, height, out=image)
    assert made.data_ptr() == place
    assert torch.equal(made, wanted)


def test_not_in_place_where_gradients_are_asked_for():
    image = torch.rand(150, 5, requires_grad=True)
    made = by_strips(lambda start, stop: image[start:stop].square(), 150, out=torch.empty(150, 5))
    assert torch.equal(torch.autograd.grad(made.sum(), image)[0], 2 * image)
