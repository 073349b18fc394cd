import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hdrgen.nn import pad_to_multiple


@settings(max_examples=30)
@given(height=st.integers(1, 70), width=st.integers(1, 70), multiple=st.sampled_from([1, 4, 32, 64]))
def test_sides_divide_and_the_image_is_kept(height, width, multiple):
    image = torch.rand(1, 3, height, width)
    padded = pad_to_multiple(image, multiple)
    assert padded.shape[-2] % multiple == 0
    assert padded.shape[-1] % multiple == 0
    assert padded.shape[-2] - height < multiple
    assert torch.equal(padded[..., :height, :width], image)


def test_reflects_where_it_can():
    row = torch.arange(6.0).view(1, 1, 1, 6).expand(1, 1, 6, 6)
    assert pad_to_multiple(row, 4)[0, 0, 0].tolist() == [0, 1, 2, 3, 4, 5, 4, 3]


@pytest.mark.parametrize("side", [1, 2])
def test_tiny_images_are_repeated(side):
    assert torch.isfinite(pad_to_multiple(torch.rand(1, 3, side, side), 64)).all()
