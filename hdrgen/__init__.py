"""High dynamic range images from learned exposure stacks.

From Python: `hdrgen.read` and `hdrgen.write` for pixels and what belongs to them, `hdrgen.load` for trained methods,
`hdrgen.catalogue` for those that have a name, `hdrgen.load_program` for those that `hdrgen export` made programs of,
`hdrgen.merge` for exposures of a scene, `hdrgen.tone_map` for pictures of HDR images. Every public name is imported
when it is first used, so that `import hdrgen` costs nothing; so are the rooms behind them, such as `hdrgen.io`.

>>> import hdrgen
>>> model = hdrgen.load()  # doctest: +SKIP
>>> radiance = model.reconstruct(hdrgen.read("photo.jpg"))  # doctest: +SKIP
>>> hdrgen.write("photo.exr", radiance)  # doctest: +SKIP
>>> hdrgen.write("photo.png", hdrgen.tone_map(radiance, "drago2003"))  # doctest: +SKIP
"""

from typing import TYPE_CHECKING

from hdrgen.lazy import lazy_face
from hdrgen.version import __version__ as __version__

if TYPE_CHECKING:
    from hdrgen.api import Model as Model
    from hdrgen.api import TiledProgram as TiledProgram
    from hdrgen.api import load as load
    from hdrgen.api import load_program as load_program
    from hdrgen.api import merge as merge
    from hdrgen.api import tone_map as tone_map
    from hdrgen.errors import InputError as InputError
    from hdrgen.io import BT709 as BT709
    from hdrgen.io import BT2020 as BT2020
    from hdrgen.io import DISPLAY_P3 as DISPLAY_P3
    from hdrgen.io import Camera as Camera
    from hdrgen.io import ColourSpace as ColourSpace
    from hdrgen.io import Exposure as Exposure
    from hdrgen.io import Image as Image
    from hdrgen.io import read_image as read
    from hdrgen.io import write_image as write
    from hdrgen.weights import catalogue as catalogue

_PUBLIC = {
    "BT709": "hdrgen.io:BT709",
    "BT2020": "hdrgen.io:BT2020",
    "DISPLAY_P3": "hdrgen.io:DISPLAY_P3",
    "Camera": "hdrgen.io:Camera",
    "ColourSpace": "hdrgen.io:ColourSpace",
    "Exposure": "hdrgen.io:Exposure",
    "Image": "hdrgen.io:Image",
    "InputError": "hdrgen.errors:InputError",
    "Model": "hdrgen.api:Model",
    "TiledProgram": "hdrgen.api:TiledProgram",
    "catalogue": "hdrgen.weights:catalogue",
    "load": "hdrgen.api:load",
    "load_program": "hdrgen.api:load_program",
    "merge": "hdrgen.api:merge",
    "read": "hdrgen.io:read_image",
    "tone_map": "hdrgen.api:tone_map",
    "write": "hdrgen.io:write_image",
}
"""Public name: where it is. A name joins with a line here and one above, which is what type checkers see."""

_ROOMS = (
    *("bracket", "camera", "comparison", "data", "errors", "exporting", "fusion", "io"),
    *("losses", "methods", "metrics", "nn", "optim", "tonemap", "weights"),
)
"""Modules that are found as `hdrgen.io`, say, without an import of their own."""

__all__ = [
    "BT709",
    "BT2020",
    "DISPLAY_P3",
    "Camera",
    "ColourSpace",
    "Exposure",
    "Image",
    "InputError",
    "Model",
    "TiledProgram",
    "catalogue",
    "load",
    "load_program",
    "merge",
    "read",
    "tone_map",
    "write",
]

if not TYPE_CHECKING:  # a type checker would take every misspelt name for one that this finds
    __getattr__, __dir__ = lazy_face(__name__, {**_PUBLIC, **{room: f"{__name__}.{room}" for room in _ROOMS}})
