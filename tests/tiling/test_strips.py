"""Images put together some rows at a time."""

import pytest
import torch

from hdrgen.tiling import by_strips, mean_by_strips, row_slices


@pytest.fixture
def small(monkeypatch):
    """Strips of 64 rows of five pixels."""
    monkeypatch.setattr("hdrgen.tiling.strips.PIXELS", 64 * 5)


def test_strips_are_large_enough_for_threads_and_small_enough_for_the_cache():
    sizes = []
    image = torch.zeros(1000, 4000)
    by_strips(lambda start, stop: sizes.append((stop - start) * 4000) or image[start:stop], (1000, 4000), image)
    assert all(2**16 < size <= 2**17 for size in sizes[:-1])
    assert sum(sizes) == image.numel()


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("height", [1, 63, 64, 65, 192, 200])
def test_the_whole_is_what_the_rows_are(height):
    image = torch.rand(2, 3, height, 5)
    asked = []

    def rows(start, stop):
        asked.append((start, stop))
        return image[..., start:stop, :] + 1

    assert torch.equal(by_strips(rows, (height, 5)), image + 1)
    assert len(asked) == -(-height // 64)
    assert all(start % 2 == 0 and 0 < stop - start <= 64 for start, stop in asked)


@pytest.mark.usefixtures("small")
def test_at_least_two_rows_however_wide():
    image = torch.rand(3, 1000)
    assert torch.equal(by_strips(lambda start, stop: image[start:stop], (3, 1000)), image)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("height", [10, 150])
def test_in_place(height):
    image = torch.rand(2, height, 5)
    wanted, place = image * 2, image.data_ptr()
    made = by_strips(lambda start, stop: image[:, start:stop] * 2, (height, 5), out=image)
    assert made.data_ptr() == place
    assert torch.equal(made, wanted)


@pytest.mark.usefixtures("small")
def test_not_in_place_where_gradients_are_asked_for():
    image = torch.rand(150, 5, requires_grad=True)
    made = by_strips(lambda start, stop: image[start:stop].square(), (150, 5), out=torch.empty(150, 5))
    assert torch.equal(torch.autograd.grad(made.sum(), image)[0], 2 * image)


@pytest.mark.parametrize(("height", "rows"), [(0, 3), (1, 3), (3, 3), (7, 3), (9, 3), (5, 1)])
def test_slices_take_every_row_once_in_order(height, rows):
    parts = list(row_slices(height, rows))
    assert [row for part in parts for row in range(part.start, part.stop)] == list(range(height))
    assert all(0 < part.stop - part.start <= rows for part in parts)
    assert len(parts) == -(-height // rows)


def test_means_of_strips_are_those_of_the_whole():
    image = torch.rand(2, 3, 37, 5, dtype=torch.float64)
    mean = mean_by_strips(lambda start, stop: image[..., start:stop, :], (37, 5))
    torch.testing.assert_close(mean, image.mean((-2, -1), keepdim=True))
