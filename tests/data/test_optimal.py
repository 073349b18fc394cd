import math

import pytest
import torch

from hdrgen.data import optimal_exposures
from hdrgen.errors import InputError


def levels(*values, rest=0.5):
    """A stack whose upper half has these display values, and its lower half the value `rest` throughout."""
    stack = torch.full((1, len(values), 3, 4, 4), rest)
    stack[..., :2, :] = torch.tensor(values).view(1, -1, 1, 1, 1)
    return stack


def find(stack, ref):
    return optimal_exposures(stack, torch.tensor([ref])).tolist()[0]


def test_shadows_call_for_the_exposure_that_shows_them_best():
    assert find(levels(0.0, 0.02, 0.2, 0.45, 0.9), 1) == [1, 3]


def test_highlights_call_for_the_exposure_that_shows_them_best():
    assert find(levels(0.1, 0.55, 0.9, 1.0, 1.0), 3) == [1, 3]


def test_an_image_that_needs_no_adjustment():
    assert find(levels(0.2, 0.4, 0.5, 0.6, 0.8), 2) == [2, 2]


def test_what_is_too_small_does_not_count():
    stack = torch.full((1, 3, 3, 64, 64), 0.5)
    stack[:, 1, :, 0, :4] = 1.0
    stack[:, 2, :, 0, :4] = 1.0
    assert find(stack, 1) == [1, 1]
    stack[:, 1:, :, 0, :6] = 1.0
    assert find(stack, 1) == [0, 1]


def test_of_equals_the_nearest():
    assert find(levels(0.5, 0.5, 1.0, 1.0), 2) == [1, 2]
    assert find(levels(0.0, 0.0, 0.5, 0.5), 1) == [1, 2]


def test_scenes_of_a_batch_have_their_own():
    batch = torch.cat([levels(0.0, 0.02, 0.5), levels(0.5, 1.0, 1.0)])
    assert optimal_exposures(batch, torch.tensor([1, 1])).tolist() == [[1, 2], [0, 1]]


def test_against_a_plain_loop_over_pixels():
    torch.manual_seed(0)
    stack = torch.rand(1, 5, 3, 6, 6).sort(dim=1).values ** torch.tensor([3, 2, 1, 0.4, 0.2]).view(5, 1, 1, 1)
    floor = math.exp(-0.125 / 0.04)
    best, found = -1.0, 2
    for frame in (2, 3, 4):
        score = 0.0
        for y in range(6):
            for x in range(6):
                dark = min(max((0.12 - float(stack[0, 2, :, y, x].min())) / 0.12, 0), 1)
                bells = [math.exp(-((float(v) - 0.5) ** 2) / 0.08) for v in stack[0, frame, :, y, x]]
                score += dark * sum((bell - floor) / (1 - floor) for bell in bells) / 3
        if score > best + 1e-9:
            best, found = score, frame
    assert find(stack, 2)[1] == found


def test_a_single_exposure_has_none():
    with pytest.raises(InputError, match="at least 2 exposures"):
        optimal_exposures(torch.rand(1, 1, 3, 4, 4), torch.tensor([0]))
