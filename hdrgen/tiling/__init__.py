"""Large images in parts: tiles for networks, strips for what needs a few rows only, in bounded memory."""

from hdrgen.io import row_slices
from hdrgen.tiling.live_memory import heap_kept
from hdrgen.tiling.padding import pad_to_multiple
from hdrgen.tiling.pairs import PairOfRows, both_by_rows, mean_over_rows
from hdrgen.tiling.ranks import value_at
from hdrgen.tiling.strips import by_strips, mean_by_strips
from hdrgen.tiling.tiling import TileSize, Tiling, no_progress, reduced_whole
from hdrgen.tiling.whole_image import enlarged, fitted, group_norm, mean_of_whole, of_whole_image, spread

__all__ = [
    "PairOfRows",
    "TileSize",
    "Tiling",
    "both_by_rows",
    "by_strips",
    "enlarged",
    "fitted",
    "group_norm",
    "heap_kept",
    "mean_by_strips",
    "mean_of_whole",
    "mean_over_rows",
    "no_progress",
    "of_whole_image",
    "pad_to_multiple",
    "reduced_whole",
    "row_slices",
    "spread",
    "value_at",
]
