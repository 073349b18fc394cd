import colour
import numpy as np
import torch

from hdrgen.camera import luminance_of


def test_it_is_the_y_of_bt709():
    radiance = torch.rand(2, 5, 3, 4, 6, dtype=torch.float64) * 100
    matrix = colour.RGB_COLOURSPACES["ITU-R BT.709"].matrix_RGB_to_XYZ
    expected = np.einsum("c,bschw->bshw", matrix[1], radiance.numpy())[:, :, None]
    np.testing.assert_allclose(luminance_of(radiance), expected, rtol=2e-4)
