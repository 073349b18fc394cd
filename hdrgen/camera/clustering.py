"""A few representative curves of many, by k-means."""

from collections.abc import Sequence

import numpy as np

from hdrgen.camera.tabulated import TabulatedResponse
from hdrgen.errors import InputError

GRID = 256  # exposures at which curves are compared


def representative_curves(curves: Sequence[TabulatedResponse], count: int, seed: int = 0) -> list[TabulatedResponse]:
    """The curves nearest to the means of a k-means clustering, sorted from dark to bright.

    Curves are compared by their display values at 256 equidistant exposures. The result holds curves of the input,
    all different, and depends on the seed alone.

    Args:
        curves: Single curves.
        count: How many to choose.
        seed: Of the k-means++ start.

    Raises:
        InputError: Fewer curves than asked for, or none asked for.

    Source: Endo, Kanamori and Mitani, "Deep reverse tone mapping", 2017, section 4 (five curves of DoRF's 201).
    """
    if not 1 <= count <= len(curves):
        raise InputError(f"expected 1 to {len(curves)} representative curves, found {count}")
    from scipy.cluster.vq import kmeans2  # not before it is needed: it takes longer to import than photographs to read

    grid = np.linspace(0, 1, GRID)
    points = np.stack([np.interp(grid, *_tables(curve)) for curve in curves])
    means, _ = kmeans2(points, count, minit="++", seed=np.random.default_rng(seed))
    chosen: list[int] = []
    for distances in np.linalg.norm(points - means[:, None], axis=-1):
        # An empty cluster shares its nearest curve with another; the next free one keeps the choices different.
        chosen.append(next(int(index) for index in distances.argsort() if int(index) not in chosen))
    return [curves[index] for index in sorted(chosen, key=lambda index: float(points[index].mean()))]


def _tables(curve: TabulatedResponse) -> tuple[np.ndarray, np.ndarray]:
    return curve.irradiance.detach().cpu().numpy(), curve.brightness.detach().cpu().numpy()
