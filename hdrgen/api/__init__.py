"""hdrgen for notebooks and programs: arrays in, arrays out; tensors in, tensors out.

The names are used from the package itself, as `hdrgen.load` and so on.
"""

from hdrgen.api.merging import merge
from hdrgen.api.model import Model, load
from hdrgen.api.pictures import tone_map
from hdrgen.api.program import TiledProgram, load_program

__all__ = ["Model", "TiledProgram", "load", "load_program", "merge", "tone_map"]
