"""How many pixels an observer sees in one degree of visual angle."""

import math

from hdrgen.errors import InputError


def checked_ppd(ppd: float) -> float:
    """`ppd`.

    Raises:
        InputError: If it is not positive, or not finite.
    """
    if not 0 < ppd < math.inf:
        raise InputError(f"expected positive pixels per degree, found {ppd}")
    return ppd


def pixels_per_degree(diagonal: float, resolution: tuple[int, int], distance: float) -> float:
    r"""Pixels per degree at the centre of a display with square pixels.

    With :math:`H = \sqrt{(25.4\,\text{diagonal})^2 / (1 + (w/h)^2)}` the display's height in mm and :math:`d` the
    distance in m, :math:`\text{ppd} = h \,/\, (2 \arctan(0.5\,H / (1000\,d)))` with the angle in degrees.
    HDR-VDP depends on it more than on anything else: give the resolution of the display, not that of the image, and
    print it beside Q.

    Args:
        diagonal: Of the display, in inches.
        resolution: Width and height of the display in pixels.
        distance: From the eye to the display, in m.

    Raises:
        InputError: If an argument is not positive.

    >>> round(pixels_per_degree(24, (1920, 1080), 0.5), 6)
    32.452952
    """
    width, height = resolution
    if min(diagonal, width, height, distance) <= 0:
        raise InputError(
            "pixels per degree need a positive diagonal, resolution and distance,"
            f" found {diagonal} inches, {width} x {height} pixels, {distance} m"
        )
    millimetres = 25.4 * diagonal / math.hypot(1, width / height)
    return height / (2 * math.degrees(math.atan(0.5 * millimetres / (1000 * distance))))
