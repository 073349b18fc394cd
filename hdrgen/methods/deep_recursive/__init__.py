"""Lee, An, Kang: "Deep Recursive HDRI", ECCV 2018, and "Deep Chain HDRI", IEEE Access 2018."""

from hdrgen.methods.deep_recursive.module import DeepRecursiveHDRI
from hdrgen.methods.deep_recursive.network import Discriminator, Generator

__all__ = ["DeepRecursiveHDRI", "Discriminator", "Generator"]
