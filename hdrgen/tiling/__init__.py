"""Large images in parts: tiles for networks, strips for what needs a few rows only, in bounded memory.

The names are imported on first use, since photographs are read and aligned without torch.
"""

from typing import TYPE_CHECKING

from hdrgen.lazy import lazy_face

if TYPE_CHECKING:
    from hdrgen.io import row_slices as row_slices
    from hdrgen.tiling.kept_heap import heap_kept as heap_kept
    from hdrgen.tiling.padding import pad_to_multiple as pad_to_multiple
    from hdrgen.tiling.pairs import PairOfRows as PairOfRows
    from hdrgen.tiling.pairs import both_by_rows as both_by_rows
    from hdrgen.tiling.pairs import mean_over_rows as mean_over_rows
    from hdrgen.tiling.progress import no_progress as no_progress
    from hdrgen.tiling.ranks import value_at as value_at
    from hdrgen.tiling.strips import by_strips as by_strips
    from hdrgen.tiling.strips import mean_by_strips as mean_by_strips
    from hdrgen.tiling.tiling import TileSize as TileSize
    from hdrgen.tiling.tiling import Tiling as Tiling
    from hdrgen.tiling.tiling import reduced_whole as reduced_whole
    from hdrgen.tiling.whole_image import enlarged as enlarged
    from hdrgen.tiling.whole_image import fitted as fitted
    from hdrgen.tiling.whole_image import group_norm as group_norm
    from hdrgen.tiling.whole_image import mean_of_whole as mean_of_whole
    from hdrgen.tiling.whole_image import of_whole_image as of_whole_image
    from hdrgen.tiling.whole_image import spread as spread

_PUBLIC = {
    "PairOfRows": "hdrgen.tiling.pairs:PairOfRows",
    "TileSize": "hdrgen.tiling.tiling:TileSize",
    "Tiling": "hdrgen.tiling.tiling:Tiling",
    "both_by_rows": "hdrgen.tiling.pairs:both_by_rows",
    "by_strips": "hdrgen.tiling.strips:by_strips",
    "enlarged": "hdrgen.tiling.whole_image:enlarged",
    "fitted": "hdrgen.tiling.whole_image:fitted",
    "group_norm": "hdrgen.tiling.whole_image:group_norm",
    "heap_kept": "hdrgen.tiling.kept_heap:heap_kept",
    "mean_by_strips": "hdrgen.tiling.strips:mean_by_strips",
    "mean_of_whole": "hdrgen.tiling.whole_image:mean_of_whole",
    "mean_over_rows": "hdrgen.tiling.pairs:mean_over_rows",
    "no_progress": "hdrgen.tiling.progress:no_progress",
    "of_whole_image": "hdrgen.tiling.whole_image:of_whole_image",
    "pad_to_multiple": "hdrgen.tiling.padding:pad_to_multiple",
    "reduced_whole": "hdrgen.tiling.tiling:reduced_whole",
    "row_slices": "hdrgen.io:row_slices",
    "spread": "hdrgen.tiling.whole_image:spread",
    "value_at": "hdrgen.tiling.ranks:value_at",
}

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

if not TYPE_CHECKING:  # a type checker would take every misspelt name for one that this finds
    __getattr__, __dir__ = lazy_face(__name__, _PUBLIC)
