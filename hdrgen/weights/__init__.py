"""Files of trained networks: reading them as data, guarding against what they name, and finding them.

Nothing here knows a method; `hdrgen.methods` builds one from what is read here.
"""

from hdrgen.weights.checkpoint import METHOD, WEIGHTS, read_checkpoint, weights_in
from hdrgen.weights.lookup import RUNS, find_best, find_checkpoint, find_last
from hdrgen.weights.origin import arguments_in, class_name_in, class_path_in
from hdrgen.weights.pretrained import load_imagenet, read_weights
from hdrgen.weights.untrusted import TRUSTED, check_arguments, is_within

__all__ = [
    "METHOD",
    "RUNS",
    "TRUSTED",
    "WEIGHTS",
    "arguments_in",
    "check_arguments",
    "class_name_in",
    "class_path_in",
    "find_best",
    "find_checkpoint",
    "find_last",
    "is_within",
    "load_imagenet",
    "read_checkpoint",
    "read_weights",
    "weights_in",
]
