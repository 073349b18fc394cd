"""The numbers that validation and test report of a scene."""

from typing import TypedDict

from torch import Tensor

from hdrgen.camera import Gamma
from hdrgen.metrics import peak_of, psnr, psnr_mu, ssim
from hdrgen.tonemap import reinhard2005


class Score(TypedDict):
    """One number of one scene; `ev` is None where the number is about the HDR image."""

    scene: str
    ev: float | None
    metric: str
    value: float


def stack_scores(scenes: list[str], stack: Tensor, truth: Tensor, ev: Tensor) -> list[Score]:
    """PSNR, SSIM and L1 of every generated exposure. Stacks `(B, K, 3, H, W)`, `ev` `(B, K)`."""
    flat, target = stack.flatten(0, 1), truth.flatten(0, 1)
    values = {"psnr": psnr(flat, target), "ssim": ssim(flat, target), "l1": (flat - target).abs().flatten(1).mean(1)}
    return [
        {"scene": scenes[index // ev.shape[1]], "ev": round(float(stops), 3), "metric": metric, "value": float(value)}
        for metric, column in values.items()
        for index, (stops, value) in enumerate(zip(ev.flatten(), column, strict=True))
    ]


def hdr_scores(scenes: list[str], hdr: Tensor, truth: Tensor) -> list[Score]:
    """PSNR-mu of radiance `(B, 3, H, W)`, and PSNR and SSIM after tone mapping.

    The operator is Reinhard-Devlin with the settings of Le et al.'s public code: light adaptation 0.5, gamma 2.2.
    """
    shown, wanted = (Gamma(2.2)(reinhard2005(x / peak_of(truth, 0.999), light=0.5)) for x in (hdr, truth))
    values = {"psnr_mu": psnr_mu(hdr, truth), "tm_psnr": psnr(shown, wanted), "tm_ssim": ssim(shown, wanted)}
    return [
        {"scene": scene, "ev": None, "metric": metric, "value": float(value)}
        for metric, column in values.items()
        for scene, value in zip(scenes, column, strict=True)
    ]
