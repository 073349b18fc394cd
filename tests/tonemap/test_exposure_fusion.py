import numpy as np
import pytest
import torch

from hdrgen.camera import Gamma, form_image, luminance_of
from hdrgen.errors import InputError
from hdrgen.fusion import Mertens
from hdrgen.tonemap.exposure_fusion import ExposureFusion

cv2 = pytest.importorskip("cv2")


def radiance(seed=0, size=48):
    x = torch.linspace(-5, 4, size).exp2()
    noise = torch.rand(3, size, size, generator=torch.Generator().manual_seed(seed))
    return (x + x[:, None]) * (0.5 + noise)


def test_it_is_opencv_s_fusion_of_the_exposures():
    hdr = radiance().double()
    median = np.sort((np.array([0.2126, 0.7152, 0.0722])[:, None, None] * hdr.numpy()).sum(0).ravel())[
        (48 * 48 - 1) // 2
    ]
    frames = [np.clip(hdr.numpy() * 0.18 / median * 2.0**ev, 0, 1) ** (1 / 2.2) for ev in (-2, -1, 0, 1, 2)]
    fused = cv2.createMergeMertens(1, 1, 1).process([(255 * f.transpose(1, 2, 0)).astype(np.float32) for f in frames])
    assert np.abs(ExposureFusion()(hdr).permute(1, 2, 0).numpy() - fused.clip(0, 1)).max() < 2e-3


def test_one_power_serves_all_exposures_as_one_for_each_would():
    hdr, ev = radiance().double(), torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0])
    median = luminance_of(hdr).flatten().median()
    frames = form_image(hdr / median * 0.18, ev, Gamma(2.2), bits=None)
    torch.testing.assert_close(ExposureFusion()(hdr), Mertens()(frames), atol=1e-9, rtol=0)


def test_the_scale_of_radiance_does_not_matter():
    torch.testing.assert_close(ExposureFusion()(radiance()), ExposureFusion()(100 * radiance()), atol=1e-5, rtol=0)


def test_batches_are_images_by_themselves():
    pair = torch.stack([radiance(0), 3 * radiance(1)])
    torch.testing.assert_close(ExposureFusion()(pair)[1], ExposureFusion()(pair[1]))


@pytest.mark.parametrize(
    "image", [torch.zeros(3, 16, 16), torch.zeros(3, 16, 16).index_fill(2, torch.tensor([3]), 9.0)]
)
def test_dark_images_are_finite(image):
    shown = ExposureFusion()(image)
    assert ((shown >= 0) & (shown <= 1)).all()


def test_no_exposure():
    with pytest.raises(InputError, match="found none"):
        ExposureFusion(ev=())
