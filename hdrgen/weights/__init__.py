"""Files of trained networks: reading them as data, guarding against what they name, and finding them."""

from hdrgen.weights.checkpoint import METHOD, WEIGHTS, read_checkpoint, weights_in
from hdrgen.weights.pretrained import load_imagenet, read_weights

__all__ = ["METHOD", "WEIGHTS", "load_imagenet", "read_checkpoint", "read_weights", "weights_in"]
