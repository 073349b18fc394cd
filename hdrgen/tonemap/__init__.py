"""From linear radiance to display values in [0, 1], one operator per file, each a function and a frozen dataclass.

`hdrgen tonemap`, `hdrgen.tone_map` and the tests enumerate the operators of `__all__`.
"""

from hdrgen.tonemap.drago2003 import Drago2003, drago2003
from hdrgen.tonemap.exposure_fusion import ExposureFusion
from hdrgen.tonemap.grading import Graded, graded
from hdrgen.tonemap.kim_kautz2008 import KimKautz2008, kim_kautz2008
from hdrgen.tonemap.layer_decomposition import LayerDecomposition, layer_decomposition
from hdrgen.tonemap.mu_law import MuLaw, inverse_mu_law, mu_law
from hdrgen.tonemap.named import all_operators, operator_class, operator_named
from hdrgen.tonemap.operator import Operator, ToneMapper
from hdrgen.tonemap.presets import PRESETS
from hdrgen.tonemap.preview import reduced
from hdrgen.tonemap.reinhard2002 import Reinhard2002, reinhard2002
from hdrgen.tonemap.reinhard2005 import Reinhard2005, reinhard2005

__all__ = [
    "PRESETS",
    "Drago2003",
    "ExposureFusion",
    "Graded",
    "KimKautz2008",
    "LayerDecomposition",
    "MuLaw",
    "Operator",
    "Reinhard2002",
    "Reinhard2005",
    "ToneMapper",
    "all_operators",
    "drago2003",
    "graded",
    "inverse_mu_law",
    "kim_kautz2008",
    "layer_decomposition",
    "mu_law",
    "operator_class",
    "operator_named",
    "reduced",
    "reinhard2002",
    "reinhard2005",
]
