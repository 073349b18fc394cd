"""hdrgen for notebooks and programs: arrays in, arrays out; tensors in, tensors out.

The names are used from the package itself, as `hdrgen.load` and so on. They are imported on first use, since merging
and tone mapping do without what networks need.
"""

from typing import TYPE_CHECKING

from hdrgen.lazy import lazy_face

if TYPE_CHECKING:
    from hdrgen.api.merging import merge as merge
    from hdrgen.api.model import Model as Model
    from hdrgen.api.model import load as load
    from hdrgen.api.pictures import tone_map as tone_map
    from hdrgen.api.program import TiledProgram as TiledProgram
    from hdrgen.api.program import load_program as load_program

_PUBLIC = {
    "Model": "hdrgen.api.model:Model",
    "TiledProgram": "hdrgen.api.program:TiledProgram",
    "load": "hdrgen.api.model:load",
    "load_program": "hdrgen.api.program:load_program",
    "merge": "hdrgen.api.merging:merge",
    "tone_map": "hdrgen.api.pictures:tone_map",
}

__all__ = ["Model", "TiledProgram", "load", "load_program", "merge", "tone_map"]

if not TYPE_CHECKING:  # a type checker would take every misspelt name for one that this finds
    __getattr__, __dir__ = lazy_face(__name__, _PUBLIC)
