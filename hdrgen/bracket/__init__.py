"""The engine for photographs of one scene: reading, aligning and merging a bracket, and what it reveals of a camera.

The names are imported on first use, since `hdrgen info` looks at photographs without torch.
"""

from typing import TYPE_CHECKING

from hdrgen.lazy import lazy_face

if TYPE_CHECKING:
    from hdrgen.bracket.agreement import tell_disagreement as tell_disagreement
    from hdrgen.bracket.bracket import Bracket as Bracket
    from hdrgen.bracket.inspection import PHOTO_COLUMNS as PHOTO_COLUMNS
    from hdrgen.bracket.inspection import Photo as Photo
    from hdrgen.bracket.inspection import inspect_photographs as inspect_photographs
    from hdrgen.bracket.merging import FEWEST_PIXELS as FEWEST_PIXELS
    from hdrgen.bracket.merging import MEANS as MEANS
    from hdrgen.bracket.merging import MergedBracket as MergedBracket
    from hdrgen.bracket.merging import calibrated as calibrated
    from hdrgen.bracket.merging import fit_bracket as fit_bracket
    from hdrgen.bracket.merging import fuse_bracket as fuse_bracket
    from hdrgen.bracket.merging import known_response as known_response
    from hdrgen.bracket.merging import merge_bracket as merge_bracket
    from hdrgen.bracket.merging import small_picture as small_picture
    from hdrgen.bracket.pixels import BracketPixels as BracketPixels
    from hdrgen.bracket.progress_bar import progress as progress
    from hdrgen.bracket.repeated import distinct as distinct
    from hdrgen.bracket.response_plot import write_plot as write_plot
    from hdrgen.bracket.scale import gain_to as gain_to

_PUBLIC = {
    "FEWEST_PIXELS": "hdrgen.bracket.merging:FEWEST_PIXELS",
    "MEANS": "hdrgen.bracket.merging:MEANS",
    "PHOTO_COLUMNS": "hdrgen.bracket.inspection:PHOTO_COLUMNS",
    "Bracket": "hdrgen.bracket.bracket:Bracket",
    "BracketPixels": "hdrgen.bracket.pixels:BracketPixels",
    "MergedBracket": "hdrgen.bracket.merging:MergedBracket",
    "Photo": "hdrgen.bracket.inspection:Photo",
    "calibrated": "hdrgen.bracket.merging:calibrated",
    "distinct": "hdrgen.bracket.repeated:distinct",
    "fit_bracket": "hdrgen.bracket.merging:fit_bracket",
    "fuse_bracket": "hdrgen.bracket.merging:fuse_bracket",
    "gain_to": "hdrgen.bracket.scale:gain_to",
    "known_response": "hdrgen.bracket.merging:known_response",
    "inspect_photographs": "hdrgen.bracket.inspection:inspect_photographs",
    "merge_bracket": "hdrgen.bracket.merging:merge_bracket",
    "progress": "hdrgen.bracket.progress_bar:progress",
    "small_picture": "hdrgen.bracket.merging:small_picture",
    "tell_disagreement": "hdrgen.bracket.agreement:tell_disagreement",
    "write_plot": "hdrgen.bracket.response_plot:write_plot",
}

__all__ = [
    "FEWEST_PIXELS",
    "MEANS",
    "PHOTO_COLUMNS",
    "Bracket",
    "BracketPixels",
    "MergedBracket",
    "Photo",
    "calibrated",
    "distinct",
    "fit_bracket",
    "fuse_bracket",
    "gain_to",
    "inspect_photographs",
    "known_response",
    "merge_bracket",
    "progress",
    "small_picture",
    "tell_disagreement",
    "write_plot",
]

if not TYPE_CHECKING:  # a type checker would take every misspelt name for one that this finds
    __getattr__, __dir__ = lazy_face(__name__, _PUBLIC)
