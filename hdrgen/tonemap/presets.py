"""Finished pictures by name: an operator with its parameters, saturation and contrast."""

from hdrgen.tonemap.grading import Graded
from hdrgen.tonemap.reinhard2002 import Reinhard2002

PRESETS = {
    "natural": Graded(Reinhard2002(key=0.25), contrast=1.15),
    "vivid": Graded(Reinhard2002(key=0.22, local=True), saturation=1.25, contrast=1.25),
    "bw": Graded(Reinhard2002(key=0.22, local=True), saturation=0.0, contrast=1.3),
}
"""Chosen by eye on seven merged stacks and six HDR images; each is no more than its settings.

`bw` is the luminance of the picture: what a film that sees as the eye does would show.
"""
