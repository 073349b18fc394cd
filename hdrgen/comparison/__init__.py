"""Comparing images with their truth: pairs of files, every metric that fits them, and tables of the numbers.

The names are imported on first use, so that the choices are known without torch.
"""

from typing import TYPE_CHECKING

from hdrgen.lazy import lazy_face

if TYPE_CHECKING:
    from hdrgen.comparison.choices import ALIGNMENTS as ALIGNMENTS
    from hdrgen.comparison.choices import DTYPES as DTYPES
    from hdrgen.comparison.choices import ENCODINGS as ENCODINGS
    from hdrgen.comparison.choices import LPIPS_NETWORKS as LPIPS_NETWORKS
    from hdrgen.comparison.choices import PPD as PPD
    from hdrgen.comparison.choices import ComparisonSettings as ComparisonSettings
    from hdrgen.comparison.matching import Pair as Pair
    from hdrgen.comparison.matching import find_pairs as find_pairs
    from hdrgen.comparison.measuring import Comparison as Comparison
    from hdrgen.comparison.measuring import compare_pairs as compare_pairs
    from hdrgen.comparison.measuring import read_pixels as read_pixels
    from hdrgen.comparison.measuring import tensor_of as tensor_of
    from hdrgen.comparison.tables import as_json as as_json
    from hdrgen.comparison.tables import as_text as as_text
    from hdrgen.comparison.tables import write_comparisons as write_comparisons

_PUBLIC = {
    "ALIGNMENTS": "hdrgen.comparison.choices:ALIGNMENTS",
    "DTYPES": "hdrgen.comparison.choices:DTYPES",
    "ENCODINGS": "hdrgen.comparison.choices:ENCODINGS",
    "LPIPS_NETWORKS": "hdrgen.comparison.choices:LPIPS_NETWORKS",
    "PPD": "hdrgen.comparison.choices:PPD",
    "Comparison": "hdrgen.comparison.measuring:Comparison",
    "ComparisonSettings": "hdrgen.comparison.choices:ComparisonSettings",
    "Pair": "hdrgen.comparison.matching:Pair",
    "as_json": "hdrgen.comparison.tables:as_json",
    "as_text": "hdrgen.comparison.tables:as_text",
    "compare_pairs": "hdrgen.comparison.measuring:compare_pairs",
    "find_pairs": "hdrgen.comparison.matching:find_pairs",
    "read_pixels": "hdrgen.comparison.measuring:read_pixels",
    "tensor_of": "hdrgen.comparison.measuring:tensor_of",
    "write_comparisons": "hdrgen.comparison.tables:write_comparisons",
}

__all__ = [
    "ALIGNMENTS",
    "DTYPES",
    "ENCODINGS",
    "LPIPS_NETWORKS",
    "PPD",
    "Comparison",
    "ComparisonSettings",
    "Pair",
    "as_json",
    "as_text",
    "compare_pairs",
    "find_pairs",
    "read_pixels",
    "tensor_of",
    "write_comparisons",
]

if not TYPE_CHECKING:  # a type checker would take every misspelt name for one that this finds
    __getattr__, __dir__ = lazy_face(__name__, _PUBLIC)
