"""A test in other hands: its inputs written for programs that are not hdrgen, and what these made taken for scoring."""

from hdrgen.exchange.inputs import MANIFEST, write_inputs
from hdrgen.exchange.written import WrittenResults

__all__ = ["MANIFEST", "WrittenResults", "write_inputs"]
