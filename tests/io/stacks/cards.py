"""Small photographs as a camera writes them, with Pillow: exposure, time, orientation."""

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

EXPOSURES = ((1, 400), (1, 100), (1, 25))


def view(seed, height=48, width=64):
    """Radiance of a scene of its own, in blocks."""
    blocks = np.random.default_rng(seed).uniform(0.02, 1.5, (height // 4, width // 4))
    return np.kron(blocks, np.ones((4, 4)))[..., None] * np.array([1.0, 0.9, 0.8])


def shoot(path, radiance, time, *, clock=None, orientation=None, mode=None):
    """Write a photograph: display values of gamma 2.2, white at radiance 1 in 1/100 s.

    Args:
        path: Where to.
        radiance: (H, W, 3).
        time: Of the exposure, as a fraction.
        clock: Seconds of the day at which it was taken.
        orientation: EXIF's number.
        mode: EXIF's exposure mode; 2 is automatic bracketing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Maker", "Model"
    if orientation is not None:
        exif[0x0112] = orientation
    inside = exif.get_ifd(0x8769)
    inside[0x829A], inside[0x829D], inside[0x8827] = IFDRational(*time), IFDRational(56, 10), 100
    if clock is not None:
        minutes, seconds = divmod(int(clock), 60)
        inside[0x9003] = f"2026:11:30 {minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
    if mode is not None:
        inside[0xA402] = mode
    display = np.clip(radiance * (time[0] / time[1] * 100), 0, 1) ** (1 / 2.2)
    options = {"quality": 95, "subsampling": 0} if path.suffix.lower() in (".jpg", ".jpeg") else {}
    Image.fromarray((display * 255 + 0.5).astype(np.uint8)).save(path, exif=exif, **options)
    return path
