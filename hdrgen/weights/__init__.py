"""Files of trained networks: reading them as data, guarding against what they name, and finding them.

Nothing here knows a method; `hdrgen.methods` builds one from what is read here.
"""

from hdrgen.weights.best import EARLIER, Best, best_known
from hdrgen.weights.checkpoint import METHOD, WEIGHTS, read_checkpoint, weights_in
from hdrgen.weights.lookup import RUNS, find_best, find_checkpoint, find_last
from hdrgen.weights.loops import checked_loops, resumable
from hdrgen.weights.origin import arguments_in, class_name_in, class_path_in, subclasses
from hdrgen.weights.plain import Classes, as_data, as_objects, checked_arguments, full_name, named
from hdrgen.weights.pretrained import load_imagenet, read_weights
from hdrgen.weights.states import own_states

__all__ = [
    "EARLIER",
    "METHOD",
    "RUNS",
    "WEIGHTS",
    "Best",
    "Classes",
    "arguments_in",
    "as_data",
    "as_objects",
    "best_known",
    "checked_arguments",
    "checked_loops",
    "class_name_in",
    "class_path_in",
    "find_best",
    "find_checkpoint",
    "find_last",
    "full_name",
    "load_imagenet",
    "named",
    "own_states",
    "read_checkpoint",
    "read_weights",
    "resumable",
    "subclasses",
    "weights_in",
]
